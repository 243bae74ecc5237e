import { applyRotary, attendCapped, gated } from "../../../ts/graph/decoder-ops.js";
import { frozenMatrix } from "../../../ts/graph/frozen/stored-weight.js";
import type { AdapterColumns } from "../../../ts/ops/product/lora-linear.js";
import { type Engine, Graph, LoraLinear, type NodeId, normal } from "../../../ts/index.js";

/** An op with the shapes of its inputs, which get gradients. Sizes are odd, and larger than a tile where it matters. */
interface Case {
  readonly inputs: readonly (readonly number[])[];
  run(graph: Graph, ids: readonly NodeId[]): NodeId;
}

type One = (graph: Graph, x: NodeId) => NodeId;

const unary: Record<string, One> = {
  gelu: (graph, x) => graph.gelu(x),
  "gelu, tanh": (graph, x) => graph.gelu(x, { approximate: "tanh" }),
  relu: (graph, x) => graph.relu(x),
  silu: (graph, x) => graph.silu(x),
  quickGelu: (graph, x) => graph.quickGelu(x),
  sigmoid: (graph, x) => graph.sigmoid(x),
  tanh: (graph, x) => graph.tanh(x),
  exp: (graph, x) => graph.exp(x),
  erf: (graph, x) => graph.erf(x),
  square: (graph, x) => graph.square(x),
  neg: (graph, x) => graph.neg(x),
  abs: (graph, x) => graph.abs(x),
  "sqrt, log, rsqrt, reciprocal of positive numbers": (graph, x) => {
    const positive = graph.add(graph.square(x), graph.sigmoid(x));
    return graph.add(
      graph.add(graph.sqrt(positive), graph.log(positive)),
      graph.mul(graph.rsqrt(positive), graph.reciprocal(positive)),
    );
  },
  "dropout in training": (graph, x) => graph.dropout(x, 0.3),
  "sum over a dimension": (graph, x) => graph.sum(x, { dim: [0] }),
  "mean over the last dimension": (graph, x) => graph.mean(x, { dim: [1] }),
  slice: (graph, x) => graph.slice(x, { dim: 1, start: 2, end: 30 }),
  permute: (graph, x) => graph.permute(graph.reshape(x, [3, 9, 35]), [2, 0, 1]),
};

const matrix = [27, 35];
/** Of seven tokens, five pairs each. */
const ANGLES = Float32Array.from({ length: 35 }, (_, i) => i / 9);

/** Two sequences of two heads, with 19 buckets of distances, and tables of queries or keys. */
function disentangled(has: readonly [boolean, boolean]): Case {
  const buckets = Array.from({ length: 79 }, (_, i) => Math.floor(i / 5) + (i % 3));
  return {
    inputs: [[45, 3 * 2 * 18], ...has.filter(Boolean).map(() => [45, 2 * 19])],
    run: (graph, [qkv, ...tables]) => {
      const [c2p, p2c] = has.map((is) => (is ? tables.shift()! : null)) as [NodeId | null, NodeId | null];
      return graph.disentangledAttention(qkv!, c2p, p2c, { offsets: [0, 33, 33, 45], heads: 2, buckets });
    },
  };
}

/** Adapters of given ranks on a frozen weight. */
function lora(
  x: readonly [number, number],
  width: number,
  adapters: readonly (readonly [number, AdapterColumns])[],
  { bias = false, adapterInput = false } = {},
): Case {
  const own = [...(bias ? [[width]] : []), ...(adapterInput ? [x] : [])];
  return {
    inputs: [
      x,
      ...own,
      ...adapters.flatMap(([rank, { width }]) => [
        [x[1], rank],
        [rank, width],
      ]),
    ],
    run: (graph, [first, ...rest]) =>
      graph.loraLinear([first!, graph.constant(normal(graph, [x[1], width], 1)), ...rest], {
        bias,
        adapterInput,
        adapters: adapters.map(([, columns]) => columns),
      }),
  };
}

