import type { Tensor } from "./tensor.js";

/** Vectors of one length as the rows of a matrix, `[vectors, width]`. `width` matters if there are none. */
export function stackedRows(vectors: readonly Float32Array[], width = vectors[0]?.length ?? 0): Tensor {
  const data = new Float32Array(vectors.length * width);
  vectors.forEach((vector, i) => data.set(vector, i * width));
  return { shape: [vectors.length, width], data };
}
