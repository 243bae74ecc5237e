import { spawnSync } from "node:child_process";
import { setFlagsFromString } from "node:v8";
import { AbortError } from "../errors/errors.js";
import { detectFeatures } from "../engine/features.js";
import { type EngineInfo, init, type InitOptions, UnsupportedError } from "../entry/node.js";

/** The engine for a command. */
export type EngineOptions = Pick<InitOptions, "build" | "threads">;

/**
 * Node 20 and 21 have relaxed SIMD behind a V8 flag that can be set at run time; later versions have it without a flag, and the flag no
 * longer exists.
 */
export function enableRelaxedSimd(): void {
  const major = Number(process.versions.node.split(".")[0]);
  if ((major === 20 || major === 21) && !detectFeatures().relaxedSimd)
    setFlagsFromString("--experimental-wasm-relaxed-simd");
}

let revectorizing = false;

/** Help of its option. */
export const REVECTORIZE_HELP = "use V8's experimental 256-bit revectorizer, after trying it (Node 22 and later)";
/** The tile that two fused 128-bit operations suit best. */
const WIDE_TILE = { rows: 4, columns: 16 };
const REVECTORIZE = "--experimental-wasm-revectorize";

/**
 * Turns on V8's revectorizer, which runs two 128-bit operations as one of 256 bits (Node 22 and later, processors with AVX2). It is
 * experimental in V8, so another process tries it first, in case it crashes. Throws `UnsupportedError` if this Node does not have it, or
 * the kernels' self-test fails with it.
 */
export function enableRevectorizer(script: string): void {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 22) {
    throw new UnsupportedError(
      `--revectorize: Node ${process.versions.node} has no revectorizer; Node 22 and later have one`,
      { op: "--revectorize", expected: "Node 22 or later", value: process.versions.node },
    );
  }
  const trial = spawnSync(process.execPath, [REVECTORIZE, script, "doctor"], { encoding: "utf8", timeout: 60_000 });
  // Ctrl-C reaches both processes; this one handles it only now.
  if (trial.signal === "SIGINT" || trial.signal === "SIGTERM")
    throw new AbortError(undefined, { reason: trial.signal });
  if (trial.status !== 0) {
    throw new UnsupportedError(
      `--revectorize: the kernels failed their self-test under ${REVECTORIZE} (${trial.signal ?? `exit ${trial.status}`}); run without it`,
      { output: trial.stdout + trial.stderr },
    );
  }
  setFlagsFromString(REVECTORIZE);
  revectorizing = true;
}

/** Starts the kernels. Throws as `init`. */
export function startEngine(options: EngineOptions): Promise<EngineInfo> {
  return init(engineSettings(options));
}

/** Options of `init` or `createEngine` for a command. */
export function engineSettings({ build = "auto", threads = "auto" }: EngineOptions): InitOptions {
  enableRelaxedSimd();
  return { build, threads, tile: revectorizing ? WIDE_TILE : "auto" };
}
