import { loraStepModel, matmulModel } from "../onnx/graphs.mjs";
import { training } from "../shapes.mjs";

const session = { executionProviders: ["wasm"], graphOptimizationLevel: "all" };

/**
 * ONNX Runtime Web's WebAssembly backend. Inputs are copied into its memory and outputs out of it at every run; its API
 * has no other way.
 * @param {{ ort: object, threads: number }} options `ort`: the module, told where its binary is and how many threads to use
 */
export function openOnnxRuntime({ ort, threads }) {
  return {
    peer: "onnxruntime-web",
    build: null,
    threads,
    matmul: (product) => matmul(ort, product),
    loraStep: (shape, data) => loraStep(ort, shape, data),
    block: () => null,
  };
}

async function matmul(ort, product) {
  const [m, k, n] = product.shape;
  const running = await ort.InferenceSession.create(matmulModel(product), session);
  const feeds = { A: tensor(ort, product.a, product.transposeA ? [k, m] : [m, k]) };
  if (!product.frozen) feeds.B = tensor(ort, product.b, product.transposeB ? [n, k] : [k, n]);
  return {
    run: () => running.run(feeds),
    result: async () => (await running.run(feeds)).C.data,
    dispose: () => running.release(),
  };
}

async function loraStep(ort, shape, data) {
  const [rows, inFeatures, outFeatures, rank] = shape;
  const running = await ort.InferenceSession.create(loraStepModel(shape, data), session);
  const x = tensor(ort, data.x, [rows, inFeatures]);
  const [shapeA, shapeB] = [
    [inFeatures, rank],
    [rank, outFeatures],
  ];
  const zeros = ([r, c]) => tensor(ort, new Float32Array(r * c), [r, c]);
  let state = {
    A: tensor(ort, data.a, shapeA),
    B: tensor(ort, data.b, shapeB),
    mA: zeros(shapeA),
    mB: zeros(shapeB),
    vA: zeros(shapeA),
    vB: zeros(shapeB),
  };
  let count = 0;
  const run = async () => {
    count += 1;
    const correction1 = tensor(ort, Float32Array.of(1 - training.beta1 ** count), []);
    const correction2 = tensor(ort, Float32Array.of(1 - training.beta2 ** count), []);
    const out = await running.run({ x, ...state, correction1, correction2 });
    state = { A: out.A2, B: out.B2, mA: out.mA2, mB: out.mB2, vA: out.vA2, vB: out.vB2 };
    return out;
  };
  return {
    run,
    runUndisposed: run,
    async first() {
      const { loss, gx, gA, gB, A2, B2 } = await run();
      return { loss: loss.data[0], gradX: gx.data, gradA: gA.data, gradB: gB.data, a: A2.data, b: B2.data };
    },
    dispose: () => running.release(),
  };
}

function tensor(ort, data, shape) {
  return new ort.Tensor("float32", data, shape);
}
