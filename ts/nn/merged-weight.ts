import type { Tensor } from "../values/tensor.js";

/** An update of a weight, on the host. */
export interface HostUpdate {
  /** A `[in, rank]` */
  readonly loraA: Tensor;
  /** B `[rank, out]` */
  readonly loraB: Tensor;
  /** s: α/r, or α/√r with rsLoRA. */
  readonly scaling: number;
  /** DoRA's magnitude `[out]`; undefined or null without. */
  readonly magnitude?: Tensor | null | undefined;
}

/** The layout of a weight in an array: element (input i, output o) is at `first + i·inStep + o·outStep`. */
export interface WeightLayout {
  readonly first: number;
  readonly inStep: number;
  readonly outStep: number;
}

/**
 * W ← W + s·A·B; with DoRA, each output's column is then scaled to its magnitude, W ← m·W/‖W‖₂.
 *
 * Used by every merge. Sums are float64 in a fixed order and each element is rounded once, so the bits depend neither on the layout nor on
 * the kernels' build.
 */
export function mergeUpdate(weight: Float32Array, layout: WeightLayout, update: HostUpdate): void {
  const { loraA, loraB, scaling, magnitude } = update;
  const [inFeatures, rank] = loraA.shape as [number, number];
  const outFeatures = loraB.shape[1]!;
  const [a, b] = [loraA.data, loraB.data];
  const { first, inStep, outStep } = layout;
  const [row, squares] = [new Float64Array(outFeatures), new Float64Array(outFeatures)];
  let factors: Float64Array | null = new Float64Array(outFeatures).fill(1);
  // Without factors it sums the squares of the columns.
  const walk = () => {
    for (let i = 0; i < inFeatures; i++) {
      row.fill(0);
      for (let r = 0, at = 0; r < rank; r++) {
        for (let o = 0; o < outFeatures; o++) row[o]! += a[i * rank + r]! * b[at++]!;
      }
      for (let o = 0, at = first + i * inStep; o < outFeatures; o++, at += outStep) {
        const updated = weight[at]! + scaling * row[o]!;
        if (factors === null) squares[o]! += updated * updated;
        else weight[at] = updated * factors[o]!;
      }
    }
  };
  if (magnitude) {
    factors = null;
    walk();
    factors = squares.map((square, o) => magnitude.data[o]! / Math.sqrt(square));
  }
  walk();
}
