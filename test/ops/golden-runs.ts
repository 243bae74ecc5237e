import type { Graph, NodeId, Tensor } from "../../ts/index.js";

/** Inputs of a golden case: `node` as float32 nodes of the graph, `host` as plain numbers. */
export interface Inputs {
  node(name: string): NodeId;
  host(name: string): Tensor;
  has(name: string): boolean;
}

type Params = Readonly<Record<string, unknown>>;
type Run = (graph: Graph, inputs: Inputs, params: Params) => NodeId;

const unary =
  (method: (graph: Graph, x: NodeId, params: Params) => NodeId): Run =>
  (graph, { node }, params) =>
    method(graph, node("x"), params);

const binary =
  (method: (graph: Graph, a: NodeId, b: NodeId, params: Params) => NodeId): Run =>
  (graph, { node }, params) =>
    method(graph, node("a"), node("b"), params);

const reduction = (params: Params) => ({
  dim: params["dim"] as number | undefined,
  keepDim: params["keepdim"] as boolean,
});

/** A scalar constant. */
const number = (graph: Graph, value: number) => graph.constant({ shape: [], data: Float32Array.of(value) });

const crossEntropy: Run = (graph, { node, host, has }, params) =>
  graph.crossEntropy(node("x"), host("t").data, {
    weight: has("w") ? host("w").data : undefined,
    reduction: params["reduction"] as "mean",
    ignoreIndex: params["ignore_index"] as number | undefined,
    labelSmoothing: params["label_smoothing"] as number | undefined,
  });

const attention: Run = (graph, { node, host, has }, params) => {
  const [causal, scale] = [params["causal"] as boolean | undefined, params["scale"] as number | undefined];
  const mask = has("mask") ? host("mask").data : undefined;
  return graph.scaledDotProductAttention(node("q"), node("k"), node("v"), { causal, scale, mask });
};

const cosine = (graph: Graph, a: NodeId, b: NodeId) =>
  graph.sum(graph.mul(graph.normalize(a), graph.normalize(b)), { dim: -1 });

/** Variance along the last dimension. */
const variance = (graph: Graph, x: NodeId, correction: number) => {
  const n = graph.shape(x).at(-1)!;
  const centred = graph.sub(x, graph.mean(x, { dim: -1, keepDim: true }));
  return graph.mul(graph.sum(graph.square(centred), { dim: -1 }), number(graph, 1 / (n - correction)));
};

/**
 * How each operation of ops.json is written with `Graph`: one method where it has one, else as a user would compose it.
 */
