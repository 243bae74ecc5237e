import { readSafetensors, type Tensor } from "../../ts/index.js";
import { goldenBytes, goldenJson } from "../golden.js";

/** A search of sentence-transformers: for each query the best places and their scores. */
export interface GoldenSearch {
  readonly precision: "float32" | "uint8" | "int8" | "ubinary" | "binary";
  readonly rescore: boolean;
  readonly rescore_multiplier: number;
  readonly top_k: number;
  readonly hits: readonly (readonly [place: number, score: number])[][];
}

const file = readSafetensors(await goldenBytes("tasks/evaluators/quantisation.safetensors"));

export const { searches } = await goldenJson<{ searches: GoldenSearch[] }>("tasks/evaluators/quantisation.json");

/** A tensor of the golden file. */
export const golden = (name: string): Tensor => file.tensor(name);

/** A matrix of the golden file, by rows. */
export function goldenRows(name: string): Float32Array[] {
  return rowsOf(golden(name));
}

export function rowsOf({ shape, data }: Tensor): Float32Array[] {
  const columns = shape[1]!;
  return Array.from({ length: shape[0]! }, (_, i) => data.slice(i * columns, (i + 1) * columns));
}
