import type { Case, Cases } from "./check.js";
import { uniform } from "./numbers.js";

type Attributes = { causal?: boolean; scale?: number; mask?: number[] };

/** q `[batch, heads, T, d]` against k and v `[batch, kvHeads, S, d]`. */
function attention(title: string, q: readonly number[], kv: readonly number[], attributes: Attributes = {}): Case {
  return {
    title,
    inputs: [uniform(q, -1, 1, 1), uniform(kv, -1, 1, 2), uniform(kv, -1, 1, 3)],
    apply: (graph, [query, key, value]) => graph.scaledDotProductAttention(query!, key!, value!, attributes),
  };
}

/** qkv `[tokens, 3·hidden]` of sequences that start at `offsets`. */
function ragged(title: string, offsets: number[], hidden: number, heads: number, causal = false): Case {
  return {
    title,
    inputs: [uniform([offsets.at(-1)!, 3 * hidden], -1, 1)],
    apply: (graph, [qkv]) => graph.raggedAttention(qkv!, { offsets, heads, causal }),
  };
}

export const attentions = {
  raggedAttention: [
    ragged("three sequences, one empty", [0, 3, 3, 8], 6, 2),
    ragged("causal", [0, 5, 6], 3, 1, true),
    ragged("no sequence", [0], 4, 2),
  ],
  scaledDotProductAttention: [
    attention("plain", [2, 2, 3, 5], [2, 2, 3, 5]),
    attention("causal", [1, 1, 5, 3], [1, 1, 5, 3], { causal: true }),
    attention("cross, grouped heads, scale", [1, 4, 3, 2], [1, 2, 5, 2], { scale: 0.3 }),
    attention("padding, one sequence hidden", [2, 1, 3, 3], [2, 1, 4, 3], { mask: [1, 0, 1, 1, 0, 0, 0, 0] }),
    attention("no keys", [1, 2, 3, 4], [1, 2, 0, 4]),
    attention("no batch", [0, 2, 3, 4], [0, 2, 3, 4]),
    attention("width 0", [1, 1, 2, 0], [1, 1, 2, 0]),
  ],
} satisfies Cases;