export const cases: Record<string, Case> = {
  ...Object.fromEntries(
    Object.entries(unary).map(([name, run]) => [name, { inputs: [matrix], run: (graph, [x]) => run(graph, x!) }]),
  ),
  "add, broadcast": { inputs: [matrix, [35]], run: (graph, [a, b]) => graph.add(a!, b!) },
  sub: { inputs: [matrix, [27, 1]], run: (graph, [a, b]) => graph.sub(a!, b!) },
  "mul, broadcast": { inputs: [matrix, [27, 1]], run: (graph, [a, b]) => graph.mul(a!, b!) },
  "div by a positive divisor, broadcast": {
    inputs: [matrix, [27, 1]],
    run: (graph, [a, b]) => graph.div(a!, graph.add(graph.square(b!), graph.exp(b!))),
  },
  "maximum and minimum": {
    inputs: [matrix, [35]],
    run: (graph, [a, b]) => graph.add(graph.maximum(a!, b!), graph.mul(graph.minimum(a!, b!), a!)),
  },
  "maximum of equals": { inputs: [matrix], run: (graph, [a]) => graph.maximum(a!, a!) },
  clamp: { inputs: [matrix], run: (graph, [a]) => graph.clamp(a!, { min: -0.5, max: 0.7 }) },
  "largest of the rows": { inputs: [[5, 27, 3]], run: (graph, [a]) => graph.amax(a!, { dim: [1] }) },
  "smallest of two dimensions, with ties": {
    inputs: [[5, 27, 3]],
    run: (graph, [a]) => graph.amin(graph.relu(a!), { dim: [0, 2] }),
  },
  "a tall product": { inputs: [[150, 40], [40, 7]], run: (graph, [a, b]) => graph.matmul(a!, b!) },
  "a product of transposes": {
    inputs: [[33, 70], [90, 33]],
    run: (graph, [a, b]) => graph.matmul(a!, b!, { transposeA: true, transposeB: true }),
  },
  "products of a batch": { inputs: [[3, 20, 33], [3, 33, 18]], run: (graph, [a, b]) => graph.matmul(a!, b!) },
  "layer norm": {
    inputs: [[27, 135], [135], [135]],
    run: (graph, [x, w, b]) => graph.layerNorm(x!, w!, b!, { normalizedShape: [135] }),
  },
  "RMS norm": { inputs: [[27, 70], [70]], run: (graph, [x, w]) => graph.rmsNorm(x!, w!) },
  normalize: { inputs: [matrix], run: (graph, [x]) => graph.normalize(x!) },
  "softmax of the middle dimension": { inputs: [[4, 21, 5]], run: (graph, [x]) => graph.softmax(x!, 1) },
  "log softmax": { inputs: [matrix], run: (graph, [x]) => graph.logSoftmax(x!) },
  embedding: {
    inputs: [[11, 40]],
    run: (graph, [table]) => graph.embedding(table!, Array.from({ length: 30 }, (_, i) => (i * 7) % 11), { paddingIndex: 3 }),
  },
  "mean pool": { inputs: [[20, 40]], run: (graph, [x]) => graph.meanPool(x!, [0, 3, 3, 19, 20]) },
  "index select": { inputs: [[3, 9, 5]], run: (graph, [x]) => graph.indexSelect(x!, { dim: 1, indices: [4, 0, 4, 8] }) },
  concat: { inputs: [matrix, [27, 3]], run: (graph, [a, b]) => graph.concat([a!, b!], 1) },
  "pad and expand": { inputs: [[1, 35]], run: (graph, [x]) => graph.expand(graph.pad(x!, { dim: 1, before: 2, after: 1 }), [4, 38]) },
  LoRA: lora([37, 70], 50, [[5, { start: 0, width: 50, scaling: 2 }]], { bias: true }),
  "LoRA on blocks of columns, ranks beyond a panel": lora([20, 33], 140, [
    [3, { start: 0, width: 35, scaling: 2 }],
    [20, { start: 70, width: 35, scaling: 0.5 }],
    [4, { start: 105, width: 9, scaling: 1 }],
    [2, { start: 114, width: 26, scaling: 1 }],
  ]),
  "LoRA by rows": lora([70, 12], 20, [
    [3, { start: 0, width: 20, scaling: 2, rows: { start: 3, end: 30 } }],
    [2, { start: 0, width: 20, scaling: 1, rows: { start: 30, end: 65 } }],
    [4, { start: 5, width: 11, scaling: 3, rows: { start: 20, end: 40 } }],
  ]),
  "LoRA with an input of its own": lora([19, 12], 20, [[3, { start: 0, width: 20, scaling: 2 }]], { adapterInput: true }),
  // Where a number of the first one's B is NaN, the second one's columns stay as they are.
  "LoRA beside another": {
    inputs: [[3, 11], [20, 12], [12, 3], [12, 2], [2, 9]],
    run: (graph, [b, x, a, nextA, nextB]) =>
      graph.loraLinear([x!, graph.constant(normal(graph, [12, 20], 1)), a!, b!, nextA!, nextB!], {
        bias: false,
        adapterInput: false,
        adapters: [{ start: 0, width: 11, scaling: 2 }, { start: 11, width: 9, scaling: 1 }],
      }),
  },
  "LoRA of one matrix with itself": {
    inputs: [[9, 9], [9, 9]],
    run: (graph, [x, b]) =>
      graph.loraLinear([x!, x!, x!, b!], { bias: false, adapterInput: false, adapters: [{ start: 0, width: 9, scaling: 2 }] }),
  },
  "ragged attention": {
    inputs: [[70, 3 * 4 * 20]],
    run: (graph, [qkv]) => graph.raggedAttention(qkv!, { offsets: [0, 5, 5, 50, 70], heads: 4 }),
  },
  "ragged attention, causal, grouped heads, a window": {
    inputs: [[70, 8 * 12]],
    run: (graph, [qkv]) => graph.raggedAttention(qkv!, { offsets: [0, 7, 63, 70], heads: 4, kvHeads: 2, causal: true, window: 19 }),
  },
  ...Object.fromEntries(
    (["silu", "gelu", "gelu_tanh"] as const).map((activation) => [
      `gated, ${activation}`,
      { inputs: [[9, 70]], run: (graph: Graph, [x]: readonly NodeId[]) => gated(graph, x!, activation) },
    ]),
  ),
  ...Object.fromEntries(
    [true, false].map((interleaved) => [
      `rotary, interleaved ${interleaved}`,
      {
        inputs: [[7, 50]],
        run: (graph: Graph, [x]: readonly NodeId[]) =>
          applyRotary(graph, x!, { cos: ANGLES.map(Math.cos), sin: ANGLES.map(Math.sin), pairs: 5, heads: 3, headDim: 12, interleaved }),
      },
    ]),
  ),
  "ragged attention with capped scores": {
    inputs: [[40, 3 * 2 * 16]],
    run: (graph, [qkv]) =>
      attendCapped(graph, qkv!, { offsets: Int32Array.of(0, 23, 40), heads: 2, kvHeads: 2, causal: true, scale: 0.5, window: null, cap: 2 }),
  },
  "attention with biases by distance": {
    inputs: [[33, 3 * 2 * 16]],
    run: (graph, [qkv]) =>
      graph.raggedAttention(qkv!, { offsets: [0, 20, 33], heads: 2, distanceBias: Array.from({ length: 2 * 39 }, (_, i) => (i % 11) / 5 - 1) }),
  },
  "disentangled attention": disentangled([true, true]),
  "disentangled attention by queries": disentangled([true, false]),
  "disentangled attention by keys": disentangled([false, true]),
  "attention with a mask": {
    inputs: [[2, 4, 18, 33], [2, 2, 25, 33], [2, 2, 25, 33]],
    run: (graph, [q, k, v]) =>
      graph.scaledDotProductAttention(q!, k!, v!, { mask: Array.from({ length: 50 }, (_, i) => Number(i % 25 < 9 || i > 30)) }),
  },
  "mean squared error": { inputs: [matrix, matrix], run: (graph, [a, b]) => graph.mseLoss(a!, b!) },
  "cross entropy with weights, smoothing and ignored rows": {
    inputs: [[21, 300]],
    run: (graph, [logits]) =>
      graph.crossEntropy(logits!, Array.from({ length: 21 }, (_, i) => (i % 5 === 0 ? -100 : (i * 17) % 300)), {
        labelSmoothing: 0.2,
        weight: Array.from({ length: 300 }, (_, i) => 0.5 + (i % 7)),
      }),
  },
  "cross entropy of each row": {
    inputs: [[40, 3]],
    run: (graph, [logits]) => graph.crossEntropy(logits!, Array.from({ length: 40 }, (_, i) => i % 3), { reduction: "none" }),
  },
}; // prettier-ignore

