import { ConfigError, NonFiniteError } from "../../errors/errors.js";
import { wrongShape } from "../../values/tensor.js";
import type { Op, Pointer, Workspace } from "../op.js";
import { formatNumber } from "../product/frozen-weight.js";
import { PlanWords, runAttention, usualScale } from "./attention-plan.js";
import { runCapped } from "./capped-attention.js";

/** Format of cached keys and values: float32, or rounded to IEEE 754 binary16. */
export type CacheFormat = "f32" | "f16";

/** A sequence whose earlier tokens are in a cache. */
interface CachedSequence {
  /** The rows of qkv of its new tokens: from, to. */
  readonly start: number;
  readonly end: number;
  /** Number of tokens in the cache. */
  readonly past: number;
  /** Keys and values of its tokens, `[capacity, kvHeads·d]` each, with room for the new ones. */
  readonly keys: Pointer;
  readonly values: Pointer;
  readonly format: CacheFormat;
}

export interface CachedAttentionAttributes {
  readonly sequences: readonly CachedSequence[];
  readonly heads: number;
  readonly kvHeads: number;
  /** Whether x has keys and values of the new tokens; else it is queries alone, and the caches have them already. Default true. */
  readonly own?: boolean;
  /** Default 1/√d. */
  readonly scale: number | undefined;
  /** Attention window: a token attends only to tokens at most this far before it; null for all. */
  readonly window: number | null;
  /** c of c·tanh(score / c); null, the default, for none. */
  readonly cap?: number | null;
}

/**
 * Causal attention of new tokens with cached earlier ones: qkv `[tokens, (heads + 2·kvHeads)·d]` → `[tokens, heads·d]`. Adds the new
 * tokens' keys and values to the caches; of queries alone, `[tokens, heads·d]`, another call has added them. With float32 caches, bit-identical to `raggedAttention` on the whole sequence; with binary16, the
 * same for any division of a text into pieces, with rounded keys and values. Throws `NonFiniteError` for finite values outside binary16's
 * range; on a GPU they are NaN. No gradient.
 */
export const cachedAttention: Op<CachedAttentionAttributes, void> = {
  name: "cachedAttention",
  shape([qkv], attributes, what) {
    const [tokens, width] = qkv as [number, number];
    const { heads } = attributes;
    const headDim = width / headsOf(attributes);
    if (qkv!.length !== 2 || !Number.isInteger(headDim))
      throw wrongShape(what, "qkv", `[tokens, ${headsOf(attributes)}·d]`, qkv!);
    return [tokens, heads * headDim];
  },
  forward(call) {
    const { kernels, inputs, output, attributes } = call;
    const { heads, kvHeads, own = true, scale, window, cap = null } = attributes;
    const { pointer, shape } = inputs[0]!;
    const [tokens, width] = shape as [number, number];
    const headDim = width / headsOf(attributes);
    const row = kvHeads * headDim;
    const lse = call.scratch(tokens * heads);
    const [k, v] = [pointer + 4 * heads * headDim, pointer + 4 * (heads + kvHeads) * headDim];
    const wide = kernels.halves === undefined ? widened(call, attributes.sequences, row) : [];
    for (const { start, end, past, keys, values, format } of attributes.sequences) {
      const count = end - start;
      const put = (from: Pointer, to: Pointer) =>
        kernels.copy_strided(
          from + 4 * start * width, to, 1, 1, count, row, 0, 0, width, 1, 0, 0, row, 1, 1, 0,
        ); // prettier-ignore
      // A GPU reads and writes them in place.
      const halves = format === "f16" ? kernels.halves : undefined;
      const read = [[k, keys], [v, values]].map(([from, to], i) => {
        if (halves !== undefined) {
          if (own) halves.store(count, row, from! + 4 * start * width, width, to!, past * row);
          return to!;
        }
        const place = format === "f32" ? to! : wide[i]!;
        if (own) put(from!, place + 4 * past * row);
        if (own && format === "f16") narrow(call, { to: to!, wide: place }, past * row, count * row);
        if (format === "f16") kernels.stored_decode(F16, (past + count) * row, to!, place);
        return place;
      }); // prettier-ignore
      const words = new PlanWords(cachedAttention.name, 1);
      words.row(0, [start, count, 0, past + count], past);
      const plan = words.upload(call, past + count, {
        keyBias: 0,
        sequences: 1,
        heads,
        kvHeads,
        headDim,
        qRow: width,
        qHead: headDim,
        kvRow: row,
        kvHead: headDim,
        oRow: heads * headDim,
        oHead: headDim,
        lseHead: tokens,
        keyBiasStep: 0,
        causal: 1,
        ...(window === null ? {} : { window }),
        scale: scale ?? usualScale(headDim),
      });
      if (halves !== undefined) halves.attention(plan.pointer, pointer, keys, values, output.pointer, lse, cap ?? 0);
      else if (cap === null) runAttention(call, plan, [pointer, ...read], output.pointer, lse);
      else runCapped(call, plan, [pointer, ...read], { output: output.pointer, lse }, cap);
    }
  },
  backward() {
    throw new ConfigError("cachedAttention: what goes through a cache has no gradient", { op: "cachedAttention" });
  },
};

/** Heads in a row of x. */
const headsOf = ({ heads, kvHeads, own = true }: CachedAttentionAttributes) => heads + (own ? 2 * kvHeads : 0);

/** The index of binary16 in the kernels' formats. */
const F16 = formatNumber("f16");

/** Room for keys and for values of the longest sequence that is not float32. */
function widened(call: Workspace, sequences: readonly CachedSequence[], row: number): readonly Pointer[] {
  const lengths = sequences.filter(({ format }) => format === "f16").map(({ start, end, past }) => past + end - start);
  if (lengths.length === 0) return [];
  const elements = Math.max(...lengths) * row;
  return [call.scratch(elements), call.scratch(elements)];
}

/** Adds `count` numbers after `past` ones of a cache. */
function narrow(
  { kernels }: Workspace,
  { to, wide }: Record<"to" | "wide", Pointer>,
  past: number,
  count: number,
): void {
  const over = kernels.stored_encode(F16, count, wide + 4 * past, to + 2 * past);
  if (over > 0)
    throw new NonFiniteError(
      `cachedAttention: ${over} keys or values of new tokens are too large for 16 bits: load the model with cache "f32"`,
      { op: "cachedAttention", option: "cache" },
    );
}
