import { spawnSync } from "node:child_process";
import { setFlagsFromString } from "node:v8";
import { AbortError } from "../errors/errors.js";
import { detectFeatures } from "../engine/features.js";
import { type EngineInfo, init, type InitOptions, UnsupportedError } from "../entry/node.js";

/** Which engine a command asks for. */
export type EngineOptions = Pick<InitOptions, "build" | "threads">;

/**
 * Node 20 and 21 have relaxed SIMD behind a flag of V8's that can be given while running; later ones have it without,
 * and no longer know the flag.
 */
export function enableRelaxedSimd(): void {
  const major = Number(process.versions.node.split(".")[0]);
  if ((major === 20 || major === 21) && !detectFeatures().relaxedSimd)
    setFlagsFromString("--experimental-wasm-relaxed-simd");
}

let revectorizing = false;

/** Help of the option that asks for it. */
export const REVECTORIZE_HELP = "use V8's experimental 256-bit revectorizer, after trying it (Node 22 and later)";
/** The tile that two fused 128-bit operations suit best. */
const WIDE_TILE = { rows: 4, columns: 16 };
const REVECTORIZE = "--experimental-wasm-revectorize";

/**
 * Turns on V8's revectorizer, which runs two 128-bit operations as one of 256 bits (Node 22 and later, processors with
 * AVX2). It is an experiment of V8's, so another process tries it first: one that dies takes nothing with it.
 * Throws `UnsupportedError` where this Node has none, or where it fails the kernels' self-test.
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
  // Ctrl-C goes to both processes; this one hears it only now.
  if (trial.signal === "SIGINT" || trial.signal === "SIGTERM")
    throw new AbortError(undefined, { reason: trial.signal });
  if (trial.status !== 0) {
    throw new UnsupportedError(
      `--revectorize: the kernels failed their self-test under ${REVECTORIZE} (${trial.signal ?? `exit ${trial.status}`}); go on without it`,
      { output: trial.stdout + trial.stderr },
    );
  }
  setFlagsFromString(REVECTORIZE);
  revectorizing = true;
}

/** Starts the kernels. Errors as `init`. */
export function startEngine({ build = "auto", threads = "auto" }: EngineOptions): Promise<EngineInfo> {
  enableRelaxedSimd();
  return init({ build, threads, tile: revectorizing ? WIDE_TILE : "auto" });
}
