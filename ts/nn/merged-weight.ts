import type { Tensor } from "../tensor.js";

/** An update of a weight, on the host. */
export interface HostUpdate {
  /** A `[in, rank]` */
  readonly loraA: Tensor;
  /** B `[rank, out]` */
  readonly loraB: Tensor;
  /** s: α/r, or α/√r with rsLoRA. */
  readonly scaling: number;
  /** DoRA's `[out]`; left out or null without. */
  readonly magnitude?: Tensor | null | undefined;
}

/** How a weight lies in an array: the element of input i and output o at `first + i·inStep + o·outStep`. */
export interface WeightLayout {
  readonly first: number;
  readonly inStep: number;
  readonly outStep: number;
}

/**
 * W ← W + s·A·B; with DoRA each output's column is then scaled to its magnitude, W ← m·W/‖W‖₂.
 *
 * Every merge is this one. Sums are float64 in an order of their own and each element is rounded once, so the bits depend
 * on neither the layout nor the build of the kernels.
 */
export function mergeUpdate(weight: Float32Array, layout: WeightLayout, update: HostUpdate): void {
  const { loraA, loraB, scaling, magnitude } = update;
  const [inFeatures, rank] = loraA.shape as [number, number];
  const outFeatures = loraB.shape[1]!;
  const [a, b] = [loraA.data, loraB.data];
  const { first, inStep, outStep } = layout;
  const row = new Float64Array(outFeatures);
  const updatedRow = (i: number) => {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = a[i * rank + r]!;
      for (let o = 0, at = r * outFeatures; o < outFeatures; o++, at++) row[o]! += factor * b[at]!;
    }
    for (let o = 0, at = first + i * inStep; o < outFeatures; o++, at += outStep) {
      row[o] = weight[at]! + scaling * row[o]!;
    }
  };
  const factors = new Float64Array(outFeatures).fill(1);
  if (magnitude !== undefined && magnitude !== null) {
    const squares = new Float64Array(outFeatures);
    for (let i = 0; i < inFeatures; i++) {
      updatedRow(i);
      for (let o = 0; o < outFeatures; o++) squares[o]! += row[o]! ** 2;
    }
    for (let o = 0; o < outFeatures; o++) factors[o] = magnitude.data[o]! / Math.sqrt(squares[o]!);
  }
  for (let i = 0; i < inFeatures; i++) {
    updatedRow(i);
    for (let o = 0, at = first + i * inStep; o < outFeatures; o++, at += outStep) weight[at] = row[o]! * factors[o]!;
  }
}
