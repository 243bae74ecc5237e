import { ConfigError } from "../../../errors/errors.js";

/** Characters that NFKC makes of one, at most, and that a text may have when it is compared: some engines end not far above. */
const [EXPANSION, MOST] = [18, 2 ** 27];
/** Characters that are counted at once. */
const PIECE = 2 ** 20;

/**
 * A text apart from case, width and white space: what is equal here is the same text to a reader. Throws `ConfigError` for a text that
 * has more than 2^27 characters then.
 */
export function plainText(text: string): string {
  if (text.length > MOST / EXPANSION) checkLength(text);
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}

function checkLength(text: string): void {
  let length = 0;
  for (let start = 0; start < text.length && length <= MOST; start += PIECE)
    length += text.slice(start, start + PIECE).normalize("NFKC").length;
  if (length <= MOST) return;
  throw new ConfigError(
    `a text of ${text.length} characters, which begins with ${JSON.stringify(text.slice(0, 20))}, has more than ${MOST} when it is written ` +
      `as it is compared (NFKC): leave it out, or cut it`,
    { characters: text.length, most: MOST },
  );
}

/** A label apart from case and white space. */
export const plainLabel = (label: string): string => plainText(label).replaceAll(" ", "");
