import type { Encoding } from "./decode.js";

/** A file as it came: columns by name, and rows of fields. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly records: readonly (readonly string[])[];
  readonly how: HowRead;
}

/** Signs that part the fields of a line. */
export const delimiters = [",", ";", "\t", "|"] as const;

export type TableFormat = "delimited" | "jsonl" | "workbook";

/** How a file was read, which the person may correct. */
export interface HowRead {
  readonly format: TableFormat;
  readonly encoding: Encoding;
  readonly delimiter: string;
  readonly header: boolean;
  /** Lines that had another number of fields than the first, and were padded or cut. */
  readonly uneven: number;
}

/** What the person says instead of what was recognised. */
export type Correction = Partial<Pick<HowRead, "encoding" | "delimiter" | "header">>;
