import { ConfigError } from "../../../errors/errors.js";

/** The most characters that NFKC makes from one, and the most of a compared text: the limit of some engines is not far above. */
const [EXPANSION, MOST] = [18, 2 ** 27];
/** Characters counted at once. */
const PIECE = 2 ** 20;

/**
 * A text without differences of case, width and white space, for comparisons. Throws `ConfigError` for a result of more than 2^27
 * characters.
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
    `a text of ${text.length} characters, which begins with ${JSON.stringify(text.slice(0, 20))}, has more than ${MOST} in the form ` +
      `in which texts are compared (NFKC): remove it, or shorten it`,
    { characters: text.length, most: MOST },
  );
}

/** A label without differences of case and white space. */
export const plainLabel = (label: string): string => plainText(label).replaceAll(" ", "");
