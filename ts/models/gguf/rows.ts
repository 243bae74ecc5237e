import { ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { exp, log } from "../../values/elementary.js";
import { type DecoderConfig, deltaOf, type DeltaShape } from "../decoder/config.js";
import type { MetadataValues } from "./metadata-values.js";
import type { GgufArchitecture } from "./names.js";

/** How the values of a tensor differ in a file from those in Hugging Face's. */
interface Conversion {
  readonly toFile: (value: number) => number;
  readonly fromFile: (value: number) => number;
}

/** Files have a delta net's decay, below 0, in place of its logarithm. */
const decay: Conversion = { toFile: (value) => -exp(value), fromFile: (value) => log(-value) };
/** Norms of some architectures: files have 1 more than a norm's weights. */
const norm: Conversion = { toFile: (value) => value + 1, fromFile: (value) => value - 1 };

/** The conversion of a tensor with Hugging Face's name; null if its values are the same. The norm of a delta net's heads is as it is. */
export function conversionOf(
  { normsPlusOne }: Pick<GgufArchitecture, "normsPlusOne">,
  name: string,
): Conversion | null {
  if (name.endsWith(".A_log")) return decay;
  return normsPlusOne && /(?<!linear_attn\.)norm\.weight$/.test(name) ? norm : null;
}

const isConvolution = (name: string) => /\.(?:conv\.conv|conv1d)\.weight$/.test(name);

/** Hugging Face's shape of a file's tensor: weights of convolutions `[channels, width]` are `[channels, 1, width]`. */
export const convolutionShape = (name: string, shape: readonly number[]): readonly number[] =>
  isConvolution(name) && shape.length === 2 ? [shape[0]!, 1, shape[1]!] : shape;

/** The shape in a file of Hugging Face's tensor: those weights lose the 1 in the middle. */
export const storedShape = (name: string, shape: readonly number[]): readonly number[] =>
  isConvolution(name) && shape.length === 3 ? [shape[0]!, shape[2]!] : shape;

/** The index in a file of each row in Hugging Face's order. */
export type RowOrder = (row: number) => number;

/** GGUF has the two rows of a rotary pair side by side; Hugging Face has the first rows of all pairs of a head before the second ones. */
function pairs(rows: number, heads: number): RowOrder {
  const [width, half] = [rows / heads, rows / heads / 2];
  return (row) => row - (row % width) + 2 * ((row % width) % half) + Math.floor((row % width) / half);
}

/** The order of files in which queries of all heads come before keys and values; here a head has its three side by side. */
function queriesFirst(rows: number, heads: number): RowOrder {
  const width = rows / heads / 3;
  return (row) => {
    const [part, head] = [Math.floor(row / width) % 3, Math.floor(row / (3 * width))];
    return (part * heads + head) * width + (row % width);
  };
}

/**
 * The order of files in which the first value heads of all key heads come before the second ones; here a key head's are side by side. Rows
 * before `from` are not of value heads.
 */
function tiled(rows: number, from: number, { keys, values }: { keys: number; values: number }): RowOrder {
  const [width, each] = [(rows - from) / values, values / keys];
  return (row) => {
    if (row < from) return row;
    const head = Math.floor((row - from) / width);
    return from + ((head % each) * keys + Math.floor(head / each)) * width + ((row - from) % width);
  };
}

/** The part of a delta net's tensor whose rows are value heads'; of `out_proj` it is the columns. */
const ofHeads = /\.linear_attn\.(in_proj_(?:qkv|z|a|b)|conv1d|A_log|dt_bias|out_proj)(?:\.weight)?$/;

/** Order of the rows of a delta net's tensors, or of the columns of its last layer. */
function tiledOrder(delta: HeadCounts["delta"], isColumns: boolean, fail: Fail): TensorOrder {
  if (delta === undefined || delta.keyHeads === delta.valueHeads) return () => null;
  const [keys, values] = [delta.keyHeads, delta.valueHeads];
  return (name, rows) => {
    const [, module] = ofHeads.exec(name) ?? [];
    if (module === undefined || (module === "out_proj") !== isColumns) return null;
    const from = module === "in_proj_qkv" || module === "conv1d" ? 2 * keys * delta.keyDim : 0;
    if (rows > from && (rows - from) % values === 0 && values % keys === 0) return tiled(rows, from, { keys, values });
    const what = isColumns ? "columns" : "rows";
    throw fail(name, `has ${rows} ${what}, which are not ${values} heads of values for ${keys} of keys`);
  };
}

/** A model's heads, and those of its delta nets if it has any. */
interface HeadCounts {
  readonly queries: number;
  readonly keys: number;
  readonly delta?: Pick<DeltaShape, "keyHeads" | "valueHeads" | "keyDim"> | undefined;
}

/** The heads of a model. */
export const headsOf = (config: Pick<DecoderConfig, "heads" | "kvHeads" | "layers" | "attention">): HeadCounts => ({
  queries: config.heads,
  keys: config.kvHeads,
  delta: deltaOf(config),
});

type Fail = (name: string, problem: string) => Error;

/** Order in files of the rows, or of the columns, of a tensor with Hugging Face's name; null if it is the same. */
export type TensorOrder = (name: string, length: number) => RowOrder | null;

/** Orders of rows and of columns. */
export interface TensorOrders {
  readonly rows: TensorOrder;
  readonly columns: TensorOrder;
}

/** The orders of rows and columns in files. They throw the result of `fail`, or of `failOfColumns`, if the heads do not divide them. */
export const ordersOf = (
  architecture: GgufArchitecture,
  heads: HeadCounts,
  fail: Fail,
  failOfColumns = fail,
): TensorOrders => ({
  rows: rowOrderOf(architecture, heads, fail),
  columns: architecture.order === "tiled" ? tiledOrder(heads.delta, true, failOfColumns) : () => null,
});

function rowOrderOf({ order }: GgufArchitecture, { queries, keys, delta }: HeadCounts, fail: Fail): TensorOrder {
  if (order === null) return () => null;
  if (order === "tiled") return tiledOrder(delta, false, fail);
  const [of, each, what] =
    order === "pairs" ? ([pairs, 2, "pairs"] as const) : ([queriesFirst, 3, "queries, keys and values"] as const);
  return (name, rows) => {
    const [, module] = /\.(q_proj|k_proj|query_key_value)(?:\.(?:weight|bias))?$/.exec(name) ?? [];
    if (module === undefined) return null;
    const heads = module === "k_proj" ? keys : queries;
    if (rows % (each * heads) === 0) return of(rows, heads);
    throw fail(name, `has ${rows} rows, which are not ${heads} heads of ${what}`);
  };
}

/** Orders of the rows of a file's tensors. Throws `ModelError` for an invalid number of heads, and if it does not divide rows or columns. */
export function ordersIn(architecture: GgufArchitecture, values: MetadataValues): TensorOrders {
  if (architecture.order === null) return { rows: () => null, columns: () => null };
  const queries = values.count("attention.head_count");
  const keys = values.count("attention.head_count_kv", queries);
  const heads = { queries, keys, delta: architecture.order === "tiled" ? deltaIn(values) : undefined };
  const fail = (name: string, problem: string) => new ModelError(`${clip(name)} ${problem}`, { tensor: name });
  return ordersOf(architecture, heads, fail);
}

const deltaIn = (values: MetadataValues) => ({
  keyHeads: values.count("ssm.group_count"),
  valueHeads: values.count("ssm.time_step_rank"),
  keyDim: values.count("ssm.state_size"),
});

/** Values `[rows, width]` of Hugging Face's order with the columns in a file's. */
export function columnsOrdered(values: Float32Array, width: number, order: RowOrder): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  for (let row = 0; row < values.length; row += width)
    for (let i = 0; i < width; i++) result[row + order(i)] = values[row + i]!;
  return result;
}

