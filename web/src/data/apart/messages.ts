import type { TableProblem } from "../problem.js";
import type { Correction, Table } from "../table.js";

/** A file to read. */
export interface Asked {
  readonly name: string;
  readonly bytes: ArrayBuffer;
  readonly correction: Correction;
}

/** What the worker answers: records in parts, so that none takes the page long, and then the rest; or why the file cannot be read. */
export type Answer =
  | { readonly records: Table["records"] }
  | { readonly table: Omit<Table, "records"> }
  | { readonly problem: { readonly kind: TableProblem["kind"]; readonly detail: TableProblem["detail"] } };
