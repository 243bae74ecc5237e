import { training } from "../shapes.mjs";

/**
 * The library, driven as its users drive it: through `Graph`, `LoraLinear` and `AdamW`.
 * @param {{ library: string, build: "simd" | "relaxed", threads: number, tile?: object }} options
 *   `library`: address of its entry
 */
export async function openLowrank({ library, build, threads, tile = "auto" }) {
  const lowrank = await import(library);
  const info = await lowrank.init({ build, threads, tile });
  settle(lowrank);
  return {
    peer: "lowrank",
    build: info.build,
    threads: info.threads,
    tile: () => Object.values(lowrank.engineInfo().tile).join("×"),
    peak: () => peak(lowrank),
    matmul: (product) => matmul(lowrank, product),
    loraStep: (shape, data) => loraStep(lowrank, shape, data),
    block: (shape, data) => block(lowrank, shape, data),
  };
}

/** The library tries its register tiles between the steps of its first three seconds; a training run is past that soon. */
function settle({ Graph }) {
  const graph = new Graph();
  const a = graph.constant({ shape: [128, 128], data: new Float32Array(128 * 128) });
  const begin = performance.now();
  while (performance.now() - begin < 3200) graph.step(() => graph.matmul(a, a));
  graph.dispose();
}

/** The most that 128-bit multiply-adds give on one thread of this machine, in the loop that gives most here. */
function peak({ Graph }) {
  const graph = new Graph();
  const { kernels } = graph.engine;
  const pointer = graph.allocateOwned(kernels.peak_len());
  kernels.fill(kernels.peak_len(), 0.5, pointer);
  const iterations = 20_000;
  const forms = Array.from({ length: kernels.peak_forms() }, (_, form) => ({
    flops: iterations * kernels.peak_flops(form),
    run: () => kernels.peak(form, iterations, pointer),
  }));
  const [fastest] = forms.sort((a, b) => speed(b) - speed(a));
  return { ...fastest, dispose: () => graph.dispose() };
}

/** Operations a millisecond, at the best of many runs. */
function speed({ flops, run }) {
  let least = Infinity;
  for (const begin = performance.now(); performance.now() - begin < 300;) {
    const start = performance.now();
    for (let i = 0; i < 100; i++) run();
    least = Math.min(least, performance.now() - start);
  }
  return (100 * flops) / least;
}

function matmul({ Graph }, { shape: [m, k, n], transposeA, transposeB, frozen, a, b }) {
  const graph = new Graph();
  const left = graph.constant({ shape: transposeA ? [k, m] : [m, k], data: a });
  const right = graph.constant({ shape: transposeB ? [n, k] : [k, n], data: b });
  const product = frozen
    ? () => graph.linear(left, right)
    : () => graph.matmul(left, right, { transposeA, transposeB });
  return {
    run: () => graph.step(product),
    result: () => graph.step(() => graph.value(product()).data),
    dispose: () => graph.dispose(),
  };
}

function loraStep({ Graph, LoraLinear, AdamW }, [rows, inFeatures, outFeatures], data) {
  const graph = new Graph();
  // A variable, so that the step gives ∂x, as it must below the first layer of a network.
  const x = graph.variable({ shape: [rows, inFeatures], data: data.x });
  const target = graph.constant({ shape: [rows, outFeatures], data: data.target });
  const layer = adapted(graph, LoraLinear, data);
  const optimizer = adam(graph, AdamW, layer.trainableParams());
  let loss = 0;
  const body = () => {
    const result = graph.mseLoss(layer.forward(graph, x), target);
    graph.backward(result);
    return result;
  };
  const run = () => {
    graph.zeroGrads();
    graph.step(body);
    optimizer.step();
  };
  return {
    run,
    first() {
      graph.zeroGrads();
      loss = graph.step(() => graph.value(body()).data[0]);
      optimizer.step();
      const [gradX, gradA, gradB] = [x, layer.loraA, layer.loraB].map((id) => graph.grad(id).data);
      return { loss, gradX, gradA, gradB, a: graph.value(layer.loraA).data, b: graph.value(layer.loraB).data };
    },
    dispose: () => graph.dispose(),
  };
}

