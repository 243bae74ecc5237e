import { wrongShape } from "../../values/tensor.js";
import type { Op, Pointer } from "../op.js";

export interface RotaryEmbeddingAttributes {
  /** Cosine and sine of the angle by which each pair of a token's features is rotated: `[tokens, pairs]` each. */
  readonly cos: Float32Array;
  readonly sin: Float32Array;
  /** Pairs of a head that are rotated; its other features are unchanged. */
  readonly pairs: number;
  /** Heads that are rotated: those of the first columns. */
  readonly heads: number;
  readonly headDim: number;
  /** Whether a pair is two neighbours; else it is features i and i + pairs. */
  readonly interleaved: boolean;
}

interface Saved {
  readonly cos: Pointer;
  readonly sin: Pointer;
}

/**
 * Rotary embedding (RoFormer, arXiv 2104.09864): x `[tokens, columns]` with pairs (a, b) of features rotated to (a·cos − b·sin, b·cos +
 * a·sin). Its gradient rotates g back.
 */
export const rotaryEmbedding: Op<RotaryEmbeddingAttributes, Saved> = {
  name: "rotaryEmbedding",
  shape([x], { cos, sin, pairs, heads, headDim }, what) {
    const [tokens, columns] = x as [number, number];
    const fits = x!.length === 2 && heads * headDim <= columns && 2 * pairs <= headDim;
    if (!fits || cos.length !== tokens * pairs || sin.length !== tokens * pairs)
      throw wrongShape(what, "x", `[tokens, ${heads}·${headDim} or more], with ${pairs} angles a token`, x!);
    return x!;
  },
  forward(call) {
    const { inputs, output, attributes } = call;
    const saved = { cos: call.upload(attributes.cos), sin: call.upload(attributes.sin) };
    turn(call.kernels, inputs[0]!, saved, attributes, { pointer: output.pointer, accumulate: 0 }, 0);
    return saved;
  },
  backward(call) {
    turn(call.kernels, call.gradient, call.saved, call.attributes, call.target(0), 1);
  },
};

type Call = Parameters<typeof rotaryEmbedding.backward>[0];

function turn(
  kernels: Call["kernels"],
  { shape, pointer }: Call["gradient"],
  { cos, sin }: Saved,
  { heads, headDim, pairs, interleaved }: RotaryEmbeddingAttributes,
  target: ReturnType<Call["target"]>,
  back: 0 | 1,
): void {
  const [rows, columns] = shape as [number, number];
  kernels.rotary(
    pointer,
    cos,
    sin,
    target.pointer,
    rows,
    columns,
    heads,
    headDim,
    pairs,
    interleaved ? 1 : 0,
    back,
    target.accumulate,
  );
}
