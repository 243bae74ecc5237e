import { setFlagsFromString } from "node:v8";
import { detectFeatures } from "../engine/features.js";
import { type EngineInfo, init, type InitOptions } from "../entry/node.js";

/** Builds that `--build` takes. */
export const builds = ["auto", "simd", "relaxed"] as const;

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

/** Starts the kernels. Errors as `init`. */
export function startEngine({ build = "auto", threads = "auto" }: EngineOptions): Promise<EngineInfo> {
  enableRelaxedSimd();
  return init({ build, threads });
}
