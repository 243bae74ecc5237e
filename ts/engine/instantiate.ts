import { EngineError } from "../errors/errors.js";
import { orForbidden } from "./source.js";
import type { SharedKernels, WasmKernels } from "./platform-types.js";

/** Argument of wasm-bindgen's start routine, which runs the module's constructors and gives a thread its stack. */
type Start = (stackSize?: number) => void;

/**
 * Bit mask of dead workers.
 *
 * @param working bit mask of those in a task
 * @param silent number of checks, about 50 ms apart, since a task last ended
 */
export type LostWorkers = (working: number, silent: number) => number;

/**
 * Instantiates a kernel binary. wasm-bindgen's own glue keeps its first instance for ever, which would prevent a second engine. These
 * exports use only numbers, so its marshalling is not needed, and its one required import has nothing to do. The builds with threads also
 * import the functions of `crates/wasm/src/parallel/pool.rs`. Throws `UnsupportedError` if the page's security policy forbids it.
 *
 * @param memory the shared memory that a build with threads imports
 * @param lostWorkers returns the dead workers
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
  // Not as a property: minifiers that mangle names with a leading underscore would mangle this one.
  (Reflect.get(exports, "__wbindgen_start") as Start)();
  return kernels;
}
