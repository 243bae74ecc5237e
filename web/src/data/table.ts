import type { Encoding } from "./decode.js";

/** A table as read from the file: column names, and rows of fields. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly records: readonly (readonly string[])[];
  readonly how: HowRead;
}

/** Separators between the fields of a line. */
export const delimiters = [",", ";", "\t", "|"] as const;

export type TableFormat = "delimited" | "jsonl" | "conll" | "workbook";

/** How a file was read. The user can correct it. */
export interface HowRead {
  readonly format: TableFormat;
  readonly encoding: Encoding;
  readonly delimiter: string;
  readonly header: boolean;
  /** Number of lines with a different number of fields than the first. They were padded or cut. */
  readonly uneven: number;
}

/** The user's corrections of what was detected. */
export type Correction = Partial<Pick<HowRead, "encoding" | "delimiter" | "header">>;
