import { likelyName } from "../../arguments/options.js";
import { isRecord, unexpected } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { idList } from "../../graph/node.js";
import { checkShape, wrongShape } from "../../values/tensor.js";

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

/** Options without those that are undefined or null. */
export const given = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== null));

/**
 * The shape of columns, which all have it, and the given options. Throws `ConfigError` for none and for options that are no object, `ShapeError` where they differ.
 * @param check throws for a shape that the first must not have
 */
export function columnShape(
  what: string,
  graph: Graph,
  ids: readonly NodeId[],
  options: unknown,
  check: (first: readonly number[]) => void,
): { readonly shape: readonly number[]; readonly options: LossCall["options"] } {
  if (!isRecord(options)) throw unexpected(what, "options", "an object", options);
  if (ids.length === 0) {
    throw new ConfigError(`${what}: expected at least one column, got none`, {
      op: what,
      option: "columns",
      length: 0,
    });
  }
  const shapes = ids.map((id) => graph.shape(id));
  const [first] = shapes as [readonly number[]];
  check(first);
  shapes.forEach((shape, place) => checkShape(what, `columns[${place}]`, shape, first, "the first column's "));
  return { shape: first, options: given(options) };
}

/** Checks columns of vectors, nodes of one shape `[rows, width]`, and that the options are an object. */
export function takeColumns(
  what: string,
  graph: Graph,
  columns: readonly NodeId[],
  options: unknown,
): { readonly ids: NodeId[]; readonly call: LossCall } {
  const ids = idList(what, columns);
  const { shape, options: own } = columnShape(what, graph, ids, options, (first) => {
    if (first.length !== 2) throw wrongShape(what, "columns[0]", "[rows, width]", first);
  });
  const [rows, width] = shape as [number, number];
  if (rows === 0 || width === 0) throw wrongShape(what, "columns[0]", "[rows, width], with at least one row", shape);
  return {
    ids,
    call: {
      what,
      graph,
      columns: ids.length,
      rows,
      width,
      fullWidth: width,
      options: own,
    },
  };
}