/** Frozen matrices in formats whose bytes need no quantising: W and Wᵀ in products and columns. */
function frozenCases(graph: Graph, x: NodeId): Record<string, NodeId> {
  const values = normal(graph, [40, 50], 1).data;
  const bytes = {
    f32: new Uint8Array(values.slice().buffer),
    bf16: new Uint8Array(Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16).buffer),
  };
  const made: Record<string, NodeId> = {};
  for (const format of ["f32", "bf16"] as const) {
    for (const transposed of [false, true]) {
      const shape = transposed ? ([50, 40] as const) : ([40, 50] as const);
      const weight = frozenMatrix(graph, { shape, format, transposed, bytes: bytes[format] });
      const wide = transposed
        ? graph.linear(graph.linear(x, graph.constant(normal(graph, [40, 50], 0.2))), weight)
        : graph.linear(x, weight);
      made[`${format}, transposed ${transposed}`] = wide;
    }
  }
  return made;
}

async function mergedLayer(engine: Engine): Promise<number[]> {
  using graph = new Graph({ engine, seed: 3 });
  const weight = graph.constant(normal(graph, [40, 30], 1));
  const layer = LoraLinear.fromLinear(graph, weight, null, 40, 30, { rank: 3 });
  graph.setValue(layer.loraB, normal(graph, [3, 30], 1));
  return [...(await layer.readMerged(graph)).data];
}