export const runs: Readonly<Record<string, Run>> = {
  matmul: binary((graph, a, b, params) => graph.matmul(a, b, params)),
  // PyTorch keeps weights as [out, in].
  linear: (graph, { node, has }) => {
    return graph.linear(node("x"), graph.transpose(node("w")), has("b") ? node("b") : null);
  },
  add: binary((graph, a, b) => graph.add(a, b)),
  sub: binary((graph, a, b) => graph.sub(a, b)),
  mul: binary((graph, a, b) => graph.mul(a, b)),
  div: binary((graph, a, b) => graph.div(a, b)),
  maximum: binary((graph, a, b) => graph.maximum(a, b)),
  minimum: binary((graph, a, b) => graph.minimum(a, b)),
  "x*x+x": unary((graph, x) => graph.add(graph.mul(x, x), x)),
  tanh: unary((graph, x) => graph.tanh(x)),
  sigmoid: unary((graph, x) => graph.sigmoid(x)),
  relu: unary((graph, x) => graph.relu(x)),
  gelu_erf: unary((graph, x) => graph.gelu(x)),
  gelu_tanh: unary((graph, x) => graph.gelu(x, { approximate: "tanh" })),
  gelu_new: unary((graph, x) => graph.gelu(x, { approximate: "tanh" })),
  quick_gelu: unary((graph, x) => graph.quickGelu(x)),
  silu: unary((graph, x) => graph.silu(x)),
  erf: unary((graph, x) => graph.erf(x)),
  neg: unary((graph, x) => graph.neg(x)),
  abs: unary((graph, x) => graph.abs(x)),
  square: unary((graph, x) => graph.square(x)),
  sin: unary((graph, x) => graph.sin(x)),
  cos: unary((graph, x) => graph.cos(x)),
  exp: unary((graph, x) => graph.exp(x)),
  log: unary((graph, x) => graph.log(x)),
  sqrt: unary((graph, x) => graph.sqrt(x)),
  rsqrt: unary((graph, x) => graph.rsqrt(x)),
  reciprocal: unary((graph, x) => graph.reciprocal(x)),
  pow: unary((graph, x, params) => graph.pow(x, params["exponent"] as number)),
  clamp: unary((graph, x, params) => graph.clamp(x, params)),
  softmax: unary((graph, x, params) => graph.softmax(x, params["dim"] as number)),
  log_softmax: unary((graph, x, params) => graph.logSoftmax(x, params["dim"] as number)),
  "softmax(x + mask)": (graph, { node }) => graph.softmax(graph.add(node("x"), node("m"))),
  cross_entropy: crossEntropy,
  "shifted cross_entropy": (graph, { node, host }, params) => {
    const [batch, length] = host("t").shape as [number, number];
    const shifted = Array.from({ length: batch * (length - 1) }, (_, i) => {
      return host("t").data[Math.floor(i / (length - 1)) * length + (i % (length - 1)) + 1]!;
    });
    const logits = graph.slice(node("x"), { dim: 1, end: -1 });
    return graph.crossEntropy(logits, shifted, { ignoreIndex: params["ignore_index"] as number });
  },
  mse_loss: binary((graph, a, b, params) => graph.mseLoss(a, b, { reduction: params["reduction"] as "mean" })),
  l1_loss: binary((graph, a, b) => graph.mean(graph.abs(graph.sub(a, b)))),
  layer_norm: (graph, { node, has }, params) => {
    const attributes = { eps: params["eps"] as number, normalizedShape: params["normalized_shape"] as number[] };
    const [weight, bias] = has("w") ? [node("w"), node("b")] : [null, null];
    return graph.layerNorm(node("x"), weight, bias, attributes);
  },
  rms_norm: (graph, { node }, params) => graph.rmsNorm(node("x"), node("w"), { eps: params["eps"] as number }),
  embedding: (graph, { node, host }, params) => {
    const { data, shape } = host("i");
    return graph.embedding(node("w"), data, { shape, paddingIndex: params["padding_idx"] as number | undefined });
  },
  scaled_dot_product_attention: attention,
  reshape: unary((graph, x, params) => graph.reshape(x, params["shape"] as number[])),
  permute: unary((graph, x, params) => graph.permute(x, params["dims"] as number[])),
  "permute+reshape": unary((graph, x, params) => {
    return graph.reshape(graph.permute(x, params["dims"] as number[]), params["shape"] as number[]);
  }),
  concat: binary((graph, a, b, params) => graph.concat([a, b], params["dim"] as number)),
  stack: binary((graph, a, b) => graph.concat([graph.reshape(a, [2, 1, 3]), graph.reshape(b, [2, 1, 3])], 1)),
  slice: unary((graph, x, params) => graph.slice(x, params as { dim: number })),
  gather: (graph, { node, host }, params) => {
    const { data, shape } = host("i");
    return graph.gather(node("x"), { dim: params["dim"] as number, indices: Int32Array.from(data), shape });
  },
  index_select: (graph, { node, host }, params) => {
    return graph.indexSelect(node("x"), { dim: params["dim"] as number, indices: Int32Array.from(host("i").data) });
  },
  "x[:,0]": unary((graph, x) => graph.reshape(graph.slice(x, { dim: 1, end: 1 }), [2, 3])),
  broadcast_to: unary((graph, x, params) => graph.expand(x, params["shape"] as number[])),
  pad: unary((graph, x, params) => {
    const [before, after] = params["pad"] as [number, number];
    return graph.pad(x, { dim: params["dim"] as number, before, after });
  }),
  split: unary((graph, x, params) => {
    const [skipped, taken] = params["sizes"] as [number, number];
    return graph.slice(x, { dim: -1, start: skipped, end: skipped + taken });
  }),
  repeat_interleave: unary((graph, x) => graph.indexSelect(x, { dim: 1, indices: [0, 0, 0, 1, 1, 1] })),
  sum: unary((graph, x, params) => graph.sum(x, reduction(params))),
  mean: unary((graph, x, params) => graph.mean(x, reduction(params))),
  amax: unary((graph, x, params) => graph.amax(x, reduction(params))),
  amin: unary((graph, x, params) => graph.amin(x, reduction(params))),
  var: unary((graph, x, params) => variance(graph, x, params["correction"] as number)),
  std: unary((graph, x, params) => graph.sqrt(variance(graph, x, params["correction"] as number))),
  norm: unary((graph, x) => graph.sqrt(graph.sum(graph.square(x), { dim: -1 }))),
  l2_normalize: unary((graph, x, params) => graph.normalize(x, params)),
  cosine_similarity: binary(cosine),
  "normalize(a) @ normalize(b)^T": binary((graph, a, b) => {
    return graph.matmul(graph.normalize(a), graph.normalize(b), { transposeB: true });
  }),
  "masked mean pooling": (graph, { node, host }) => {
    const [batch, length, width] = graph.shape(node("x")) as [number, number, number];
    const real = [...host("m").data.keys()].filter((i) => host("m").data[i] !== 0);
    const offsets = Array.from({ length: batch + 1 }, (_, b) => real.filter((i) => i < b * length).length);
    const tokens = graph.indexSelect(graph.reshape(node("x"), [-1, width]), { dim: 0, indices: real });
    return graph.meanPool(tokens, offsets);
  },
  "multiple negatives ranking loss": binary((graph, a, b, params) => {
    const scores = graph.matmul(graph.normalize(a), graph.normalize(b), { transposeB: true });
    return graph.crossEntropy(graph.mul(scores, number(graph, params["scale"] as number)), [0, 1, 2, 3, 4]);
  }),
  "cosine-similarity MSE loss": (graph, { node }) => graph.mseLoss(cosine(graph, node("a"), node("b")), node("t")),
};