function block({ Graph, LoraLinear, AdamW }, { rows, hidden, heads }, data) {
  const graph = new Graph();
  const x = graph.variable({ shape: [rows, hidden], data: data.x });
  const target = graph.constant({ shape: [rows, hidden], data: data.target });
  const norms = data.norms.map(({ weight, bias }) => [weight, bias].map((v) => vector(graph, v)));
  const { query, key, value, ...others } = data.layers;
  const [output, up, down] = [others.output, others.up, others.down].map((l) => adapted(graph, LoraLinear, l));
  const qkv = joined(graph, [query, key, value]);
  const params = [...qkv.params, ...[output, up, down].flatMap((layer) => layer.trainableParams())];
  const optimizer = adam(graph, AdamW, params);
  const body = () => {
    const mixed = graph.raggedAttention(qkv.forward(graph.layerNorm(x, ...norms[0], {})), {
      offsets: [0, rows],
      heads,
    });
    const y = graph.add(x, output.forward(graph, mixed));
    const inner = graph.gelu(up.forward(graph, graph.layerNorm(y, ...norms[1], {})));
    const loss = graph.mseLoss(graph.add(y, down.forward(graph, inner)), target);
    graph.backward(loss);
    return loss;
  };
  return {
    run() {
      graph.zeroGrads();
      graph.step(body);
      optimizer.step();
    },
    first() {
      graph.zeroGrads();
      const loss = graph.step(() => graph.value(body()).data[0]);
      optimizer.step();
      return { loss, gradX: graph.grad(x).data, gradA: graph.grad(qkv.params[0]).data };
    },
    dispose: () => graph.dispose(),
  };
}

/** Query, key and value as one product, as the library's own encoder runs them. */
function joined(graph, layers) {
  const [{ inFeatures, outFeatures }] = layers;
  const weight = new Float32Array(3 * inFeatures * outFeatures);
  const bias = new Float32Array(3 * outFeatures);
  layers.forEach((layer, part) => {
    bias.set(layer.bias, part * outFeatures);
    for (let i = 0; i < inFeatures; i++) {
      weight.set(layer.weight.subarray(i * outFeatures, (i + 1) * outFeatures), (3 * i + part) * outFeatures);
    }
  });
  const frozen = graph.constant({ shape: [inFeatures, 3 * outFeatures], data: weight });
  const frozenBias = vector(graph, bias);
  const params = layers.flatMap(({ a, b }) => [
    graph.variable({ shape: [inFeatures, a.length / inFeatures], data: a }),
    graph.variable({ shape: [b.length / outFeatures, outFeatures], data: b }),
  ]);
  const adapters = layers.map((_, part) => ({
    start: part * outFeatures,
    width: outFeatures,
    scaling: training.scaling,
  }));
  const attributes = { bias: true, adapterInput: false, adapters };
  return { params, forward: (x) => graph.loraLinear([x, frozen, frozenBias, ...params], attributes) };
}

function adapted(graph, LoraLinear, { inFeatures, outFeatures, weight, bias, a, b }) {
  const [rows, columns] = [inFeatures, outFeatures];
  const rank = a.length / rows;
  const frozen = graph.constant({ shape: [rows, columns], data: weight });
  return LoraLinear.fromLinear(graph, frozen, vector(graph, bias), rows, columns, {
    rank,
    alpha: rank * training.scaling,
    init: () => ({ a: { shape: [rows, rank], data: a }, b: { shape: [rank, columns], data: b } }),
  });
}

function adam(graph, AdamW, params) {
  const { lr, beta1, beta2, eps } = training;
  return new AdamW(graph, params, { lr, betas: [beta1, beta2], eps, weightDecay: 0 });
}

function vector(graph, data) {
  return graph.constant({ shape: [data.length], data });
}
