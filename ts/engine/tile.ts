import { ConfigError } from "../errors/errors.js";
import { stopwatch } from "../waiting/stopwatch.js";
import type { Heap } from "./memory/heap.js";
import type { Pointer } from "./kernels.js";
import type { WasmKernels } from "./wasm-kernels.js";

/** Rows and columns of C that the matrix product holds in registers. */
export interface Tile {
  /** Rows of C that are computed together. */
  readonly rows: number;
  /** Columns of C that are computed together. */
  readonly columns: number;
}

const ITERATIONS = 40;
const ROUNDS = 6;
/** A tile must be this much faster before it replaces the one in use: clocks and neighbours are noisy. */
const CLEARLY_FASTER = 0.96;
/** Milliseconds after the start at which tiles are measured. An engine runs its quick first code until about the first. */
const MEASURED_AT = [100, 600, 3000];

/**
 * Keeps the register tile that is fastest on this processor and engine. x86-64 has 15 vector registers to give, ARM 31, so
 * no tile is best everywhere. Measuring takes half a millisecond, but the code measured at the start is an engine's quick
 * first one, which says nothing; so a start takes the 4×8 tile and tiles are measured between the steps that follow. The
 * tile changes no bit of a result. Packed weights are laid out by the tile's columns, so only tiles of as many are tried.
 */
export class TileChoice {
  private readonly age = stopwatch();
  private readonly scratch: Pointer;
  private measurements = 0;
  /** Whether somebody asked for the tile in use. */
  private fixed: boolean;

  /** Throws `ConfigError` for a tile that was not compiled. */
  constructor(
    private readonly kernels: WasmKernels,
    heap: Heap,
    wanted: Tile | "auto",
  ) {
    // Kept, so that measuring later changes nothing about memory.
    this.scratch = heap.allocate(4 * kernels.probe_len());
    kernels.set_tile(wanted === "auto" ? 0 : this.find(wanted));
    this.fixed = wanted !== "auto";
  }

  /** The tile in use. */
  get current(): Tile {
    return this.tiles()[this.kernels.tile()]!;
  }

  /** Whether `keep` can be had: it is this tile, or nobody asked for one and it has as many columns. */
  allows(wanted: Tile): boolean {
    const index = this.find(wanted);
    if (index === this.kernels.tile()) return true;
    return !this.fixed && this.kernels.tile_columns(index) === this.current.columns;
  }

  /** Takes a tile that is allowed, and stays with it. */
  keep(wanted: Tile): void {
    this.kernels.set_tile(this.find(wanted));
    this.fixed = true;
  }

  /** Measures where it is time to; called between steps. */
  settle(): void {
    const due = MEASURED_AT[this.measurements];
    if (this.fixed || due === undefined || this.age() < due) return;
    this.measurements++;
    const current = this.kernels.tile();
    const times = this.measure();
    const best = times.indexOf(Math.min(...times));
    // A coarse clock (pages that are not isolated) shows 0: nothing can be told then.
    if (times[best]! > 0 && times[best]! < CLEARLY_FASTER * times[current]!) this.kernels.set_tile(best);
  }

  /** Time of each tile for the same work; infinite for those of other columns. */
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

  /** Those that were compiled. */
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
