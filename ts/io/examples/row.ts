import { ConfigError } from "../../errors/errors.js";

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

/** A record of a file of examples. */
export interface Row {
  /** First line in the file, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** Text without a byte order mark, with "\n" as line end. */
export function normaliseText(text: string): string {
  const body = text.startsWith("\ufeff") ? text.slice(1) : text;
  // A lone "\r" is a line end only if there is no other.
  return body.includes("\n") ? body.replaceAll("\r\n", "\n") : body.replaceAll("\r", "\n");
}

/** A column by its name, or by its number from 0 (as a number or in digits). */
export type Column = string | number;

/** Whether a column is named by number. */
export const isNumber = (column: Column) => typeof column === "number" || /^\d+$/.test(column);
