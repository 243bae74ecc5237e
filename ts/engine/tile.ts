import type { Heap } from "./heap.js";
import type { Kernels } from "./kernels.js";

/** Rows and columns of C that the matrix product holds in registers. */
export interface Tile {
  /** Rows of C that are computed together. */
  readonly rows: number;
  /** Columns of C that are computed together. */
  readonly columns: number;
}

const ITERATIONS = 40;
const ROUNDS = 5;

/**
 * Sets the register tile that is fastest on this processor and engine. x86-64 has 15 vector registers to give, ARM 31,
 * and V8's revectorizer pairs them up, so no tile is best everywhere; measuring takes about a millisecond. Where the
 * clock is too coarse to tell (pages that are not isolated), the default stays.
 */
export function chooseTile(kernels: Kernels, heap: Heap): Tile {
  const length = kernels.probe_len();
  const scratch = heap.allocate(4 * length);
  new Float32Array(heap.memory.buffer, scratch, length).fill(0.5);
  const best = Array.from({ length: kernels.tile_count() }, () => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (let tile = 0; tile < best.length; tile++) {
      const start = performance.now();
      kernels.probe_tile(tile, ITERATIONS, scratch);
      const work = kernels.tile_rows(tile) * kernels.tile_columns(tile);
      best[tile] = Math.min(best[tile]!, (performance.now() - start) / work);
    }
  }
  heap.release(scratch);
  const least = Math.min(...best);
  if (least > 0) kernels.set_tile(best.indexOf(least));
  return { rows: kernels.tile_rows(kernels.tile()), columns: kernels.tile_columns(kernels.tile()) };
}
