import type { Engine } from "../engine/running.js";
import type { Pointer } from "../engine/kernels.js";
import type { AdapterLayer } from "../io/peft/index.js";

/** A matrix in an array, element (i, j) at `i·rowStep + j·columnStep`. */
interface Strided {
  readonly data: Float32Array;
  readonly rowStep: number;
  readonly columnStep: number;
}

/** The update of a weight as it lies in its file: W + s·L·R, rows of W being rows of L. */
export interface RowUpdate {
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  readonly scaling: number;
  /** L `[rows, rank]` */
  readonly left: Strided;
  /** R `[rank, columns]` */
  readonly right: Strided;
  /** DoRA's magnitudes, one an output, and whether the outputs are the weight's rows; null without DoRA. */
  readonly magnitude: { readonly values: Float32Array; readonly alongRows: boolean } | null;
}

/** A layer's update of a weight that is `[in, out]` where `inFirst`, else `[out, in]`. */
export function rowUpdate({ loraA, loraB, rank, scaling, magnitude }: AdapterLayer, inFirst: boolean): RowUpdate {
  const [inFeatures, outFeatures] = [loraA.shape[0]!, loraB.shape[1]!];
  const [a, b] = [loraA.data, loraB.data];
  return {
    rows: inFirst ? inFeatures : outFeatures,
    columns: inFirst ? outFeatures : inFeatures,
    rank,
    scaling,
    left: inFirst ? { data: a, rowStep: rank, columnStep: 1 } : { data: b, rowStep: 1, columnStep: outFeatures },
    right: inFirst ? { data: b, rowStep: outFeatures, columnStep: 1 } : { data: a, rowStep: 1, columnStep: rank },
    magnitude: magnitude === undefined ? null : { values: magnitude.data, alongRows: !inFirst },
  };
}

/** An update in an engine's memory, which adds it to rows of its weight by the engine's matrix product. Dispose of it. */
export class RowUpdater {
  private readonly left: Pointer;
  private readonly right: Pointer;
  private readonly rowsPointer: Pointer;
  private readonly blocks: Pointer[] = [];

  /** @param mostRows rows of the weight that are given at once at most */
  constructor(
    private readonly engine: Engine,
    private readonly update: RowUpdate,
    mostRows: number,
  ) {
    const { left, right, columns } = update;
    try {
      this.left = this.allocate(left.data.length);
      this.right = this.allocate(right.data.length);
      this.rowsPointer = this.allocate(mostRows * columns);
      engine.write(this.left, left.data, left.data.length);
      engine.write(this.right, right.data, right.data.length);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Rows of W become those of W + s·L·R, in float32; they start at `firstRow`, and DoRA's magnitudes are not applied. */
  add(values: Float32Array, firstRow: number): void {
    const { engine, update, rowsPointer } = this;
    const { columns, rank, scaling, left, right } = update;
    const rows = values.length / columns;
    if (rows === 0 || columns === 0) return;
    engine.write(rowsPointer, values, values.length);
    const first = this.left + 4 * firstRow * left.rowStep;
    engine.kernels.gemm(
      ...([rows, columns, rank, scaling, first, left.rowStep, left.columnStep] as const),
      ...([this.right, right.rowStep, right.columnStep, 1, rowsPointer, columns, 0] as const),
    );
    engine.read(rowsPointer, values.length, values);
  }

  /** Gives the memory back. */
  dispose(): void {
    if (this.engine.closed) return;
    for (const block of this.blocks.splice(0)) this.engine.heap.release(block);
  }

  private allocate(elements: number): Pointer {
    const pointer = this.engine.heap.allocate(4 * elements);
    this.blocks.push(pointer);
    return pointer;
  }
}
