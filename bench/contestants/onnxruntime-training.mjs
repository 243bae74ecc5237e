import { training } from "../shapes.mjs";

/**
 * The training build that ONNX Runtime Web had up to 1.19. Its graphs are made by Python (`python/training_artifacts.py`)
 * and read with `load`. x is a parameter there, so that ∂x is computed, and is updated too. It adds Adam's eps before the
 * correction of the second moment and decays by 0.01, so only A and B after a step can be compared, roughly.
 * @param {{ ort: object, threads: number, load: (name: string) => Promise<Uint8Array> }} options
 */
export function openOnnxRuntimeTraining({ ort, threads, load }) {
  return {
    peer: "onnxruntime-web-training",
    build: null,
    threads,
    matmul: () => null,
    loraStep: (shape, data) => loraStep(ort, load, shape, data),
    block: () => null,
  };
}

async function loraStep(ort, load, shape, data) {
  const [rows, inFeatures, outFeatures, rank] = shape;
  const folder = `lora-${shape.join("-")}`;
  const files = ["checkpoint", "training_model.onnx", "eval_model.onnx", "optimizer_model.onnx"];
  const [checkpointState, trainModel, evalModel, optimizerModel] = await Promise.all(
    files.map((file) => load(`${folder}/${file}`)),
  );
  const session = await ort.TrainingSession.create(
    { checkpointState, trainModel, evalModel, optimizerModel },
    { executionProviders: ["wasm"] },
  );
  const feeds = {};
  for (const name of session.trainingInputNames) {
    // The graph needs an input beside the target; a zero is added to the result.
    feeds[name] =
      name === "zero"
        ? new ort.Tensor("float32", new Float32Array(1), [1, 1])
        : new ort.Tensor("float32", data.target, [rows, outFeatures]);
  }
  const run = async () => {
    const out = await session.runTrainStep(feeds);
    await session.runOptimizerStep();
    await session.lazyResetGrad();
    return out;
  };
  return {
    eps: training.eps / Math.sqrt(1 - training.beta2),
    run,
    async first() {
      const out = await run();
      const loss = Object.values(out).find((tensor) => tensor.data.length === 1).data[0];
      const { data: params } = await session.getContiguousParameters(true);
      const [a, b] = split(params, [inFeatures * rank, rank * outFeatures], data.a);
      return { loss, a, b };
    },
    dispose: () => session.release(),
  };
}

/** Finds A and B in the trained parameters, which come in an order of the runtime's own, x among them. */
function split(params, [sizeA, sizeB], startA) {
  const sizeX = params.length - sizeA - sizeB;
  const orders = [
    [0, sizeA],
    [sizeB, 0],
    [sizeX, sizeX + sizeA],
    [sizeX + sizeB, sizeX],
    [0, sizeA + sizeX],
    [sizeB + sizeX, 0],
  ];
  const distance = (from) => Math.max(...startA.map((x, i) => Math.abs(params[from + i] - x)).slice(0, 64));
  const [from, fromB] = orders.reduce((best, order) => (distance(order[0]) < distance(best[0]) ? order : best));
  return [params.slice(from, from + sizeA), params.slice(fromB, fromB + sizeB)];
}
