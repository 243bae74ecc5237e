import { noDistances } from "../../engine/struct.js";
import { ConfigError } from "../../errors/errors.js";
import { wrongShape } from "../../values/shape.js";
import type { Op, Pointer } from "../op.js";
import { PlanWords, runAttention, usualScale } from "./attention-plan.js";

/** A sequence whose tokens so far a cache holds. */
export interface CachedSequence {
  /** Rows of qkv that are its new tokens: from, to. */
  readonly start: number;
  readonly end: number;
  /** Tokens that the cache holds already. */
  readonly past: number;
  /** Keys and values of its tokens, `[capacity, kvHeads·d]` each, with room for the new ones. */
  readonly keys: Pointer;
  readonly values: Pointer;
}

export interface CachedAttentionAttributes {
  readonly sequences: readonly CachedSequence[];
  readonly heads: number;
  readonly kvHeads: number;
  /** Default 1/√d. */
  readonly scale: number | undefined;
  /** A token sees those at most so far before it; null for all. */
  readonly window: number | null;
}

/**
 * Causal attention of new tokens behind those of before, of which keys and values lie in caches: qkv `[tokens, (heads +
 * 2·kvHeads)·d]` → `[tokens, heads·d]`. Puts the new ones' keys and values into the caches. To the bit what `raggedAttention`
 * gives for the whole sequence. No gradient.
 */
export const cachedAttention: Op<CachedAttentionAttributes, void> = {
  name: "cachedAttention",
  shape([qkv], { heads, kvHeads }, what) {
    const [tokens, width] = qkv as [number, number];
    const headDim = width / (heads + 2 * kvHeads);
    if (qkv!.length !== 2 || !Number.isInteger(headDim))
      throw wrongShape(what, "qkv", `[tokens, ${heads + 2 * kvHeads}·d]`, qkv!);
    return [tokens, heads * headDim];
  },
  forward(call) {
    const { kernels, inputs, output, attributes } = call;
    const { heads, kvHeads, scale, window } = attributes;
    const { pointer, shape } = inputs[0]!;
    const [tokens, width] = shape as [number, number];
    const headDim = width / (heads + 2 * kvHeads);
    const row = kvHeads * headDim;
    const lse = call.scratch(tokens * heads);
    const [k, v] = [pointer + 4 * heads * headDim, pointer + 4 * (heads + kvHeads) * headDim];
    for (const { start, end, past, keys, values } of attributes.sequences) {
      const count = end - start;
      for (const [from, to] of [[k, keys], [v, values]] as const) // prettier-ignore
        kernels.copy_strided(
          from + 4 * start * width, to + 4 * past * row, 1, 1, count, row, 0, 0, width, 1, 0, 0, row, 1, 1, 0,
        ); // prettier-ignore
      const words = new PlanWords(cachedAttention.name, 1);
      words.row(0, [start, count, 0, past + count], past);
      const plan = words.upload(call, past + count, {
        ...{
          keyBias: 0,
          sequences: 1,
          heads,
          kvHeads,
          headDim,
          qRow: width,
          qHead: headDim,
          kvRow: row,
          kvHead: headDim,
        },
        ...{ oRow: heads * headDim, oHead: headDim, lseHead: tokens, keyBiasStep: 0, causal: 1 },
        ...noDistances,
        ...(window === null ? {} : { window }),
        scale: scale ?? usualScale(headDim),
      });
      runAttention(call, plan, [pointer, keys, values], output.pointer, lse);
    }
  },
  backward() {
    throw new ConfigError("cachedAttention: what goes through a cache has no gradient", { op: "cachedAttention" });
  },
};
