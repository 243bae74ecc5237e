import { EngineError } from "../errors/errors.js";
import { orForbidden } from "./policy.js";
import type { SharedKernels, WasmKernels } from "./wasm-kernels.js";

/** What wasm-bindgen's start routine takes: it runs the module's constructors and gives a thread its stack. */
type Start = (stackSize?: number) => void;

/**
 * The workers that are gone, a bit each.
 *
 * @param working those that are in a task, a bit each
 * @param silent how often it was asked, some 50 ms apart, since a task ended
 */
export type LostWorkers = (working: number, silent: number) => number;

/**
 * Makes an instance of a kernel binary. wasm-bindgen's own glue keeps its first instance for ever, so that there could be
 * no second engine. These exports take and give numbers only: none of its marshalling is needed, and the one function that
 * it wants imported has nothing to set up. The builds with threads also import what `crates/wasm/src/parallel/pool.rs`
 * asks of JavaScript. Throws `UnsupportedError` where the page's security policy forbids it.
 *
 * @param memory the shared memory that a build with threads imports
 * @param lostWorkers tells which workers are gone
 */
export async function instantiate(
  module: WebAssembly.Module,
  memory?: WebAssembly.Memory,
  lostWorkers: LostWorkers = () => 0,
): Promise<WasmKernels> {
  let cause: unknown;
  const pool: Record<string, LostWorkers | (() => unknown)> = {
    lost_workers: lostWorkers,
    guarded_work() {
      try {
        kernels.work_as_caller();
        return true;
      } catch (error) {
        cause = error;
        return false;
      }
    },
    task_failed() {
      const options = { cause };
      cause = undefined;
      throw new EngineError(
        "a thread died in a kernel, whose result is lost; go on from a checkpoint",
        { reason: "thread died" },
        options,
      );
    },
  };
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = kind === "memory" ? memory! : (pool[name] ?? (() => undefined));
  }
  const { exports } = await WebAssembly.instantiate(module, imports).catch((thrown: unknown) => {
    throw orForbidden(thrown);
  });
  const kernels = exports as unknown as SharedKernels;
  // Not as a property: minifiers that shorten those of a leading underscore, quoted ones too, would shorten this one.
  (Reflect.get(exports, "__wbindgen_start") as Start)();
  return kernels;
}
