import type { AdapterLayer } from "../io/peft/index.js";
import { transpose } from "../io/peft/transpose.js";
import { productSvdInSteps } from "../values/decompose/product-svd.js";
import type { Steps } from "../waiting/steps.js";
import { type Svd, svdInSteps } from "../values/decompose/svd.js";
import { updateNorm } from "./norms.js";

/** Factors of a matrix `[rows, columns]` ≈ L·R, and their error. */
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

/** The best factors of that rank (Eckart and Young 1936), or of the matrix's own rank if lower. */
export function* factored(
  matrix: Float32Array | Float64Array,
  rows: number,
  columns: number,
  most: number,
): Steps<Factored> {
  let square = 0;
  for (const value of matrix) square += value * value;
  const found = yield* svdInSteps(matrix, rows, columns, Math.min(most, rows, columns));
  return balanced(found, square, rows, columns);
}

/** A layer's update s·A·B as factors of another rank, without computing the whole product. */
export function* refactored(layer: AdapterLayer, most: number): Steps<Factored> {
  const { loraA, loraB, scaling } = layer;
  const [inFeatures, rank] = loraA.shape as [number, number];
  const outFeatures = loraB.shape[1]!;
  const scaled = Float64Array.from(loraB.data, (value) => scaling * value);
  const found = yield* productSvdInSteps(loraA.data, scaled, [inFeatures, rank, outFeatures], most);
  const norm = updateNorm(layer);
  return balanced(found, norm * norm, inFeatures, outFeatures);
}

/** Factors with √σ each. */
function balanced({ values, left, right }: Svd, square: number, rows: number, columns: number): Factored {
  const rank = values.length;
  const kept = values.reduce((sum, value) => sum + value * value, 0);
  const roots = values.map((value) => Math.sqrt(value));
  const l = new Float32Array(rows * rank);
  for (let r = 0; r < rank; r++) for (let i = 0; i < rows; i++) l[i * rank + r] = roots[r]! * left[r * rows + i]!;
  const r = Float32Array.from(right, (value, i) => value * roots[Math.floor(i / columns)]!);
  return { rank, left: l, right: r, square, missed: square > kept ? square - kept : 0 };
}

/** The layer of factors: their product is the update, so its scaling is 1. */
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
    : [transpose({ shape: [rank, columns], data: right }), transpose({ shape: [rows, rank], data: left })];
  return { kind, loraA, loraB, rank, alpha: rank, scaling: 1 };
}
