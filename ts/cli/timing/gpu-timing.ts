import { adapterName } from "../../engine/adapter-words.js";
import { type Engine, type EngineInfo, Graph } from "../../index.js";
import { VERSION } from "../../version.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { nextTask } from "../../waiting/next-task.js";
import { formatThreads } from "../terminal/number-format.js";
import { allWork, type KernelTiming, type KernelWork, measureWork } from "./kernel-timing.js";
import type { MeasuredModel } from "./models/measured-model.js";
import { apart, measureModel, type ModelTiming } from "./models/model-timing.js";
import { modelWorks } from "./models/model-work.js";

/** What a piece of work took on a GPU and on WebAssembly. */
interface GpuTiming {
  readonly work: string;
  readonly shape: string;
  readonly gpu: Times;
  readonly wasm: Times;
  /** How many times as fast the GPU is, by the fastest calls. */
  readonly ratio: number;
  /** Largest difference between their results, as a share of the largest number. */
  readonly difference: number;
}

type Times = Pick<KernelTiming, "fastest" | "median" | "gigaflops">;

/** What `lowrank bench --device webgpu --json` prints and the page *How fast is my GPU* saves. */
export interface GpuReport {
  readonly version: string;
  /** Node's version or the browser's user agent. */
  readonly runtime: string;
  readonly adapter: NonNullable<EngineInfo["adapter"]>;
  /** The engine that the GPU is compared with. */
  readonly wasm: Pick<EngineInfo, "build" | "threads">;
  readonly timings: readonly GpuTiming[];
  /** Timings of models: encoders and language models. */
  readonly models: readonly ModelTiming[];
  /** Work that was omitted because the adapter is a program on the CPU. */
  readonly omitted: readonly string[];
}

/** Operations of the largest work that a software adapter is measured on: it computes less than 1 GFLOP/s, and nobody needs to know. */
const MOST_IN_SOFTWARE = 1e7;

/** What is measured on an adapter, and the names of what is omitted. */
function workOn(software: boolean, all: readonly MeasuredModel[]) {
  const kernels = allWork();
  const work = kernels.filter(({ operations }) => !software || operations <= MOST_IN_SOFTWARE);
  const models = all.filter(({ always }) => !software || always);
  const omitted = [
    ...kernels.filter((each) => !work.includes(each)).map(titleOf),
    ...all.filter((each) => !models.includes(each)).flatMap(titlesOf),
  ];
  return { work, models, omitted };
}

const titlesOf = ({ name, task }: MeasuredModel) => modelWorks[task].map((work) => `${work} ${name}`);

const titleOf = ({ name, shape }: KernelWork) => `${name} ${shape.join("×")}`;

/** A line for people about an adapter; of a program on the CPU a second one, that its times say nothing about a GPU. */
export function adapterLines(adapter: GpuReport["adapter"]): string[] {
  const line = `GPU adapter: ${adapterName(adapter)}`;
  return adapter.software ? [line, "software adapter: these times say nothing about a GPU"] : [line];
}

/** A line for people about the engine that the GPU is compared with. */
export const wasmLine = ({ build, threads }: GpuReport["wasm"]): string =>
  `WebAssembly: ${build} build, ${formatThreads(threads)}`;

/** Options of `measureGpu`. */
interface GpuTimingOptions {
  readonly runtime: string;
  readonly models: readonly MeasuredModel[];
  /** Tokens of a model's prompt and batch; default 512. */
  readonly tokens?: number;
  /** Time for each piece of work on each engine. */
  readonly seconds: number;
  readonly signal?: AbortSignal;
  /** Called before each piece of work, and with the timing after it. */
  readonly onWork?: (progress: { readonly title: string; readonly done: number; readonly of: number }) => void;
}

