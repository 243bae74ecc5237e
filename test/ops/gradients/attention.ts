import type { RaggedAttentionAttributes } from "../../../ts/ops/attention/ragged-attention.js";
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
function ragged(
  title: string,
  offsets: number[],
  hidden: number,
  heads: number,
  attributes: Partial<RaggedAttentionAttributes> = {},
): Case {
  return {
    title,
    inputs: [uniform([offsets.at(-1)!, 3 * hidden], -1, 1)],
    apply: (graph, [qkv]) => graph.raggedAttention(qkv!, { offsets, heads, ...attributes }),
  };
}

/** The same with three buckets, in no order, for distances of up to 6. */
function disentangled(title: string, offsets: number[], which: "both" | "c2p" | "p2c", scale?: number): Case {
  const [tokens, heads] = [offsets.at(-1)!, 2];
  const buckets = Array.from({ length: 13 }, (_, i) => (i * 2) % 3);
  const tables = which === "both" ? [2, 3] : [2];
  return {
    title,
    inputs: [
      uniform([tokens, 3 * heads * 3], -1, 1, 1),
      ...tables.map((seed) => uniform([tokens, heads * 3], -1, 1, seed)),
    ],
    apply: (graph, [qkv, first, second]) => {
      const [c2p, p2c] = which === "p2c" ? [null, first!] : [first!, second ?? null];
      return graph.disentangledAttention(qkv!, c2p, p2c, { offsets, heads, buckets, scale });
    },
  };
}

export const attentions = {
  disentangledAttention: [
    disentangled("both tables, one sequence empty", [0, 5, 5, 7], "both"),
    disentangled("queries' table", [0, 7], "c2p", 0.4),
    disentangled("keys' table", [0, 3, 6], "p2c"),
    disentangled("no sequence", [0], "both"),
  ],
  raggedAttention: [
    ragged("three sequences, one empty", [0, 3, 3, 8], 6, 2),
    ragged("causal", [0, 5, 6], 3, 1, { causal: true }),
    ragged("window", [0, 9, 12], 4, 2, { window: 2 }),
    ragged("bias by distance", [0, 4, 7], 4, 2, {
      distanceBias: Array.from({ length: 18 }, (_, i) => Math.sin(i)),
      window: 3,
    }),
    ragged("no sequence", [0], 4, 2),
    {
      title: "fewer heads of keys and values, causal, window",
      inputs: [uniform([9, 8 * 2], -1, 1)],
      apply: (graph, [qkv]) =>
        graph.raggedAttention(qkv!, { offsets: [0, 6, 9], heads: 4, kvHeads: 2, causal: true, window: 3 }),
    },
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
