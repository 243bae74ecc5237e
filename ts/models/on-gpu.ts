import { UnsupportedError } from "../errors/errors.js";
import type { Graph } from "../graph/graph.js";

/**
 * Throws `UnsupportedError` if a model is on a GPU, for a call that cannot run there.
 *
 * @param what the call
 * @param missing what does not run there, in words: "a cache in 16 bits does"
 */
export function refuseOnGpu(what: string, { engine }: Graph, missing: string): void {
  if (!engine.readsLater) return;
  throw new UnsupportedError(`${what}: ${missing} not run on device "webgpu" yet; use an engine with device "wasm"`, {
    op: what,
    option: "engine",
    missing,
  });
}
