import { setBinaryLocator } from "../../../ts/engine/source.js";
import { createEngine, type Engine, Graph, init, tensor, zeros } from "../../../ts/index.js";
import { trainClassifier } from "./classifier.js";
import { trainEncoder } from "./encoder.js";
import { engineAndDevice, engineWithoutFeatures } from "./its-device.js";
import { fewRowProducts } from "./few-rows.js";
import { roundToHalves } from "./halves.js";
import { generateGolden, generateWithHalves, refusedLanguage, trainLanguage } from "./language.js";
import { loraDispatches } from "./lora-dispatches.js";
import { trainThroughLoss } from "./lost-device.js";
import { misuse } from "./misuse.js";
import { encodeGolden, fitEncoder, trainGolden } from "./models.js";
import { nanPlaces } from "./nan-places.js";
import { runOfRows, runOps } from "./op-cases.js";
import { comparePrograms, onGpu } from "./random-programs.js";
import { recordErrors } from "./recorded-errors.js";
import type { Trained } from "./training-loop.js";

// Bundled by the tests, for a page and for Node: everything runs on a GPU and on WASM, and the numbers go back as JSON.

export * as lowrank from "../../../ts/index.js";
export { compareJobs, loseDeviceInJob } from "./whole-runs.js";

const STEPS = 4;
const options = { threads: 1, build: "simd" } as const;

/** Sets the binary, by its address or its bytes. */
export function useBinary(simd: string | Uint8Array<ArrayBuffer>): void {
  setBinaryLocator(() => simd);
}

/** Runs `body` on an engine on the GPU and one on WASM. */
async function onBoth<T>(body: (engine: Engine) => Promise<T>): Promise<{ gpu: T; wasm: T }> {
  const [wasm, gpu] = [await createEngine(options), await createEngine({ ...options, device: "webgpu" })];
  const results = { gpu: await body(gpu), wasm: await body(wasm) };
  await Promise.all([gpu.close(), wasm.close()]);
  return results;
}

/** As lists, which come back from a page. */
const lists = ({ losses, norms, gradients, parameters }: Trained) => ({
  losses,
  norms,
  gradients: gradients.map((each) => [...each]),
  parameters: parameters.map((each) => [...each]),
});

/** The same encoder trained on both. */
export const compareEncoders = () => onBoth(async (engine) => lists(await trainEncoder(engine, STEPS)));

/** The same training on both, and twice on the GPU; what crosses to it and back in each step; what it refuses. */
export async function compareTraining() {
  let counted: Record<string, number>[] = [];
  let refused: Record<string, string> = {};
  const lora: Record<string, number>[] = [];
  const again: unknown[] = [];
  const { gpu, wasm } = await onBoth(async (engine) => {
    const { adapter } = engine.info;
    if (adapter === undefined) return lists(await trainClassifier(engine, STEPS));
    counted = [];
    const counts = () => counted.push({ ...(engine as Engine & { counts: Record<string, number> }).counts });
    const trained = lists(await trainClassifier(engine, STEPS, counts));
    again.push(lists(await trainClassifier(engine, STEPS)));
    refused = await misuse(engine);
    for (const blocks of [1, 3]) lora.push(await loraDispatches(engine, blocks));
    return trained;
  });
  return { gpu, wasm, sameBits: JSON.stringify(gpu) === JSON.stringify(again[0]), counted, lora, refused };
}

/** A device that is lost during a training. */
export const loseDevice = () => trainThroughLoss(options);

/** Vectors of golden encoders and a classifier's training on both, and short ones: with tables of distances in attention, and with DoRA. */
export const compareModels = (names: readonly string[]) =>
  onBoth(async (engine) => ({
    vectors: await encodeGolden(engine, names),
    trained: await trainGolden(engine),
    deberta: await fitEncoder(engine, "deberta-v2", false),
    dora: await fitEncoder(engine, "bert", true),
  }));

/** Vectors alone. */
export const compareVectors = (names: readonly string[]) => onBoth((engine) => encodeGolden(engine, names));

/** Golden language models on both, the training of an adapter, and what is refused. */
export async function compareLanguage([names, formats]: readonly [
  readonly string[],
  Parameters<typeof generateGolden>[2],
]) {
  let refused: Record<string, string> = {};
  const compared = await onBoth(async (engine) => {
    if (engine.info.adapter !== undefined) refused = await refusedLanguage(engine);
    return {
      generated: await generateGolden(engine, names, formats),
      halves: await generateWithHalves(engine),
      trained: await trainLanguage(engine, names[0]!),
    };
  });
  return { ...compared, refused };
}

/** What models generate, alone. */
export const compareGenerated = ([names, formats]: readonly [
  readonly string[],
  Parameters<typeof generateGolden>[2],
]) => onBoth((engine) => generateGolden(engine, names, formats));

/** Products of few rows. Without subgroups sums of threads are added otherwise, in the same way for all formats. */
export const compareFewRows = async () => ({
  ...(await onBoth((engine) => fewRowProducts(engine))),
  plain: await onPlain((engine) => fewRowProducts(engine, ["f32"])),
});

/** Runs `body` on a GPU without optional features. */
async function onPlain<T>(body: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await engineWithoutFeatures(options);
  const result = await body(engine);
  await engine.close();
  return result;
}

/** Numbers in 16 bits: those that fit, and all. */
export const compareHalves = () =>
  onBoth(async (engine) => ({ fit: await roundToHalves(engine, false), all: await roundToHalves(engine, true) }));

/** Every op with a kernel. */
export const compareOps = async () => ({ ...(await onBoth(runOps)), plain: await onPlain(runOfRows) });

