/** A record of a file of examples. */
export interface Row {
  /** Its first line in the file, from 1. */
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