/** Values `[rows, width]` of a file with the columns in Hugging Face's order. */
export const columnsReordered = (values: Float32Array, width: number, order: RowOrder): Float32Array<ArrayBuffer> =>
  values.map((_, i) => values[i - (i % width) + order(i % width)]!);

/** Values of rows of Hugging Face's order in a file's. */
export const rowsOrdered = (values: Float32Array, rows: number, order: RowOrder): Float32Array<ArrayBuffer> =>
  floatsOf(ordered(bytesOf(values), rows, order));

/** Values of a file's rows in Hugging Face's order. */
export const rowsReordered = (values: Float32Array, rows: number, order: RowOrder): Float32Array<ArrayBuffer> =>
  floatsOf(reordered(bytesOf(values), rows, order));

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength);
const floatsOf = ({ buffer }: Uint8Array<ArrayBuffer>) => new Float32Array(buffer);

/** Rows of a file in Hugging Face's order. */
export function reordered(bytes: Uint8Array, rows: number, order: RowOrder): Uint8Array<ArrayBuffer> {
  const length = bytes.length / rows;
  const result = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++)
    result.set(bytes.subarray(order(row) * length, (order(row) + 1) * length), row * length);
  return result;
}

/** Rows of Hugging Face's order in a file's. */
function ordered(bytes: Uint8Array, rows: number, order: RowOrder): Uint8Array<ArrayBuffer> {
  const length = bytes.length / rows;
  const result = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++)
    result.set(bytes.subarray(row * length, (row + 1) * length), order(row) * length);
  return result;
}
