import { UnsupportedError } from "../errors.js";

/** Builds of the kernels. */
export type Build = "simd" | "relaxed";

/** Where a kernel binary comes from: bytes, a compiled module, or an address to fetch. */
export type WasmSource = BufferSource | WebAssembly.Module | URL | string;

/** Finds the binary of a build: each entry point of the package sets its own. */
export type BinaryLocator = (variant: string) => WasmSource | Promise<WasmSource>;

let locator: BinaryLocator | undefined;

/** Called once by the entry point of each runtime. */
export function setBinaryLocator(find: BinaryLocator): void {
  locator = find;
}

/** The compiled binary of `variant`, from `source` or from the package. */
export async function compile(variant: string, source?: WasmSource): Promise<WebAssembly.Module> {
  const found = await (source ?? locate(variant));
  if (found instanceof WebAssembly.Module) return found;
  if (typeof found === "string" || found instanceof URL) return fetchModule(found);
  return WebAssembly.compile(found);
}

function locate(variant: string): WasmSource | Promise<WasmSource> {
  if (locator === undefined) {
    throw new UnsupportedError(
      "init: this entry point does not know where the kernel binary is; pass it: init({ wasm: bytes | module | url })",
    );
  }
  return locator(variant);
}

async function fetchModule(address: URL | string): Promise<WebAssembly.Module> {
  const response = await fetch(address);
  if (!response.ok) {
    throw new UnsupportedError(
      `init: ${String(address)} answered ${response.status}; copy the .wasm file there (bundlers leave it behind), ` +
        'or import "lowrank/inline"',
      { address: String(address), status: response.status },
    );
  }
  const type = response.headers.get("content-type") ?? "";
  // Streaming compilation insists on the right media type; many static servers send another.
  if (type.startsWith("application/wasm")) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}
