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
