import { adapterInWords } from "../../engine/adapter-words.js";
import type { EngineInfo } from "../../engine/running.js";
import { formatThreads } from "./number-format.js";

/** Where a run trains: the GPU, or the build on WebAssembly. */
export function engineText({ adapter, build, threads, tile }: EngineInfo): string {
  if (adapter !== undefined) return `WebGPU on ${adapterInWords(adapter)}`;
  return `${build} build, ${formatThreads(threads)}, tile ${tile.rows}×${tile.columns}`;
}
