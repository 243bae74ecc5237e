import { ConfigError } from "../errors/errors.js";
import { stopwatch } from "../waiting/next-task.js";
import type { Heap } from "./memory/heap.js";
import type { Pointer } from "./kernels.js";
import type { WasmKernels } from "./platform-types.js";

/** Rows and columns of C in registers. */
export interface Tile {
  /** Rows of C that are computed together. */
  readonly rows: number;
  /** Columns of C that are computed together. */
  readonly columns: number;
}

const ITERATIONS = 40;
const ROUNDS = 6;
/** A tile must be this much faster to replace the current one: measurements are noisy. */
const CLEARLY_FASTER = 0.96;
/** Milliseconds after the start at which tiles are measured. Until about the first, an engine runs unoptimised code. */
const MEASURED_AT = [100, 600, 3000];

/**
 * Chooses the register tile that is fastest on this processor and engine. x86-64 has 15 usable vector registers, ARM 31, so no tile is best
 * everywhere. A measurement takes half a millisecond, but at the start it would measure unoptimised code; so an engine starts with the 4×8
 * tile and measures between the following steps. The tile does not affect results. Packed weights have the tile's column layout, so only
 * tiles with the same columns are tried.
 */
export class TileChoice {
  private readonly age = stopwatch();
  private readonly scratch: Pointer;
  private measurements = 0;
  /** Whether the user chose the tile. */
  private fixed: boolean;

  /** Throws `ConfigError` for a tile that was not compiled. */
  constructor(
    private readonly kernels: WasmKernels,
    heap: Heap,
    wanted: Tile | "auto",
  ) {
    // Allocated now, so that a later measurement does not change memory.
    this.scratch = heap.allocate(4 * kernels.probe_len());
    kernels.set_tile(wanted === "auto" ? 0 : this.find(wanted));
    this.fixed = wanted !== "auto";
  }

  /** The tile in use. */
  get current(): Tile {
    return this.tiles()[this.kernels.tile()]!;
  }

  /** Whether `keep` is possible: it is this tile, or none was chosen and it has the same columns. */
  allows(wanted: Tile): boolean {
    const index = this.find(wanted);
    if (index === this.kernels.tile()) return true;
    return !this.fixed && this.kernels.tile_columns(index) === this.current.columns;
  }

  /** Sets a tile for good. */
  keep(wanted: Tile): void {
    this.kernels.set_tile(this.find(wanted));
    this.fixed = true;
  }

  /** Measures if it is time; called between steps. */
  settle(): void {
    const due = MEASURED_AT[this.measurements];
    if (this.fixed || due === undefined || this.age() < due) return;
    this.measurements++;
    const current = this.kernels.tile();
    const times = this.measure();
    const best = times.indexOf(Math.min(...times));
    // A coarse clock (in pages that are not isolated) shows 0: then nothing is known.
    if (times[best]! > 0 && times[best]! < CLEARLY_FASTER * times[current]!) this.kernels.set_tile(best);
  }

  /** Time of each tile for the same work; infinite for other columns. */
  private measure(): number[] {
    const { kernels, scratch } = this;
    kernels.fill(kernels.probe_len(), 0.5, scratch);
    const [tiles, { columns }] = [this.tiles(), this.current];
    const times = tiles.map(() => Infinity);
    for (let round = 0; round < ROUNDS; round++) {
      tiles.forEach((tile, i) => {
        if (tile.columns !== columns) return;
        const elapsed = stopwatch();
        kernels.probe_tile(i, ITERATIONS, scratch);
        times[i] = Math.min(times[i]!, elapsed() / tile.rows);
      });
    }
    return times;
  }

  /** The compiled tiles. */
  private tiles(): Tile[] {
    const { kernels } = this;
    const tile = (_: unknown, i: number) => ({ rows: kernels.tile_rows(i), columns: kernels.tile_columns(i) });
    return Array.from({ length: kernels.tile_count() }, tile);
  }

  private find({ rows, columns }: Tile): number {
    const tiles = this.tiles();
    const found = tiles.findIndex((tile) => tile.rows === rows && tile.columns === columns);
    if (found >= 0) return found;
    const names = tiles.map((tile) => `${tile.rows}×${tile.columns}`).join(", ");
    const details = { op: "init", option: "tile", value: { rows, columns }, allowed: tiles };
    throw new ConfigError(`init: there is no ${rows}×${columns} tile; compiled are ${names}`, details);
  }
}
