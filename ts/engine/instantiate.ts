import type { Kernels } from "./kernels.js";

/** What wasm-bindgen's start routine takes: it runs the module's constructors and gives a thread its stack. */
type Start = (stackSize?: number) => void;

/**
 * Makes an instance of a kernel binary. wasm-bindgen's own glue keeps its first instance for ever, so that a build that
 * fails its self-test could not be replaced by another. These exports take and give numbers only: none of its
 * marshalling is needed, and the one function the binaries import has nothing to set up.
 *
 * @param memory the shared memory that a build with threads imports
 */
export async function instantiate(module: WebAssembly.Module, memory?: WebAssembly.Memory): Promise<Kernels> {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = kind === "memory" ? memory! : () => undefined;
  }
  const { exports } = await WebAssembly.instantiate(module, imports);
  (exports["__wbindgen_start"] as Start)();
  return exports as unknown as Kernels;
}
