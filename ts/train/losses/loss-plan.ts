import { ConfigError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { Numbers } from "./host-numbers.js";

/** What a loss is computed for, known before any work. */
export interface LossCall {
  /** How messages begin. */
  readonly what: string;
  readonly graph: Graph;
  /** Number of columns. */
  readonly columns: number;
  /** Rows of each. */
  readonly rows: number;
  /** Elements of each row. */
  readonly width: number;
  /** Width of the vectors before `matryoshka` cut them; elsewhere `width`. */
  readonly fullWidth: number;
  /** The options that the caller gave; none is undefined or null. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Records a loss of columns. */
export type Compute = (columns: readonly NodeId[]) => NodeId;

/** A loss: checks options and number of columns, then returns what records it. */
export type LossPlan = (call: LossCall) => Compute;

/** Throws `ConfigError` unless a call has `least` to `most` columns. */
export function checkColumns({ what, columns }: LossCall, names: string, least: number, most = least): void {
  if (columns >= least && columns <= most) return;
  const expected = least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
  const message = `${what}: expected ${expected} columns (${names}), got ${columns}`;
  throw new ConfigError(message, { op: what, option: "columns", expected, actual: columns });
}

/** Options that several losses share. `scores` is another name for `labels`. */
export const labelsOf = ({ options }: LossCall) => options["labels"] ?? options["scores"];

/** Vectors that are not trained: a node, a tensor or lists of numbers. */
export type FixedVectors = NodeId | Numbers;
