import { ConfigError } from "../errors/errors.js";
import { kindOf } from "../errors/excerpt.js";
import { choice, optional, or, type Read, readOptions } from "../arguments/options.js";
import { check, object, unexpected, whole } from "../arguments/settings.js";
import type { WorkerSource } from "./worker-source.js";
import type { Build, WasmSource } from "./source.js";
import type { Tile } from "./tile.js";

/** Options of `init` and `createEngine`. */
export interface InitOptions {
  /**
   * Where kernels run. Default "wasm"; "webgpu" is the GPU, fetched when it is asked for (in Node install the package `webgpu`); "auto" times
   * a product on both and takes the faster. docs/webgpu.md says what runs on a GPU.
   */
  device?: "wasm" | "webgpu" | "auto";
  /** The binary: "relaxed" has fused multiply-add. Default "auto": the best that the runtime supports and that passes the self-test. */
  build?: Build | "auto";
  /**
   * Number of threads, including the calling one. Default "auto": one for each core; at most 16. Without shared memory (pages that are not
   * cross-origin isolated, edge workers) there is one thread, whatever the option; `engineInfo().threads` is the actual number,
   * `threadsRefused` the reason.
   */
  threads?: number | "auto";
  /**
   * The file of "lowrank/pool-worker" for the other threads: its URL (in Node a `file:` URL or an absolute path; under Trusted Types a
   * `TrustedScriptURL`), or a function that returns a worker of it or a promise of one, for bundlers that recognise `new Worker(new URL(…,
   * import.meta.url))`. Default: next to the package's script.
   */
  worker?: WorkerSource;
  /** The binary without threads, or its location. Default: the package's own. Requires `build`. */
  wasm?: WasmSource;
  /**
   * Register tile of the matrix product. Default "auto": measured after the engine's optimising compiler has run. It does not affect
   * results. With V8's revectorizer, `{ rows: 4, columns: 16 }` is fastest.
   */
  tile?: Tile | "auto";
  /** Maximum of linear memory in bytes, 16 MiB to 4 GiB. Default 2 GiB. */
  maximumMemory?: number;
}

/** Checked options, copied; "auto" or undefined for defaults. */
export interface Wanted {
  readonly device: InitOptions["device"];
  readonly build: Build | "auto";
  readonly threads: number | "auto";
  readonly wasm: WasmSource | undefined;
  readonly worker: WorkerSource | undefined;
  readonly tile: Tile | "auto";
  readonly maximumMemory: number | undefined;
}

const LEAST_MEMORY = 2 ** 24;
const MOST_MEMORY = 2 ** 32;

const threadNumber = check<number | "auto">(
  '"auto" or a whole number from 1',
  (threads) => threads === "auto" || (Number.isSafeInteger(threads) && threads >= 1),
);

const memorySize = check<number>(
  "a number of bytes, 16 MiB to 4 GiB",
  (bytes) => typeof bytes === "number" && bytes >= LEAST_MEMORY && bytes <= MOST_MEMORY,
);

/** The checked options of an engine. Throws `ConfigError` for invalid ones. */
export function checkEngineOptions(what: string, given: InitOptions): Wanted {
  const wanted = readOptions<Wanted>(what, given, {
    device: optional(choice("wasm", "webgpu", "auto")),
    build: choice("auto", "simd", "relaxed"),
    threads: or("auto", threadNumber),
    wasm: optional(binary),
    worker: optional(poolWorker),
    tile: or("auto", checkTile),
    maximumMemory: optional(memorySize),
  });
  if (wanted.wasm !== undefined && wanted.build === "auto") {
    const allowed = ["simd", "relaxed"];
    const details = { op: what, option: "build", value: "auto", allowed };
    throw new ConfigError(`${what}: \`wasm\` needs \`build\` to say which binary it is, "simd" or "relaxed"`, details);
  }
  return wanted;
}

function checkTile(what: string, name: string, given: unknown): Tile | "auto" {
  if (given === "auto") return given;
  object(what, name, given, '"auto" or { rows, columns }');
  const length: Read<number> = (what, name, value) => whole(what, name, value, 1);
  return readOptions(`${what}: ${name}`, given, { rows: length, columns: length });
}

function poolWorker(what: string, name: string, worker: WorkerSource): WorkerSource {
  if (kindOf(worker) === "URL") return String(worker);
  if (
    typeof worker === "function" ||
    kindOf(worker) === "TrustedScriptURL" ||
    (typeof worker === "string" && worker !== "")
  )
    return worker;
  throw unexpected(what, name, "the address of the pool's worker file, or a function that starts a worker", worker);
}

/** Copies bytes, which the caller may change while `init` awaits. */
function binary(what: string, name: string, wasm: WasmSource): WasmSource {
  // By name, since objects of another realm (a frame, a test's sandbox) are not instances of this one's classes.
  const kind = kindOf(wasm);
  if (kind === "URL" || wasm instanceof URL) return String(wasm);
  if (typeof wasm === "string" && wasm !== "") return wasm;
  const expected = "the binary's bytes, a WebAssembly.Module, or a URL to fetch it from";
  try {
    if (ArrayBuffer.isView(wasm)) return new Uint8Array(wasm.buffer, wasm.byteOffset, wasm.byteLength).slice();
    if (kind === "ArrayBuffer") return ArrayBuffer.prototype.slice.call(wasm as ArrayBuffer, 0);
    if (kind === "WebAssembly.Module") {
      // Throws for an object that only looks like one.
      WebAssembly.Module.exports(wasm);
      return wasm;
    }
  } catch {
    throw unexpected(what, name, `${expected}, none of them handed over to another thread`, wasm);
  }
  throw unexpected(what, name, expected, wasm);
}
