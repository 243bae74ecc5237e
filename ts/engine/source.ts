import { ConfigError, UnsupportedError } from "../errors/errors.js";
import { clip, excerpt, kindOf } from "../errors/excerpt.js";
import type { WasmModule } from "./platform-types.js";

/** Builds of the kernels. */
export type Build = "simd" | "relaxed";

/** A kernel binary: bytes, a compiled module, or a URL to fetch. */
export type WasmSource = ArrayBuffer | ArrayBufferView | WasmModule | URL | string;

/** Finds the binary of a variant; undefined if there is none. Set by each entry point of the package. */
export type BinaryLocator = (variant: string) => WasmSource | Promise<WasmSource> | undefined;

let locator: BinaryLocator | undefined;

/** Called once by the entry point of each runtime. */
export function setBinaryLocator(find: BinaryLocator): void {
  locator = find;
}

/**
 * Compiles the binary of `variant`, from `source` or from the package. Throws `ConfigError` for a source that is not a binary of the
 * kernels, `UnsupportedError` if it cannot be fetched or compiled.
 */
export async function compile(variant: string, source?: WasmSource): Promise<WebAssembly.Module> {
  const found = source ?? (await locate(variant));
  try {
    const address = typeof found === "string" || kindOf(found) === "URL" ? String(found) : null;
    const bytes = address === null ? (found as Exclude<WasmSource, string | URL>) : await fetchBinary(address);
    // By name: a module of another realm is not an instance of this one's class, and a test's sandbox may lack the class.
    const kind = kindOf(bytes);
    if (kind === "Response") return await WebAssembly.compileStreaming(bytes as Response);
    const compiled = kind === "WebAssembly.Module";
    if (!compiled && (address !== null || source !== undefined)) checkMagic(bytes as BufferSource, address);
    // The expression in brackets must not await: Next's edge runtime in development wraps it in a function.
    const module = compiled ? bytes : await WebAssembly.compile(bytes as BufferSource);
    if (source !== undefined) checkKernels(module);
    return module;
  } catch (thrown) {
    const cause = orForbidden(thrown);
    if (!(cause instanceof WebAssembly.CompileError)) throw cause;
    const [kind, whose] =
      source === undefined
        ? [UnsupportedError, `the binary of the "${variant}" build does not compile: the file is damaged, or not it`]
        : ([ConfigError, "wasm is not a binary that this runtime compiles"] as const);
    throw new kind(`init: ${whose}: ${clip(cause.message)}`, { op: "init", build: variant }, { cause });
  }
}

/** What to do if a server answers with something else. */
const PREBUNDLED =
  'in Vite\'s development server set optimizeDeps: { exclude: ["lowrank"] }, elsewhere copy the .wasm file there, or pass init({ wasm })';

/** Throws unless bytes begin as WebAssembly does. `address`: where they were fetched; null for the caller's bytes. */
function checkMagic(binary: BufferSource, address: string | null): void {
  const bytes = ArrayBuffer.isView(binary)
    ? new Uint8Array(binary.buffer, binary.byteOffset, binary.byteLength)
    : new Uint8Array(binary);
  if (bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d) return;
  const start = new TextDecoder().decode(bytes.subarray(0, 40));
  const got = /^\s*<(!doctype|html)/i.test(start) ? "an HTML page" : `what begins with ${excerpt(start)}`;
  const details = { op: "init", option: "wasm", expected: "a WebAssembly binary", value: start };
  if (address === null) throw new ConfigError(`init: wasm is no WebAssembly binary but ${got}`, details);
  const message = `init: ${clip(address)} answered with no WebAssembly binary but ${got}; ${PREBUNDLED}`;
  throw new UnsupportedError(message, { ...details, address });
}

/** Exports that every version's binary has. */
const KNOWN_BY = ["memory", "gemm", "set_tile", "set_workspace", "__wbindgen_start"];

function checkKernels(module: WebAssembly.Module): void {
  if (WebAssembly.Module.imports(module).some(({ kind }) => kind === "memory")) {
    const message = "init: wasm is a build with threads, which only the package itself can start";
    throw new ConfigError(message, { op: "init", option: "wasm", imports: "memory" });
  }
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const missing = KNOWN_BY.find((name) => !names.includes(name));
  if (missing !== undefined) {
    const message = `init: wasm is not a kernel binary of this package: it exports no "${missing}"`;
    const remedy = 'pass the contents of "lowrank/wasm/lowrank-simd.wasm"';
    throw new ConfigError(`${message}; ${remedy}`, { op: "init", option: "wasm", missing });
  }
}

function locate(variant: string): WasmSource | Promise<WasmSource> {
  const found = locator?.(variant);
  if (found !== undefined) return found;
  const remedy = "pass it: init({ wasm: bytes | module | url })";
  const details = { op: "init", option: "wasm", build: variant };
  throw new UnsupportedError(`init: this entry point does not know where its binary is; ${remedy}`, details);
}

/** The response itself if it can be compiled while streaming, else its bytes. */
async function fetchBinary(url: string): Promise<Response | ArrayBuffer> {
  const address = clip(url);
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    const remedy = "read the file and pass its bytes: init({ wasm: bytes })";
    const message = `init: ${address} cannot be fetched here (${clip(String(cause))}); ${remedy}`;
    throw new UnsupportedError(message, { op: "init", address }, { cause });
  }
  const { ok, status, headers } = response;
  if (!ok) {
    const remedy =
      'copy the .wasm file there (bundlers leave it behind), pass init({ wasm }), or import "lowrank/inline"';
    throw new UnsupportedError(`init: ${address} answered ${status}; ${remedy}`, { op: "init", address, status });
  }
  // Streaming compilation requires the right media type; many static servers send another.
  return headers.get("content-type")?.startsWith("application/wasm") ? response : response.arrayBuffer();
}

/**
 * The error to throw if a page's security policy forbids WebAssembly; otherwise the original error. Chromium and Firefox refuse to compile,
 * WebKit to instantiate, each with its own message and a generic class.
 */
export function orForbidden(cause: unknown): unknown {
  if (!(cause instanceof Error) || !/unsafe-eval|content security policy|\bCSP\b/i.test(cause.message)) return cause;
  const message = "init: the Content-Security-Policy of this page or worker forbids WebAssembly";
  const details = { op: "init", missing: "wasm-unsafe-eval" };
  return new UnsupportedError(`${message}: let it say script-src 'self' 'wasm-unsafe-eval'`, details, { cause });
}
