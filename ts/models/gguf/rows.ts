import { ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { GgufArchitecture } from "./names.js";
import type { MetadataValues } from "./metadata-values.js";

/** Where each row of Hugging Face's order stands in a file. */
type RowOrder = (row: number) => number;

/** There the two rows of a rotary pair stand side by side, here the first of all pairs of a head come before the second. */
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
 * How rows of a tensor `[rows, …]` of Hugging Face's name stand in a file; null where they stand alike. Throws `ModelError` for heads that are
 * none, and for rows that they do not divide.
 */
export function rowOrder(
  { order }: GgufArchitecture,
  values: MetadataValues,
): (name: string, rows: number) => RowOrder | null {
  if (order === null) return () => null;
  const queries = values.count("attention.head_count");
  const keys = values.count("attention.head_count_kv", queries);
  const [of, each, what] =
    order === "pairs" ? ([pairs, 2, "pairs"] as const) : ([queriesFirst, 3, "queries, keys and values"] as const);
  return (name, rows) => {
    const [, module] = /\.(q_proj|k_proj|query_key_value)\.(?:weight|bias)$/.exec(name) ?? [];
    if (module === undefined) return null;
    const heads = module === "k_proj" ? keys : queries;
    if (rows % (each * heads) === 0) return of(rows, heads);
    throw new ModelError(`${clip(name)} has ${rows} rows, which are not ${heads} heads of ${what}`, { tensor: name });
  };
}

/** Rows in another order. */
export function reordered(bytes: Uint8Array, rows: number, order: RowOrder): Uint8Array {
  const length = bytes.length / rows;
  const result = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++)
    result.set(bytes.subarray(order(row) * length, (order(row) + 1) * length), row * length);
  return result;
}

/** The same rows in the order of such files. */
export function permuted(bytes: Uint8Array, rows: number, heads: number): Uint8Array {
  const [half, length] = [rows / heads / 2, bytes.length / rows];
  const result = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++) {
    const [head, at] = [Math.floor(row / (2 * half)), row % (2 * half)];
    const to = head * 2 * half + (at < half ? 2 * at : 2 * (at - half) + 1);
    result.set(bytes.subarray(row * length, (row + 1) * length), to * length);
  }
  return result;
}
