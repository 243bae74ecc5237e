import { type Command, Option } from "commander";
import { throwIfAborted } from "../../waiting/abort.js";
import { createEngine, type Engine, type EngineInfo } from "../../entry/node.js";
import { engine } from "../../engine/engine.js";
import { ConfigError, ModelError, UnsupportedError } from "../../errors/errors.js";
import { nextTask } from "../../waiting/next-task.js";
import { collected } from "../files/language-model.js";
import { addEngineOptions } from "../files/classifier-folder.js";
import { type EngineOptions, engineSettings, startEngine } from "../engine-start.js";
import {
  adapterLines,
  GPU_HEADING,
  type GpuReport,
  gpuRows,
  measureGpu,
  milliseconds,
  wasmLine,
} from "../timing/gpu-timing.js";
import { allWork, type KernelTiming, measurePeak, measureWork } from "../timing/kernel-timing.js";
import { formatThreads } from "../terminal/number-format.js";
import { real, whole } from "../options/option-values.js";
import type { Session } from "../session.js";
import { tableLines } from "../terminal/terminal.js";
import { basename } from "node:path";
import { folderOrGguf, ggufAt, ggufFile, resolveModel } from "../../io/node/index.js";
import { type ModelSource, readRequiredJson } from "../../io/model-source.js";
import { decoderPlan } from "../../models/decoders.js";
import { DEFAULT_LANGUAGE_MODEL } from "../../tasks/language/settings.js";
import {
  type MeasuredModel,
  MINILM,
  type ModelShape,
  SMOLLM2,
  withRandomWeights,
} from "../timing/models/measured-model.js";
import { findModel } from "../files/base-model.js";

const EXAMPLES = `
Examples:
  lowrank bench
  lowrank bench --threads 1 --build simd
  lowrank bench --device webgpu --json > gpu.json
  lowrank bench --device webgpu --model Qwen/Qwen3-0.6B
`;

interface BenchOptions extends EngineOptions {
  readonly device: "wasm" | "webgpu";
  readonly seconds: number;
  readonly json: boolean;
  readonly model: readonly string[];
  readonly tokens: number;
}

/** `lowrank bench`: how fast the kernels are here. */
export function defineBench(program: Command, session: Session): void {
  const command = program
    .command("bench")
    .description("measure the kernels on this machine: matrix products and LoRA training steps")
    .addOption(
      new Option("--device <name>", "webgpu: the GPU beside WebAssembly; needs the package webgpu")
        .choices(["wasm", "webgpu"])
        .default("wasm"),
    )
    .option("--seconds <n>", "time per line of the table", real(0), 0.2)
    .option(
      "--model <name>",
      "with --device webgpu: folder or name of an encoder or language model, or a .gguf file; may be repeated (default: all-MiniLM-L6-v2 and SmolLM2-135M from the cache, otherwise random weights of their shapes)",
      collected,
      [],
    )
    .option(
      "--tokens <n>",
      "with --device webgpu: tokens of a model's prompt and of its batch",
      whole(8, 2 ** 16),
      512,
    );
  addEngineOptions(command)
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES)
    .action((options: BenchOptions) => bench(options, session));
}

async function bench(options: BenchOptions, session: Session): Promise<void> {
  if (options.model.length > 0 && options.device !== "webgpu")
    throw new ConfigError("--model is for --device webgpu: pass both, or omit it", { option: "--model" });
  await startEngine(options);
  await (options.device === "webgpu" ? benchGpu(engine(), options, session) : benchWasm(engine(), options, session));
}

async function benchWasm(wasm: Engine, { seconds, json }: BenchOptions, { terminal, signal }: Session) {
  const peak = await measurePeak(wasm, seconds);
  const timings: KernelTiming[] = [];
  for (const work of allWork()) {
    throwIfAborted(signal);
    timings.push(await measureWork(wasm, work, seconds));
    await nextTask();
  }
  const { build, threads, tile } = wasm.info;
  if (json) terminal.print(JSON.stringify({ build, threads, tile, peak, timings }));
  else for (const line of lines(wasm.info, peak, timings)) terminal.print(line);
}

async function benchGpu(wasm: Engine, options: BenchOptions, session: Session): Promise<void> {
  const { seconds, json, model, tokens } = options;
  const { terminal, signal } = session;
  const models = await modelsToMeasure(model, session);
  const gpu = await createEngine({ ...engineSettings(options), threads: 1, device: "webgpu" });
  try {
    const runtime = `Node ${process.versions.node}, ${process.platform} ${process.arch}`;
    const report = await measureGpu(gpu, wasm, { runtime, models, tokens, seconds, signal });
    if (json) terminal.print(JSON.stringify(report));
    else for (const line of gpuLines(report)) terminal.print(line);
  } finally {
    await gpu.close();
  }
}

function gpuLines(report: GpuReport): string[] {
  const { adapter, wasm, omitted } = report;
  const right = "right" as const;
  return [
    ...adapterLines(adapter),
    wasmLine(wasm),
    ...tableLines([[...GPU_HEADING], ...gpuRows(report)], ["left", "left", right, right, right, right, right, right]),
    ...(omitted.length > 0 ? [`omitted on a software adapter: ${omitted.join(", ")}`] : []),
  ];
}

function lines({ build, threads, tile }: EngineInfo, peak: number, timings: readonly KernelTiming[]): string[] {
  const rows = timings.map(({ work, shape, fastest, median, gigaflops }) => [
    work,
    shape,
    milliseconds(fastest),
    milliseconds(median),
    gigaflops.toFixed(1),
    `${((100 * gigaflops) / peak / threads).toFixed(0)} %`,
  ]);
  const heading = ["", "shape", "fastest", "median", "GFLOP/s", "of peak"];
  return [
    `${build} build, ${formatThreads(threads)}, tile ${tile.rows}×${tile.columns}; 128-bit peak ${peak.toFixed(1)} GFLOP/s a thread`,
    ...tableLines([heading, ...rows], ["left", "left", "right", "right", "right", "right"]),
  ];
}

/** The models that `lowrank bench` measures: those that are named, otherwise the usual ones. @internal exported for its tests */
export async function modelsToMeasure(names: readonly string[], session: Session): Promise<readonly MeasuredModel[]> {
  if (names.length === 0) return [await usual(MINILM, MINILM.name), await usual(SMOLLM2, DEFAULT_LANGUAGE_MODEL)];
  const models: MeasuredModel[] = [];
  for (const name of names) models.push(await named(name, session));
  return models;
}

/** One from the cache, otherwise random weights: nothing is downloaded that nobody named. */
async function usual(shape: ModelShape, name: string): Promise<MeasuredModel> {
  try {
    const source = folderOrGguf(await resolveModel(name, { offline: true }));
    return { name, task: shape.task, open: async () => source, random: false, always: false };
  } catch (error) {
    if (error instanceof ModelError) return withRandomWeights(shape);
    throw error;
  }
}

async function named(name: string, session: Session): Promise<MeasuredModel> {
  const file = ggufFile(name);
  const source = file === null ? folderOrGguf(await findModel(name, session)) : ggufAt(file, basename(file));
  return { name, task: await taskOf(source), open: async () => source, random: false, always: true };
}

async function taskOf(source: ModelSource): Promise<MeasuredModel["task"]> {
  if (source.gguf !== undefined) return "language";
  try {
    decoderPlan(await readRequiredJson(source, "config.json"));
    return "language";
  } catch (error) {
    // Of an unknown model the encoder's loader says which ones there are.
    if (error instanceof UnsupportedError) return "encoder";
    throw error;
  }
}
