import type { TableProblem } from "../problem.js";
import type { Reader } from "./readers.js";

/** A file to read. */
export interface Asked {
  readonly reader: Reader;
  readonly name: string;
  readonly bytes: ArrayBuffer;
  readonly option: unknown;
}

/** The long lists of what is read. */
export const LISTS = ["records", "rows", "texts"] as const;

/** What the worker answers: the list in parts, so that none takes the page long, and then the rest; or why the file cannot be read. */
export type Answer =
  | { readonly part: readonly unknown[] }
  | { readonly rest: object; readonly list: (typeof LISTS)[number] }
  | { readonly problem: { readonly kind: TableProblem["kind"]; readonly detail: TableProblem["detail"] } };
