import { likelyName } from "../../arguments/options.js";
import { unexpected } from "../../arguments/settings.js";
import { typedKind } from "../../arguments/typed-array.js";
import { ConfigError, ShapeError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { formatShape, sameShape } from "../../values/shape.js";
import type { Tensor } from "../../values/tensor.js";
import { hostNumbers, type Numbers } from "./host-numbers.js";

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

/**
 * Vectors that are not trained, `[rows, d]` for each column, as an option gives them: one for all columns, a list with one for each, or
 * one of shape `[rows, columns, d]`; each a node, a tensor or lists of numbers. `widths` are the allowed d.
 */
export function fixedVectors(call: LossCall, name: string, given: unknown, widths?: readonly number[]): Tensor[] {
  const { what, columns, rows } = call;
  if (given === undefined) throw unexpected(what, name, "vectors, which this loss needs", given);
  if (Array.isArray(given) && given.length === columns && isMatrix(call, given[0], widths)) {
    return given.map((each: unknown, place) => matrix(call, `${name}[${place}]`, each, widths));
  }
  const { shape, data } = tensorOf(call, name, given);
  if (shape.length !== 3) return new Array<Tensor>(columns).fill(matrix(call, name, given, widths));
  const [, , width] = shape as [number, number, number];
  if (!sameShape(shape, [rows, columns, width]) || widths?.includes(width) === false) throw wrong(call, name, shape);
  return Array.from({ length: columns }, (_, column) => {
    const part = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      const start = (row * columns + column) * width;
      part.set(data.subarray(start, start + width), row * width);
    }
    return { shape: [rows, width], data: part };
  });
}

/** Whether a value can be one column's vectors by itself, and is not a row of vectors for all. */
function isMatrix({ rows, columns }: LossCall, value: unknown, widths?: readonly number[]): boolean {
  if (typeof value === "number") return true;
  if (typedKind(value) !== undefined) return columns !== rows;
  if (!Array.isArray(value)) return typeof value === "object" && value !== null && "shape" in value;
  const first: unknown = value[0];
  return value.length === rows && Array.isArray(first) && widths?.includes(first.length) !== false;
}

function tensorOf({ what, graph }: LossCall, name: string, given: unknown): Tensor {
  if (typeof given === "number") return graph.value(given as NodeId);
  const { shape, data } = hostNumbers(what, name, given);
  return { shape, data: Float32Array.from(data) };
}

function matrix(call: LossCall, name: string, given: unknown, widths?: readonly number[]): Tensor {
  const { shape, data } = tensorOf(call, name, given);
  const width = data.length / call.rows;
  const fits = shape.length === 1 ? Number.isInteger(width) : sameShape(shape, [call.rows, width]);
  if (fits && widths?.includes(width) !== false) return { shape: [call.rows, width], data };
  throw wrong(call, name, shape);
}

function wrong({ what, rows, columns, width }: LossCall, name: string, actual: readonly number[]): ShapeError {
  const expected = `[${rows}, ${width}], or [${rows}, ${columns}, ${width}] for all columns`;
  const message = `${what}: ${name} must be ${expected}, got ${formatShape(actual)}`;
  return new ShapeError(message, { op: what, option: name, expected, actual });
}
