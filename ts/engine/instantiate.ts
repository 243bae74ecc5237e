import { EngineError } from "../errors/errors.js";
import type { WasmKernels } from "./wasm-kernels.js";

/** What wasm-bindgen's start routine takes: it runs the module's constructors and gives a thread its stack. */
type Start = (stackSize?: number) => void;

/**
 * Makes an instance of a kernel binary. wasm-bindgen's own glue keeps its first instance for ever, so that a build that
 * fails its self-test could not be replaced by another. These exports take and give numbers only: none of its
 * marshalling is needed, and the one function that it wants imported has nothing to set up. The builds with threads also
 * import `task_failed`, by which a kernel says that a thread of the pool died in it.
 *
 * @param memory the shared memory that a build with threads imports
 */
export async function instantiate(module: WebAssembly.Module, memory?: WebAssembly.Memory): Promise<WasmKernels> {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    const given = kind === "memory" ? memory! : name === "task_failed" ? taskFailed : () => undefined;
    (imports[from] ??= {})[name] = given;
  }
  const { exports } = await WebAssembly.instantiate(module, imports);
  (exports["__wbindgen_start"] as Start)();
  return exports as unknown as WasmKernels;
}

function taskFailed(): never {
  throw new EngineError("a thread died in a kernel, whose result is lost; go on from a checkpoint");
}
