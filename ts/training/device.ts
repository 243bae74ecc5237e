import { createEngine, initialized } from "../engine/engine.js";
import type { Engine } from "../engine/running.js";
import { EngineError, MemoryError, UnsupportedError } from "../errors/errors.js";
import { orAborted, throwIfAborted } from "../waiting/abort.js";
import { hear } from "./loading.js";
import type { OptionNames } from "./spec/option-names.js";
import { type RunSettings, taskOf } from "./spec/run-settings.js";
import type { SharedSettings } from "./spec/shared-fields.js";
import type { RunContext, TaskTable } from "./task-definition.js";

/** The engine of a run. */
export interface RunEngine {
  readonly engine: Engine;
  /** Ends it, if it is the run's own; the run's models must be disposed before. */
  end(): Promise<void>;
}

/**
 * The engine for a spec, on the context's device. On WebAssembly it is the default engine, which the run keeps even if the default changes;
 * beside a default engine on a GPU, the one on WebAssembly that it has. On a GPU it is the run's own. Throws as `createEngine`.
 */
export async function runEngine(
  { build, threads }: Pick<SharedSettings, "build" | "threads">,
  { signal, device = "wasm" }: RunContext,
): Promise<RunEngine> {
  if (device === "wasm") {
    const { atOnce: engine } = await orAborted(() => initialized({ build, threads }), signal);
    await hear(signal);
    return { engine, end: async () => undefined };
  }
  const engine = await orAborted(
    () => createEngine({ device, build, threads }),
    signal,
    (late) => late.close(),
  );
  try {
    await hear(signal);
    return { engine, end: () => engine.close() };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Where a run begins to train. With "auto", "wasm" if a GPU cannot do what it asks for. Throws `UnsupportedError`, by name, with "webgpu". */
export function takeDevice(
  what: string,
  settings: RunSettings,
  tasks: TaskTable,
  { setting }: OptionNames,
): SharedSettings["device"] {
  const { device } = settings;
  if (device === "wasm") return device;
  const refused = refusedOnGpu(settings, tasks);
  if (refused === null) return device;
  if (device === "auto") return "wasm";
  const value = settings[refused as keyof RunSettings] ?? taskOf(settings);
  throw new UnsupportedError(
    `${what}: ${setting(refused)} ${JSON.stringify(value)} does not run on a GPU yet: omit it, or use ${setting("device")} "wasm"`,
    { op: what, option: refused, value, missing: "webgpu" },
  );
}

/** The name of a setting that does not run on a GPU; null for none. */
function refusedOnGpu(settings: RunSettings, tasks: TaskTable): string | null {
  const { notOnGpu } = tasks[taskOf(settings)]!;
  if (notOnGpu === undefined) return "task";
  const { initLoraWeights = true, bias = "none", modulesToSave, trainableTokenIndices } = settings.lora ?? {};
  // They begin with values of the base, which are read at once.
  const readsBase = initLoraWeights === "pissa" || initLoraWeights === "olora" || bias !== "none";
  if (readsBase || modulesToSave != null || trainableTokenIndices != null) return "lora";
  return notOnGpu(settings as never)[0] ?? null;
}

/** `details.reason` of errors after which a GPU's engine computes nothing more. */
const reasons: readonly unknown[] = ["device lost", "validation", "internal"];

/** Whether an error is one of the GPU, which the same work on WebAssembly would not have. */
function isOfGpu(error: unknown, device: SharedSettings["device"]): error is Error {
  // Of the driver, or of the largest buffer, which is another maximum than WebAssembly's.
  if (error instanceof MemoryError) return true;
  if (!(error instanceof EngineError || error instanceof UnsupportedError)) return false;
  const { op, reason } = error.details;
  if (op !== "webgpu") return false;
  // A kernel is missing, as loading the model shows.
  return error instanceof UnsupportedError ? device === "auto" : reasons.includes(reason);
}

/** Does work on the context's device, and on WebAssembly if the GPU fails: the work continues from what its store has. */
export async function onDevice<T>(context: RunContext, work: (context: RunContext) => Promise<T>): Promise<T> {
  const { device = "wasm", emit, signal } = context;
  try {
    return await work(context);
  } catch (error) {
    if (device === "wasm" || !isOfGpu(error, device)) throw error;
    throwIfAborted(signal);
    emit({
      type: "fallback",
      device: "wasm",
      message: `the GPU failed, so the run continues on WebAssembly from its last checkpoint: ${error.message}`,
    });
  }
  return work({ ...context, device: "wasm" });
}
