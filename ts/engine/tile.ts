import type { Heap } from "./heap.js";
import type { Kernels } from "./kernels.js";

/** Rows and columns of C that the matrix product holds in registers. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
}

const PROBE_ITERATIONS = 4000;
const ROUNDS = 4;

/**
 * Sets the register tile that is fastest on this processor and engine. x86-64 has 15 vector registers to give, ARM 31,
 * and V8's revectorizer pairs them up, so no tile is best everywhere; measuring takes about a millisecond.
 */
export function chooseTile(kernels: Kernels, heap: Heap): Tile {
  const scratch = heap.allocate(256 * 1024);
  const best = Array.from({ length: kernels.tile_count() }, () => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (let tile = 0; tile < best.length; tile++) {
      const start = performance.now();
      kernels.probe_tile(tile, PROBE_ITERATIONS, scratch);
      const work = kernels.tile_rows(tile) * kernels.tile_columns(tile);
      best[tile] = Math.min(best[tile]!, (performance.now() - start) / work);
    }
  }
  heap.release(scratch);
  const fastest = best.indexOf(Math.min(...best));
  kernels.set_tile(fastest);
  return { rows: kernels.tile_rows(fastest), columns: kernels.tile_columns(fastest) };
}