/** DoRA's magnitudes, its result with an update, the merged weight, and the gradients of all that is trained. */
async function magnitudes(engine: Engine): Promise<Record<string, number[]>> {
  using graph = new Graph({ engine, seed: 3 });
  const weight = graph.constant(normal(graph, [40, 30], 1));
  const bias = graph.constant(normal(graph, [30], 1));
  const layer = LoraLinear.fromLinear(graph, weight, bias, 40, 30, { rank: 3, dora: true });
  const first = (await graph.read(layer.magnitude!)).data;
  graph.setValue(layer.loraB, normal(graph, [3, 30], 1));
  const x = graph.variable(normal(graph, [21, 40], 1));
  const read = graph.step(() => {
    const y = layer.forward(graph, x);
    graph.backward(graph.sum(graph.mul(y, graph.constant(normal(graph, [21, 30], 1)))));
    return { value: graph.read(y) };
  });
  const gradients = [x, ...layer.trainableParams()].map(async (id) => [...(await graph.readGrad(id))!.data]);
  const named = Object.fromEntries((await Promise.all(gradients)).map((values, i) => [`DoRA: gradient ${i}`, values]));
  const merged = (await layer.readMerged(graph)).data;
  return { "DoRA: magnitudes": [...first], DoRA: [...(await read.value).data], "DoRA, merged": [...merged], ...named };
}

/** Values and gradients of the cases whose kernels add over the threads of a workgroup. */
export const runOfRows = (engine: Engine): Promise<Record<string, number[]>> =>
  runCases(
    engine,
    Object.entries(cases).filter(([name]) => /norm|softmax|entropy|squared|over the last/.test(name)),
  );

async function runCases(
  engine: Engine,
  chosen: readonly (readonly [string, Case])[],
): Promise<Record<string, number[]>> {
  const results: Record<string, number[]> = {};
  for (const [name, { inputs, run }] of chosen) {
    using graph = new Graph({ engine, seed: 3 });
    const ids = inputs.map((shape) => graph.variable(normal(graph, shape, 1)));
    const { value } = graph.step(() => {
      const result = run(graph, ids);
      const weights = graph.constant(normal(graph, graph.shape(result), 1));
      // Twice: the second pass adds to the first one's gradients.
      const loss = graph.sum(graph.mul(result, weights));
      graph.backward(loss);
      graph.backward(loss);
      return { value: graph.read(result) };
    });
    results[name] = [...(await value).data];
    for (const [i, id] of ids.entries()) results[`${name}: gradient ${i}`] = [...(await graph.readGrad(id))!.data];
  }
  return results;
}

/** Values and gradients of every case, by name. */
export async function runOps(engine: Engine): Promise<Record<string, number[]>> {
  const results = await runCases(engine, Object.entries(cases));
  results["a merged layer"] = await mergedLayer(engine);
  Object.assign(results, await magnitudes(engine));
  using graph = new Graph({ engine, seed: 3 });
  const x = graph.variable(normal(graph, [19, 40], 1));
  const read = graph.step(() => {
    const all = frozenCases(graph, x);
    for (const id of Object.values(all)) graph.backward(graph.mean(id));
    return Object.entries(all).map(async ([name, id]) => [name, (await graph.read(id)).data] as const);
  });
  for (const [name, data] of await Promise.all(read)) results[name] = [...data];
  results["gradient through frozen matrices"] = [...(await graph.readGrad(x))!.data];
  return results;
}