/** Random programs on both, from a first one on: ordinary ones, and those with NaN, infinities and large numbers. */
export async function compareRandomPrograms({ first, ...counts }: { first: number; plain: number; wild: number }) {
  // Programs are made with a graph of the page's own engine.
  await init(options);
  const [wasm, gpu] = [await createEngine(options), await createEngine({ ...options, device: "webgpu" })];
  const before = gpu.info.memory.used;
  const plain = await comparePrograms({ from: 1 + first, count: counts.plain, wild: false }, gpu, wasm);
  const wild = await comparePrograms({ from: 3000 + first, count: counts.wild, wild: true }, gpu, wasm);
  const bytesLeft = gpu.info.memory.used - before;
  await Promise.all([gpu.close(), wasm.close()]);
  const unused = onGpu.ops.filter((name) => !plain.ops.has(name));
  return { plain, wild, bytesLeft, unused };
}

/** Workgroups in each direction that kernels ask for on more rows and sequences than usual; a program on the CPU would take minutes to run them. */
export async function manyGroups() {
  const engine = await createEngine({ ...options, device: "webgpu" });
  const graph = new Graph({ engine });
  const [matrices, tokens] = [graph.constant(zeros([70_000, 2, 2])), graph.constant(zeros([4_000, 3]))];
  const asked: [number, number][] = [];
  const { dispatchWorkgroups } = GPUComputePassEncoder.prototype;
  GPUComputePassEncoder.prototype.dispatchWorkgroups = (x, y = 1) => void asked.push([x, y]);
  try {
    graph.sum(matrices, { dim: [1] });
    const offsets = Array.from({ length: 4_001 }, (_, i) => i);
    graph.raggedAttention(tokens, { offsets, heads: 1 });
  } finally {
    GPUComputePassEncoder.prototype.dispatchWorkgroups = dispatchWorkgroups;
  }
  await engine.close();
  return asked;
}

/** Where results are NaN when a number of the first input is. */
export const compareNaN = () => onBoth(nanPlaces);

/** What happens when a device, a driver or memory fails: the errors, with `code` and reason. */
export async function failures() {
  const { errors, note } = recordErrors((error) => {
    const { code, details, message } = error as { code: string; details: { reason?: string }; message: string };
    return `${code} ${details?.reason ?? ""}: ${message}`;
  });
  const wanted = { ...options, device: "webgpu", maximumMemory: 2 ** 24 } as const;
  const { engine, device } = await engineAndDevice(wanted);
  const graph = new Graph({ engine });
  const small = graph.constant(tensor([2], [1, 2]));
  await note("more memory than the maximum", () => graph.constant(tensor([5_000_000], new Float32Array(5_000_000))));
  errors["after it"] = String((await graph.read(small)).data);
  const { engine: closing } = await engineAndDevice(wanted);
  const ofClosing = new Graph({ engine: closing });
  const unheard: string[] = [];
  const hear = ({ reason }: PromiseRejectionEvent) => void unheard.push(String(reason));
  globalThis.addEventListener("unhandledrejection", hear);
  const unread = ofClosing.read(ofClosing.constant(tensor([1], [1])));
  const closed = closing.close();
  await note("a read in progress of an engine that is closed", () => unread);
  await closed;
  // Rejections that nobody hears are told in a task of their own.
  await new Promise((resolve) => setTimeout(resolve, 50));
  globalThis.removeEventListener("unhandledrejection", hear);
  errors["unheard"] = unheard.join();

  const pending = graph.read(small);
  device.destroy();
  await note("a read in progress of a lost device", () => pending);
  await note("a call to a lost device", () => graph.read(small));
  await engine.close();
  graph.dispose();

  const { createShaderModule } = GPUDevice.prototype;
  GPUDevice.prototype.createShaderModule = function ({ code, ...rest }) {
    return createShaderModule.call(this, {
      ...rest,
      code: code.replace("p.alpha * product", "p.alpha * 1.01 * product"),
    });
  };
  await note("a driver that multiplies wrongly", () => createEngine(wanted));
  GPUDevice.prototype.createShaderModule = function ({ code, ...rest }) {
    return createShaderModule.call(this, { ...rest, code: code.replace("@compute", "@compute @nonsense") });
  };
  await note("a shader that is refused", () => createEngine(wanted));
  GPUDevice.prototype.createShaderModule = function ({ code, ...rest }) {
    return createShaderModule.call(this, { ...rest, code: code.replaceAll("subgroupAdd(", "1.01 * subgroupAdd(") });
  };
  const features = async () => {
    const started = await engineAndDevice(wanted);
    const used = [...started.device.features].filter((name) => name !== "core-features-and-limits");
    await started.engine.close();
    return String(used);
  };
  errors["features where subgroups add wrongly"] = await features();
  GPUDevice.prototype.createShaderModule = createShaderModule;
  errors["features"] = await features();

  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = () => Promise.reject(new DOMException("no", "OperationError"));
  await note("an adapter without a device", () => createEngine(wanted));
  GPUAdapter.prototype.requestDevice = requestDevice;

  const { requestAdapter } = GPU.prototype;
  GPU.prototype.requestAdapter = async () => null;
  await note("no adapter", () => createEngine(wanted));
  const auto = await createEngine({ ...wanted, device: "auto" });
  errors["auto without an adapter"] = String(auto.info.adapter);
  GPU.prototype.requestAdapter = requestAdapter;
  const software = await createEngine({ ...wanted, device: "auto" });
  errors["auto with a software adapter"] = String(software.info.adapter);
  await Promise.all([auto.close(), software.close()]);
  return errors;
}
