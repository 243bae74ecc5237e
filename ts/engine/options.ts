import { ConfigError } from "../errors.js";
import { excerpt } from "../excerpt.js";
import { checkOptions } from "../options.js";
import { oneOf, whole } from "../settings.js";
import type { Build, WasmSource } from "./source.js";
import type { Tile } from "./tile.js";

/** Options of `init`. */
export interface InitOptions {
  /** Which binary: "relaxed" has fused multiply-add. Default "auto": the best that the runtime has and that passes the self-test. */
  build?: Build | "auto";
  /**
   * Threads that share the work, this one included. Default "auto": one a core; more than 16 are not started. Where memory
   * cannot be shared (pages that are not cross-origin isolated, edge workers) there is one, whatever was asked for;
   * `engineInfo().threads` tells how many there are, `threadsRefused` why.
   */
  threads?: number | "auto";
  /** The binary itself, or where it is; without threads. Default: the one shipped with the package. Needs `build` to say which it is. */
  wasm?: WasmSource;
  /**
   * Register tile of the matrix product. Default "auto": measured once the engine has compiled its fast code. It changes no
   * bit of a result. Under V8's revectorizer `{ rows: 4, columns: 16 }` is fastest.
   */
  tile?: Tile | "auto";
  /** Upper bound of linear memory in bytes, 16 MiB to 4 GiB. Default 2 GiB. */
  maximumMemory?: number;
}

/** Checked options, which nobody else can change; what was not asked for is "auto" or undefined. */
export interface Wanted {
  readonly build: Build | "auto";
  readonly threads: number | "auto";
  readonly wasm: WasmSource | undefined;
  readonly tile: Tile | "auto";
  readonly maximumMemory: number | undefined;
}

const NAMES = ["build", "threads", "wasm", "tile", "maximumMemory"] as const satisfies (keyof InitOptions)[];
const MEBIBYTE = 1024 ** 2;
const LEAST_MEMORY = 16 * MEBIBYTE;
const MOST_MEMORY = 4096 * MEBIBYTE;

/** The options of `init`, or a `ConfigError` that says which one makes no sense. */
export function checkInitOptions(given: InitOptions): Wanted {
  checkOptions("init", given, NAMES);
  const { build = "auto", threads = "auto", wasm, tile = "auto", maximumMemory } = given;
  const wanted = {
    build: oneOf("init", "build", build, ["auto", "simd", "relaxed"]),
    threads: threadNumber(threads),
    wasm: wasm === undefined ? wasm : binary(wasm),
    tile: tile === "auto" ? tile : checkTile(tile),
    maximumMemory: maximumMemory === undefined ? maximumMemory : memorySize(maximumMemory),
  };
  if (wanted.wasm !== undefined && wanted.build === "auto") {
    throw new ConfigError('init: `wasm` needs `build: "simd"` or `build: "relaxed"` to say which binary it is');
  }
  return wanted;
}

function threadNumber(threads: number | "auto"): number | "auto" {
  if (threads === "auto" || (Number.isSafeInteger(threads) && threads >= 1)) return threads;
  throw new ConfigError(`init: threads is "auto" or a whole number from 1, got ${excerpt(threads)}`, { threads });
}

function checkTile(given: Tile): Tile {
  if (typeof given !== "object" || given === null) {
    throw new ConfigError(`init: tile is "auto" or { rows, columns }, got ${excerpt(given)}`, { tile: given });
  }
  checkOptions("init: tile", given, ["rows", "columns"]);
  const { rows, columns } = given;
  return { rows: whole("init: tile", "rows", rows, 1), columns: whole("init: tile", "columns", columns, 1) };
}

function memorySize(bytes: number): number {
  if (typeof bytes === "number" && bytes >= LEAST_MEMORY && bytes <= MOST_MEMORY) return bytes;
  throw new ConfigError(
    `init: maximumMemory is a number of bytes, 16 MiB to 4 GiB (${LEAST_MEMORY} to ${MOST_MEMORY}), got ${excerpt(bytes)}`,
    { maximumMemory: bytes },
  );
}

/** Bytes are copied: the caller may change them while `init` awaits. */
function binary(wasm: WasmSource): WasmSource {
  // By name, since objects of another realm (a frame, a test's sandbox) are no instances of this one's classes.
  const kind = Object.prototype.toString.call(wasm).slice(8, -1);
  if (ArrayBuffer.isView(wasm)) return new Uint8Array(wasm.buffer, wasm.byteOffset, wasm.byteLength).slice();
  if (kind === "ArrayBuffer") return (wasm as ArrayBuffer).slice(0);
  if (kind === "WebAssembly.Module") return wasm;
  if (kind === "URL" || wasm instanceof URL) return String(wasm);
  if (typeof wasm === "string" && wasm !== "") return wasm;
  throw new ConfigError(
    `init: wasm is the binary's bytes, a compiled WebAssembly.Module, or a URL to fetch it from, got ${excerpt(wasm)}`,
  );
}
