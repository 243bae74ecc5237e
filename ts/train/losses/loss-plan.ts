import { ConfigError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { Numbers } from "./host-numbers.js";
import { likelyName } from "../../arguments/options.js";
import { clip, excerpt } from "../../errors/excerpt.js";

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

/** Losses by name, with other names of each. */
export interface LossTable {
  readonly [name: string]: { readonly plan: LossPlan; readonly aliases?: readonly string[] };
}

/** A name without case, dividers and the word "loss". */
const plain = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .replace(/loss$/, "");

/** The loss of a name, as written here or as a class: "MultipleNegativesRankingLoss". Throws `ConfigError` for an unknown one. */
export function planNamed(what: string, table: LossTable, name: unknown): LossPlan {
  const names = Object.keys(table);
  const wanted = typeof name === "string" && name.length <= 100 ? plain(name) : "";
  const found = names.find((own) => [own, ...(table[own]!.aliases ?? [])].some((each) => plain(each) === wanted));
  if (found !== undefined) return table[found]!.plan;
  const meant = typeof name === "string" ? likelyName(name, names) : undefined;
  const hint = meant === undefined ? "" : `; did you mean "${meant}"?`;
  const message = `${what}: there is no loss ${clip(excerpt(name), 60)}${hint} (there are ${names.join(", ")})`;
  throw new ConfigError(message, { op: what, option: "name", value: name, meant, allowed: names });
}
