import { training } from "../shapes.mjs";

/** Of its AdamW, which adds it to the second moment's root before that is corrected for the first steps. */
const EPS = 1e-6;

/**
 * The training build that ONNX Runtime Web had up to 1.19. Its graphs are made by Python (`python/training_artifacts.py`)
 * and read with `load`. x is a parameter there, so that ∂x is computed, and is updated too. Gradients cannot be read, so A
 * and B after a step are compared.
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
    eps: EPS / Math.sqrt(1 - training.beta2),
    run,
    async first() {
      const out = await run();
      const loss = Object.values(out).find((tensor) => tensor.data.length === 1).data[0];
      const { data: params } = await session.getContiguousParameters(true);
      const [a, b] = split(params, [inFeatures * rank, rank * outFeatures], data);
      return { loss, a, b };
    },
    dispose: () => session.release(),
  };
}

/** Finds A and B among the trained parameters, which lie behind one another, x with them, in an order of the runtime's own. */
function split(params, [sizeA, sizeB], { a, b }) {
  const sizeX = params.length - sizeA - sizeB;
  const places = (other) => [0, other, sizeX, sizeX + other];
  return [part(params, a, places(sizeB)), part(params, b, places(sizeA))];
}

/** The place that is nearest to where the parameter started: a step moves it by little. */
function part(params, start, places) {
  const distance = (from) => start.reduce((sum, x, i) => sum + Math.abs(params[from + i] - x), 0);
  const from = places.reduce((best, place) => (distance(place) < distance(best) ? place : best));
  return params.slice(from, from + start.length);
}
