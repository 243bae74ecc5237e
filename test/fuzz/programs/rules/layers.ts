import { sizeOf } from "../../../../ts/values/tensor.js";
import { most, type Rule, within } from "./rule.js";
import { cuts } from "./reductions.js";

const weights = { low: 0.4, high: 2 };

export const layers = {
  crossEntropy: {
    make(maker) {
      const { random } = maker;
      const logits = maker.any(1, 3, { low: -20, high: 20 });
      const classes = logits.shape.at(-1)!;
      if (classes === 0) return null;
      const ignoreIndex = random.pick([undefined, -100, -1, 0]);
      const rows = sizeOf(logits.shape.slice(0, -1));
      const targets = Array.from({ length: rows }, () =>
        random.chance(0.2) ? (ignoreIndex ?? -100) : random.int(0, classes - 1),
      );
      const attributes = {
        targets,
        ...(random.chance(0.6) && { reduction: random.pick(["mean", "sum", "none"]) }),
        ...(ignoreIndex !== undefined && { ignoreIndex }),
        ...(random.chance(0.4) && { labelSmoothing: random.pick([0, 0.1, 0.6, 1]) }),
        ...(random.chance(0.3) && { weight: Array.from({ length: classes }, () => random.int(2, 8) / 4) }),
      };
      return { inputs: [logits], attributes, range: within(4 * (2 * most(logits) + 5) * Math.max(rows, 1)) };
    },
    call: (graph, [x], { targets, ...attributes }) => graph.crossEntropy(x!, targets, attributes),
  },
  disentangledAttention: {
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
        ...{ offsets: cuts(maker, tokens), heads, c2p, p2c },
        buckets: Array.from({ length: 2 * Math.max(tokens, 1) - 1 }, () => random.int(0, count - 1)),
        ...(random.chance(0.3) && { scale: random.pick([0.5, -0.3, 0]) }),
      };
      return { inputs: [qkv, ...(c2p ? [table()] : []), ...(p2c ? [table()] : [])], attributes, range: qkv };
    },
    call: (graph, [qkv, first, second], { c2p, p2c, ...attributes }) =>
      graph.disentangledAttention(qkv!, c2p ? first! : null, p2c ? (c2p ? second! : first!) : null, attributes),
  },
  embedding: {
    make(maker) {
      const { random } = maker;
      const weight = maker.any(2, 2);
      const vocabulary = weight.shape[0]!;
      if (vocabulary === 0) return null;
      const shape = [random.int(0, 3), random.int(1, 4)];
      const indices = Array.from({ length: sizeOf(shape) }, () => random.int(0, vocabulary - 1));
      const attributes = {
        indices,
        ...(random.chance(0.5) && { shape }),
        ...(random.chance(0.3) && { paddingIndex: random.int(0, vocabulary - 1) }),
      };
      return { inputs: [weight], attributes, range: weight };
    },
    call: (graph, [weight], { indices, ...attributes }) => graph.embedding(weight!, indices, attributes),
  },
  layerNorm: {
    make(maker) {
      const { random } = maker;
      const x = maker.any(1, 4);
      const normalizedShape = x.shape.slice(-random.int(1, Math.min(2, x.shape.length)));
      const affine = random.chance(0.6);
      const inputs = affine ? [x, maker.like(normalizedShape, weights), maker.like(normalizedShape)] : [x];
      const eps = random.pick([undefined, 1e-5, 0.1]);
      // Without a weight the shape must be told where it is not the last dimension alone.
      const told = random.chance(0.5) || (!affine && normalizedShape.length > 1);
      const attributes = { ...(eps !== undefined && { eps }), ...(told && { normalizedShape: [...normalizedShape] }) };
      return {
        inputs,
        attributes,
        range: within(2 * Math.sqrt(sizeOf(normalizedShape)) + (affine ? most(inputs[2]!) : 0)),
      };
    },
    call: (graph, [x, weight, bias], attributes) => graph.layerNorm(x!, weight ?? null, bias ?? null, attributes),
  },
  mseLoss: {
    make(maker) {
      const a = maker.any();
      const b = maker.like(a.shape);
      if (sizeOf(a.shape) === 0) return null;
      const attributes = maker.random.pick([{}, { reduction: "mean" }, { reduction: "sum" }, { reduction: "none" }]);
      const factor = attributes.reduction === "sum" ? sizeOf(a.shape) : 1;
      return { inputs: [a, b], attributes, range: { low: 0, high: (most(a) + most(b)) ** 2 * factor } };
    },
    call: (graph, [a, b], attributes) => graph.mseLoss(a!, b!, attributes),
  },
  normalize: {
    make(maker) {
      const shape = maker.shape(1, 4);
      // A row of zeros has a gradient of 1e12.
      const x = maker.random.chance(0.5) ? maker.like(shape, { low: 0.1, high: 60 }) : maker.leaf(shape);
      const attributes = maker.random.pick([{}, { eps: 1e-6 }]);
      return { inputs: [x], attributes, range: within(1) };
    },
    call: (graph, [x], attributes) => graph.normalize(x!, attributes),
  },
  raggedAttention: {
    make(maker) {
      const { random } = maker;
      const [heads, d] = [random.int(1, 3), random.pick([1, 2, 3, 4, 5, 8])];
      const tokens = maker.length();
      const qkv = maker.like([tokens, 3 * heads * d], { low: -4, high: 4 });
      const attributes = {
        ...{ offsets: cuts(maker, tokens), heads },
        ...(random.chance(0.4) && { causal: random.chance(0.7) }),
        ...(random.chance(0.3) && { scale: random.pick([0.5, -0.3, 0]) }),
        ...(random.chance(0.3) && { window: random.int(0, 4) }),
        ...(random.chance(0.3) && { distanceBias: Array.from({ length: heads * (2 * tokens + 1) }, (_, i) => i % 5) }),
      };
      return { inputs: [qkv], attributes, range: qkv };
    },
    call: (graph, [qkv], attributes) => graph.raggedAttention(qkv!, attributes),
  },
  rmsNorm: {
    make(maker) {
      const x = maker.any(1, 4);
      const weight = maker.like(x.shape.slice(-1), weights);
      const attributes = maker.random.pick([{}, { eps: 1e-6 }, { eps: 0.1 }]);
      return { inputs: [x, weight], attributes, range: within(2 * Math.sqrt(x.shape.at(-1)!)) };
    },
    call: (graph, [x, weight], attributes) => graph.rmsNorm(x!, weight!, attributes),
  },
  scaledDotProductAttention: {
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
} satisfies Record<string, Rule>;
