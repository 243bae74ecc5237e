import type { Encoding } from "./decode.js";

/** A table as read from the file: column names, and rows of fields. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly records: readonly (readonly string[])[];
  readonly how: HowRead;
}

/** Largest file, in bytes. The page holds the table as text. */
export const LARGEST_FILE = 100e6;

/** Separators between the fields of a line. */
export const delimiters = [",", ";", "\t", "|"] as const;

type TableFormat = "delimited" | "jsonl" | "conll" | "workbook";

/** How a file was read. The user can correct it. */
export interface HowRead {
  readonly format: TableFormat;
  readonly encoding: Encoding;
  readonly delimiter: string;
  readonly header: boolean;
  /** Number of lines with a different number of fields than the first. They were padded or cut. */
  readonly uneven: number;
  // Tables of earlier versions, JSON Lines and CoNLL lack what follows.
  /** Number of the row with the columns' names, from 1; 0 if there is none. */
  readonly headerRow?: number;
  /** Number of rows above the table that are no part of it. */
  readonly skipped?: number;
  /** The first rows that are not empty, for the user to choose from. */
  readonly firstRows?: readonly { readonly at: number; readonly text: string }[];
  /** The rows below the table that are no part of it: totals and notes. */
  readonly below?: readonly { readonly at: number; readonly text: string }[];
  readonly book?: HowBook;
}

/** How a workbook was read. */
export interface HowBook {
  readonly sheets: readonly { readonly name: string; readonly isHidden: boolean }[];
  /** The place of the sheet that was read. */
  readonly sheet: number;
  /** Whether an earlier sheet has no table, or a smaller one, and was passed over. */
  readonly passedOver: boolean;
  /** Number of cells that repeat the text of merged ones. */
  readonly filled: number;
  /** Number of formulas without a stored result. */
  readonly unsolved: number;
}

/** The user's corrections of what was detected. */
export type Correction = Partial<Pick<HowRead, "encoding" | "delimiter" | "headerRow">> & {
  /** The place of a workbook's sheet. */
  readonly sheet?: number;
  /** Whether totals and notes below the table are left out. Default false, for pages that do not say so. */
  readonly withoutBelow?: boolean;
};
