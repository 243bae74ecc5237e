import type { RaggedAttentionAttributes } from "../../../ts/ops/attention/ragged-attention.js";
import { cuts } from "../../properties/programs/rule.js";
import type { Case } from "../gradients/check.js";
import { uniform } from "../gradients/numbers.js";
import { product } from "../special-values/builders.js";
import type { Rows, Run } from "./row.js";

type Attributes = { causal?: boolean; scale?: number; mask?: number[] };

/** q `[batch, heads, T, d]` against k and v `[batch, kvHeads, S, d]`. */
function scaled(title: string, q: readonly number[], kv: readonly number[], attributes: Attributes = {}): Case {
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

const golden: Run = (graph, { node, host, has }, params) => {
  const [causal, scale] = [params["causal"] as boolean | undefined, params["scale"] as number | undefined];
  const mask = has("mask") ? host("mask").data : undefined;
  return graph.scaledDotProductAttention(node("q"), node("k"), node("v"), { causal, scale, mask });
};

export const attention = {
  disentangledAttention: {
    gradients: [
      disentangled("both tables, one sequence empty", [0, 5, 5, 7], "both"),
      disentangled("queries' table", [0, 7], "c2p", 0.4),
      disentangled("keys' table", [0, 3, 6], "p2c"),
      disentangled("no sequence", [0], "both"),
    ],
    golden: {},
    special: product("disentangledAttention", (graph, [qkv, c2p, p2c]) => {
      const offsets = Array.from({ length: graph.shape(qkv!)[0]! / 5 + 1 }, (_, i) => 5 * i);
      const buckets = [0, 0, 1, 1, 2, 2, 2, 3, 3];
      return graph.disentangledAttention(qkv!, c2p!, p2c!, { offsets, heads: 2, buckets });
    }),
    calls: [
      ({ qkv }) => [qkv, qkv, null, { offsets: [0, 1, 4], heads: 2, scale: 0.5, buckets: [5, 4, 0, 3, 1] }],
      ({ qkv }) => [qkv, qkv, qkv, { offsets: [0, 4], heads: 2, buckets: Int32Array.of(0, 1, 2, 3, 4, 5, 5) }],
    ],
    program: {
      make(maker) {
        const { random } = maker;
        const [heads, d, count] = [random.int(1, 3), random.pick([1, 2, 4, 5]), random.int(1, 4)];
        const tokens = maker.length();
        const qkv = maker.like([tokens, 3 * heads * d], { low: -4, high: 4 });
        const table = () => maker.like([tokens, heads * count], { low: -4, high: 4 });
        const [c2p, p2c] = random.pick([
          [true, true],
          [true, false],
          [false, true],
        ]);
        const attributes = {
          offsets: cuts(maker, tokens),
          heads,
          c2p,
          p2c,
          buckets: Array.from({ length: 2 * Math.max(tokens, 1) - 1 }, () => random.int(0, count - 1)),
          ...(random.chance(0.3) && { scale: random.pick([0.5, -0.3, 0]) }),
        };
        return { inputs: [qkv, ...(c2p ? [table()] : []), ...(p2c ? [table()] : [])], attributes, range: qkv };
      },
      call: (graph, [qkv, first, second], { c2p, p2c, ...attributes }) =>
        graph.disentangledAttention(qkv!, c2p ? first! : null, p2c ? (c2p ? second! : first!) : null, attributes),
    },
  },
  raggedAttention: {
    gradients: [
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
    golden: {},
    special: product("raggedAttention", (graph, [qkv]) => {
      const offsets = Array.from({ length: graph.shape(qkv!)[0]! / 5 + 1 }, (_, i) => 5 * i);
      return graph.raggedAttention(qkv!, { offsets, heads: 2 });
    }),
    calls: [
      ({ qkv }) => [
        qkv,
        {
          offsets: [0, 1, 4],
          heads: 2,
          kvHeads: 2,
          scale: 0.5,
          causal: true,
          window: 2,
          distanceBias: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        },
      ],
    ],
    program: {
      make(maker) {
        const { random } = maker;
        const [heads, d] = [random.int(1, 3), random.pick([1, 2, 3, 4, 5, 8])];
        const tokens = maker.length();
        const qkv = maker.like([tokens, 3 * heads * d], { low: -4, high: 4 });
        const attributes = {
          offsets: cuts(maker, tokens),
          heads,
          ...(random.chance(0.4) && { causal: random.chance(0.7) }),
          ...(random.chance(0.3) && { scale: random.pick([0.5, -0.3, 0]) }),
          ...(random.chance(0.3) && { window: random.int(0, 4) }),
          ...(random.chance(0.3) && {
            distanceBias: Array.from({ length: heads * (2 * tokens + 1) }, (_, i) => i % 5),
          }),
        };
        return { inputs: [qkv], attributes, range: qkv };
      },
      call: (graph, [qkv], attributes) => graph.raggedAttention(qkv!, attributes),
    },
  },
  scaledDotProductAttention: {
    gradients: [
      scaled("plain", [2, 2, 3, 5], [2, 2, 3, 5]),
      scaled("causal", [1, 1, 5, 3], [1, 1, 5, 3], { causal: true }),
      scaled("cross, grouped heads, scale", [1, 4, 3, 2], [1, 2, 5, 2], { scale: 0.3 }),
      scaled("padding, one sequence hidden", [2, 1, 3, 3], [2, 1, 4, 3], { mask: [1, 0, 1, 1, 0, 0, 0, 0] }),
      scaled("no keys", [1, 2, 3, 4], [1, 2, 0, 4]),
      scaled("no batch", [0, 2, 3, 4], [0, 2, 3, 4]),
      scaled("width 0", [1, 1, 2, 0], [1, 1, 2, 0]),
    ],
    golden: { scaled_dot_product_attention: golden },
    special: product("scaledDotProductAttention", (graph, [q, k, v]) => graph.scaledDotProductAttention(q!, k!, v!)),
    calls: [({ heads }) => [heads, heads, heads, { causal: true, scale: 0.5, mask: [1, 0, 1] }]],
    program: {
      make(maker) {
        const { random } = maker;
        const [batch, kvHeads, group, d] = [
          random.int(1, 2),
          random.int(1, 2),
          random.int(1, 2),
          random.pick([1, 2, 3, 4, 7, 8]),
        ];
        const [rows, keys] = [random.int(1, 7), random.int(1, 9)];
        const range = { low: -4, high: 4 };
        const q = maker.like([batch, kvHeads * group, rows, d], range);
        const k = maker.like([batch, kvHeads, keys, d], range);
        const v = random.chance(0.1) ? k : maker.like([batch, kvHeads, keys, d], range);
        const attributes = {
          ...(random.chance(0.4) && { causal: random.chance(0.7) }),
          ...(random.chance(0.3) && { scale: random.pick([0.5, -0.3, 0]) }),
          ...(random.chance(0.4) && { mask: Array.from({ length: batch * keys }, () => random.int(0, 3) && 1) }),
        };
        return { inputs: [q, k, v], attributes, range: { low: Math.min(v.low, 0), high: Math.max(v.high, 0) } };
      },
      call: (graph, [q, k, v], attributes) => graph.scaledDotProductAttention(q!, k!, v!, attributes),
    },
  },
} satisfies Rows;
