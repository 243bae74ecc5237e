import { createEngine, initialized } from "../engine/engine.js";
import type { Engine } from "../engine/running.js";
import { orAborted } from "../waiting/abort.js";
import { hear } from "./loading.js";
import type { SharedSettings } from "./spec/shared-fields.js";
import type { RunContext } from "./task-definition.js";

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
