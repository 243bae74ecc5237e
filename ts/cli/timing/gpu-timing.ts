import { type Engine, type EngineInfo, Graph } from "../../index.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { nextTask } from "../../waiting/next-task.js";
import { VERSION } from "../../version.js";
import { formatThreads } from "../terminal/number-format.js";
import { encoderStep, MINILM } from "./encoder-work.js";
import { allWork, type KernelWork } from "./kernel-work.js";
import { type KernelTiming, measureWork } from "./kernel-timing.js";

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
  /** Work that was omitted because the adapter is a program on the CPU. */
  readonly omitted: readonly string[];
}

/** Operations of the largest work that a software adapter is measured on: it computes less than 1 GFLOP/s, and nobody needs to know. */
const MOST_IN_SOFTWARE = 1e7;

/** Everything that is measured on a GPU: to measure more, add a line. */
const gpuWork = (): KernelWork[] => [...allWork(), encoderStep("encoder step, MiniLM's size", MINILM)];

/** What is measured on an adapter, and the names of what is omitted. */
function gpuWorkOf(software: boolean): { work: KernelWork[]; omitted: string[] } {
  const all = gpuWork();
  const work = all.filter(({ operations }) => !software || operations <= MOST_IN_SOFTWARE);
  return { work, omitted: all.filter((each) => !work.includes(each)).map(titleOf) };
}

const titleOf = ({ name, shape }: KernelWork) => `${name} ${shape.join("×")}`;

/** A line for people about an adapter; of a program on the CPU a second one, that its times say nothing about a GPU. */
export function adapterLines({ vendor, architecture, description, software }: GpuReport["adapter"]): string[] {
  const words = [vendor, architecture, description].filter(Boolean).join(", ");
  const line = `GPU adapter: ${words || "without a name"}`;
  return software ? [line, "software adapter: these times say nothing about a GPU"] : [line];
}

/** A line for people about the engine that the GPU is compared with. */
export const wasmLine = ({ build, threads }: GpuReport["wasm"]): string =>
  `WebAssembly: ${build} build, ${formatThreads(threads)}`;

/** Options of `measureGpu`. */
interface GpuTimingOptions {
  readonly runtime: string;
  /** Time for each piece of work on each engine. */
  readonly seconds: number;
  readonly signal?: AbortSignal;
  /** Called before each piece of work, and with the timing after it. */
  readonly onWork?: (progress: { readonly title: string; readonly done: number; readonly of: number }) => void;
}

/** Measures all work on an engine on a GPU beside one on WebAssembly. Results are compared before each is timed. */
export async function measureGpu(gpu: Engine, wasm: Engine, options: GpuTimingOptions): Promise<GpuReport> {
  const { runtime, seconds, signal, onWork } = options;
  const adapter = gpu.info.adapter!;
  const { work, omitted } = gpuWorkOf(adapter.software);
  const timings: GpuTiming[] = [];
  for (const each of work) {
    throwIfAborted(signal);
    onWork?.({ title: titleOf(each), done: timings.length, of: work.length });
    // The page draws it before the engine on WebAssembly keeps its thread busy.
    await nextTask();
    timings.push(await measureBeside(gpu, wasm, each, seconds));
  }
  const { build, threads } = wasm.info;
  return { version: VERSION, runtime, adapter, wasm: { build, threads }, timings, omitted };
}

async function measureBeside(gpu: Engine, wasm: Engine, work: KernelWork, seconds: number): Promise<GpuTiming> {
  const difference = apart(await resultOf(wasm, work), await resultOf(gpu, work));
  const onWasm = await measureWork(wasm, work, seconds);
  const onGpu = await measureWork(gpu, work, seconds);
  const times = ({ fastest, median, gigaflops }: KernelTiming): Times => ({ fastest, median, gigaflops });
  return {
    ...{ work: onGpu.work, shape: onGpu.shape, gpu: times(onGpu), wasm: times(onWasm) },
    ...{ ratio: onWasm.fastest / onGpu.fastest, difference },
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

function apart(expected: Float32Array, actual: Float32Array): number {
  let [difference, most] = [0, 0];
  for (const [i, value] of expected.entries()) {
    const here = Math.abs(value - actual[i]!);
    // A NaN stays.
    difference = here <= difference ? difference : here;
    most = Math.max(most, Math.abs(value));
  }
  return difference / (most || 1);
}
