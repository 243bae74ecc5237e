import { ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { GgufArchitecture } from "./names.js";
import type { MetadataValues } from "./metadata-values.js";

/** The index in a file of each row in Hugging Face's order. */
export type RowOrder = (row: number) => number;

/** GGUF has the two rows of a rotary pair side by side; Hugging Face has the first rows of all pairs of a head before the second ones. */
function pairs(rows: number, heads: number): RowOrder {
  const [width, half] = [rows / heads, rows / heads / 2];
  return (row) => row - (row % width) + 2 * ((row % width) % half) + Math.floor((row % width) / half);
}

/** There queries of all heads come before keys and values, here a head has its three side by side. */
function queriesFirst(rows: number, heads: number): RowOrder {
  const width = rows / heads / 3;
  return (row) => {
    const [part, head] = [Math.floor(row / width) % 3, Math.floor(row / (3 * width))];
    return (part * heads + head) * width + (row % width);
  };
}

/**
 * There the first value heads of all key heads come before the second ones; here a key head's are side by side. Rows before `from` are not of
 * value heads.
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

/** The same for the rows of a delta net's tensors, and for the columns of its last layer. Throws `ModelError` as `rowOrder`. */
export function tiledOrder(values: MetadataValues, isColumns: boolean): ReturnType<typeof orderOf> {
  const heads = { keys: values.count("ssm.group_count"), values: values.count("ssm.time_step_rank") };
  const before = 2 * heads.keys * values.count("ssm.state_size");
  if (heads.keys === heads.values) return () => null;
  return (name, rows) => {
    const [, module] = ofHeads.exec(name) ?? [];
    if (module === undefined || (module === "out_proj") !== isColumns) return null;
    const from = module === "in_proj_qkv" || module === "conv1d" ? before : 0;
    if (rows > from && (rows - from) % heads.values === 0 && heads.values % heads.keys === 0)
      return tiled(rows, from, heads);
    throw new ModelError(
      `${clip(name)} has ${rows} rows or columns, which are not ${heads.values} heads of values for ${heads.keys} of keys`,
      { tensor: name },
    );
  };
}

/** A model's heads. */
interface HeadCounts {
  readonly queries: number;
  readonly keys: number;
}

/**
 * Order in files of the rows of a tensor `[rows, …]` with Hugging Face's name; null if it is the same. Throws the result of `fail` if the
 * heads do not divide the rows.
 */
export function orderOf(
  { order }: GgufArchitecture,
  { queries, keys }: HeadCounts,
  fail: (name: string, problem: string) => Error,
): (name: string, rows: number) => RowOrder | null {
  if (order === null || order === "tiled") return () => null;
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

/** The same for a file's tensors. Throws `ModelError` for an invalid number of heads, and if it does not divide the rows. */
export function rowOrder(architecture: GgufArchitecture, values: MetadataValues): ReturnType<typeof orderOf> {
  if (architecture.order === null) return () => null;
  if (architecture.order === "tiled") return tiledOrder(values, false);
  const queries = values.count("attention.head_count");
  const keys = values.count("attention.head_count_kv", queries);
  const fail = (name: string, problem: string) => new ModelError(`${clip(name)} ${problem}`, { tensor: name });
  return orderOf(architecture, { queries, keys }, fail);
}

/** Rows of a file in Hugging Face's order. */
export function reordered(bytes: Uint8Array, rows: number, order: RowOrder): Uint8Array {
  const length = bytes.length / rows;
  const result = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++)
    result.set(bytes.subarray(order(row) * length, (order(row) + 1) * length), row * length);
  return result;
}

/** Rows of Hugging Face's order in a file's. */
export function ordered(bytes: Uint8Array, rows: number, order: RowOrder): Uint8Array {
  const length = bytes.length / rows;
  const result = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++)
    result.set(bytes.subarray(row * length, (row + 1) * length), order(row) * length);
  return result;
}
