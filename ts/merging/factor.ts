import type { AdapterLayer } from "../io/peft/index.js";
import { svd } from "../values/decompose/svd.js";

/** Factors of a matrix `[rows, columns]` ≈ L·R, and what they miss. */
export interface Factored {
  readonly rank: number;
  /** L `[rows, rank]` */
  readonly left: Float32Array;
  /** R `[rank, columns]` */
  readonly right: Float32Array;
  /** ‖M‖² and ‖M − L·R‖², in Frobenius norms. */
  readonly square: number;
  readonly missed: number;
}

/** The best factors of that rank (Eckart and Young 1936), or of the matrix's own where that is less; σ is shared between both. */
export function factored(matrix: Float32Array | Float64Array, rows: number, columns: number, most: number): Factored {
  const rank = Math.min(most, rows, columns);
  const { values, left, right } = svd(matrix, rows, columns, rank);
  let square = 0;
  for (const value of matrix) square += value * value;
  const kept = values.reduce((sum, value) => sum + value * value, 0);
  const roots = values.map((value) => Math.sqrt(value));
  const l = new Float32Array(rows * rank);
  for (let r = 0; r < rank; r++) for (let i = 0; i < rows; i++) l[i * rank + r] = roots[r]! * left[r * rows + i]!;
  const r = Float32Array.from(right, (value, i) => value * roots[Math.floor(i / columns)]!);
  return { rank, left: l, right: r, square, missed: square > kept ? square - kept : 0 };
}

/** A layer's update s·A·B in factors of another rank, without making the whole product. */
export function refactored({ loraA, loraB, scaling }: AdapterLayer, most: number): Factored {
  const [inFeatures, rank] = loraA.shape as [number, number];
  const outFeatures = loraB.shape[1]!;
  // A = U·S·Vᵀ with orthonormal columns of U, so that s·A·B and the small core s·S·Vᵀ·B have the same singular values.
  const inner = Math.min(inFeatures, rank);
  const { values, left, right } = svd(loraA.data, inFeatures, rank, inner);
  const core = new Float64Array(inner * outFeatures);
  for (let i = 0; i < inner; i++)
    for (let r = 0; r < rank; r++) {
      const factor = scaling * values[i]! * right[i * rank + r]!;
      for (let o = 0; o < outFeatures; o++) core[i * outFeatures + o]! += factor * loraB.data[r * outFeatures + o]!;
    }
  const small = factored(core, inner, outFeatures, most);
  const outer = new Float32Array(inFeatures * small.rank);
  for (let i = 0; i < inFeatures; i++)
    for (let r = 0; r < small.rank; r++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += left[k * inFeatures + i]! * small.left[k * small.rank + r]!;
      outer[i * small.rank + r] = sum;
    }
  return { ...small, left: outer };
}

/** The layer that factors make: their product is the update, so its scaling is 1. */
export function layerOf(
  kind: AdapterLayer["kind"],
  inFirst: boolean,
  rows: number,
  columns: number,
  made: Factored,
): AdapterLayer {
  const { rank, left, right } = made;
  const [loraA, loraB] = inFirst
    ? [
        { shape: [rows, rank], data: left },
        { shape: [rank, columns], data: right },
      ]
    : [
        { shape: [columns, rank], data: turned(right, rank, columns) },
        { shape: [rank, rows], data: turned(left, rows, rank) },
      ];
  return { kind, loraA, loraB, rank, alpha: rank, scaling: 1 };
}

function turned(data: Float32Array, rows: number, columns: number): Float32Array {
  const made = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) made[j * rows + i] = data[i * columns + j]!;
  return made;
}