/** Measures all work on an engine on a GPU beside one on WebAssembly. Results are compared before each is timed. */
export async function measureGpu(gpu: Engine, wasm: Engine, options: GpuTimingOptions): Promise<GpuReport> {
  const { runtime, seconds, tokens = 512, signal, onWork } = options;
  const adapter = gpu.info.adapter!;
  const { work, models, omitted } = workOn(adapter.software, options.models);
  // Of each model its loading too.
  const of = work.length + models.reduce((sum, { task }) => sum + 1 + modelWorks[task].length, 0);
  let done = 0;
  const begin = (title: string) => {
    throwIfAborted(signal);
    onWork?.({ title, done: done++, of });
    // The page draws it before the engine on WebAssembly keeps its thread busy.
    return nextTask();
  };
  const timings: GpuTiming[] = [];
  for (const each of work) {
    await begin(titleOf(each));
    timings.push(await measureBeside(gpu, wasm, each, seconds));
  }
  const ofModels: ModelTiming[] = [];
  for (const model of models) {
    const onWork = (each: string) => begin(`${each} ${model.name}`);
    ofModels.push(...(await measureModel([gpu, wasm], model, { seconds, tokens, signal }, onWork)));
  }
  const { build, threads } = wasm.info;
  return { version: VERSION, runtime, adapter, wasm: { build, threads }, timings, models: ofModels, omitted };
}

async function measureBeside(gpu: Engine, wasm: Engine, work: KernelWork, seconds: number): Promise<GpuTiming> {
  const difference = apart(await resultOf(wasm, work), await resultOf(gpu, work));
  const onWasm = await measureWork(wasm, work, seconds);
  const onGpu = await measureWork(gpu, work, seconds);
  const times = ({ fastest, median, gigaflops }: KernelTiming): Times => ({ fastest, median, gigaflops });
  return {
    work: onGpu.work,
    shape: onGpu.shape,
    gpu: times(onGpu),
    wasm: times(onWasm),
    ratio: onWasm.fastest / onGpu.fastest,
    difference,
  };
}

/** The second call's result: that of a training step depends on the first one's update. */
async function resultOf(engine: Engine, { prepare }: KernelWork): Promise<Float32Array> {
  const graph = new Graph({ engine, seed: 1 });
  try {
    const run = prepare(graph);
    run();
    let read: ReturnType<Graph["read"]> | undefined;
    run((id) => {
      read = graph.read(id);
    });
    return (await read!).data;
  } finally {
    graph.dispose();
  }
}

/** Heading of the table. */
export const GPU_HEADING = ["", "shape", "GPU", "speed", "WebAssembly", "speed", "GPU is", "difference"] as const;

/** Rows of a report for people: a person reads them in a terminal or on a page. */
export function gpuRows({ timings, models }: GpuReport): string[][] {
  return [
    ...timings.map((timing) => rowOf(timing.work, timing, ({ gigaflops }) => `${rate(gigaflops)} GFLOP/s`)),
    ...models.map((timing) => {
      const { work, model, random } = timing;
      const name = random ? `${model}'s shape` : model;
      return rowOf(`${work}, ${name}`, timing, ({ tokensPerSecond }) => `${rate(tokensPerSecond)} tokens/s`);
    }),
  ];
}

/** What both kinds of timing have. */
interface Timing<T> {
  readonly shape: string;
  readonly gpu: T;
  readonly wasm: T;
  readonly ratio: number;
  readonly difference: number;
}

function rowOf<T extends { readonly fastest: number }>(
  name: string,
  { shape, gpu, wasm, ratio, difference }: Timing<T>,
  speedOf: (times: T) => string,
): string[] {
  const [ours, theirs] = [gpu, wasm].map((times) => [milliseconds(times.fastest), speedOf(times)]);
  return [name, shape, ...ours!, ...theirs!, `${ratio.toPrecision(2)} ×`, difference.toExponential(1)];
}

const rate = (speed: number) => (speed < 100 ? speed.toPrecision(3) : speed.toFixed(0));

/** A time with three digits and its unit. */
export function milliseconds(time: number): string {
  if (time >= 1000) return `${(time / 1000).toPrecision(3)} s`;
  return time < 1 ? `${(1000 * time).toPrecision(3)} µs` : `${time.toPrecision(3)} ms`;
}
