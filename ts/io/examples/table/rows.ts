/** A record of a file of examples. */
export interface Row {
  /** Line of the file that it begins on, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** Text without a byte order mark, its lines ended by "\n" whatever ended them. */
export function normaliseText(text: string): string {
  const body = text.startsWith("\ufeff") ? text.slice(1) : text;
  // A lone "\r" ends lines only where nothing else does.
  return body.includes("\n") ? body.replaceAll("\r\n", "\n") : body.replaceAll("\r", "\n");
}
