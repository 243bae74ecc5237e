import type { Pointer } from "../engine/kernels.js";
import type { AdapterLayer } from "../io/peft/index.js";
import type { PieceMemory } from "./piece-memory.js";
import type { StoredPiece } from "./stored-tensor.js";

/** A matrix in an array, element (i, j) at `i·rowStep + j·columnStep`. */
interface Strided {
  readonly data: Float32Array;
  readonly rowStep: number;
  readonly columnStep: number;
}

/** The update of a weight in its file's layout: W + s·L·R, rows of W are rows of L. */
export interface RowUpdate {
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  readonly scaling: number;
  /** L `[rows, rank]` */
  readonly left: Strided;
  /** R `[rank, columns]` */
  readonly right: Strided;
  /** DoRA's magnitudes, one per output, and whether outputs are the weight's rows; null without DoRA. */
  readonly magnitude: { readonly values: Float32Array; readonly alongRows: boolean } | null;
}

/** A layer's update of a weight that is `[in, out]` if `inFirst`, otherwise `[out, in]`. */
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

/** Columns of a panel of R, for `stored_add_low_rank`. */
const PANEL = 8;

/** Row-major. */
function dense({ data, rowStep, columnStep }: Strided, rows: number, columns: number): Float32Array {
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) values[i * columns + j] = data[i * rowStep + j * columnStep]!;
  return values;
}

/** Columns in row-major panels, the last one padded with zeros. */
function panelled({ data, rowStep, columnStep }: Strided, rows: number, columns: number): Float32Array {
  const values = new Float32Array(Math.ceil(columns / PANEL) * PANEL * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const within = j % PANEL;
      values[(j - within) * rows + i * PANEL + within] = data[i * rowStep + j * columnStep]!;
    }
  return values;
}

/** An update without DoRA in an engine's memory. It changes pieces of its weight there, in the file's format, and shares their lifetime. */
export class StoredRowUpdater {
  private readonly left: Pointer;
  private readonly panels: Pointer;

  constructor(
    private readonly piece: StoredPiece,
    private readonly update: RowUpdate,
  ) {
    const { rows, columns, rank, left, right } = update;
    this.left = piece.put(dense(left, rows, rank));
    this.panels = piece.put(panelled(right, rank, columns));
  }

  /**
   * Changes rows of W from `firstRow` on to those of W + s·L·R, rounded once. Returns false if a finite value is too large for the format;
   * it is then infinite.
   */
  add(bytes: Uint8Array, firstRow: number, rows: number): boolean {
    const { columns, rank, scaling } = this.update;
    const left = this.left + 4 * firstRow * rank;
    return this.piece.addLowRank(bytes, { rows, columns, rank, scaling }, left, this.panels);
  }
}

/** An update in an engine's memory. It changes pieces of its weight there, and shares their lifetime. */
export class RowUpdater {
  private readonly left: Pointer;
  private readonly right: Pointer;
  private readonly factors: Pointer;

  constructor(
    private readonly piece: PieceMemory,
    private readonly update: RowUpdate,
  ) {
    const { left, right, magnitude } = update;
    this.left = this.put(left.data);
    this.right = this.put(right.data);
    this.factors = magnitude === null ? 0 : this.put(magnitude.values);
  }

  /** Changes the piece's rows of W, from `firstRow` on, to those of W + s·L·R in float32, without DoRA's magnitudes. */
  add(firstRow: number): void {
    const { piece, update, rows } = this;
    const { columns, rank, scaling, left, right } = update;
    if (rows === 0) return;
    const first = this.left + 4 * firstRow * left.rowStep;
    piece.engine.kernels.gemm(
      rows,
      columns,
      rank,
      scaling,
      first,
      left.rowStep,
      left.columnStep,
      this.right,
      right.rowStep,
      right.columnStep,
      1,
      piece.values,
      columns,
      0,
    );
  }

  /** Outputs along rows: scales each row's ‖row‖₂ to its magnitude. Along columns: see `scaleColumns`, which comes first. */
  scale(firstRow: number): void {
    const { piece, update, rows, factors } = this;
    const { columns, magnitude } = update;
    const { kernels } = piece.engine;
    if (magnitude === null || rows === 0) return;
    const { values, alongRows } = magnitude;
    if (alongRows) {
      const norms = values.slice(firstRow, firstRow + rows).map((value, row) => {
        const square = kernels.sum_of_squares(piece.values + 4 * row * columns, columns);
        return value / Math.sqrt(square);
      });
      piece.engine.write(factors, norms, rows);
    }
    kernels.mul_forward(
      piece.values,
      factors,
      piece.values,
      rows,
      1,
      columns,
      columns,
      0,
      1,
      alongRows ? 1 : 0,
      0,
      alongRows ? 0 : 1,
      0,
    );
  }

  /** Sums of squares of the whole weight's columns, which `scale` needs for the magnitudes. */
  scaleColumns(squares: Float64Array): void {
    const { values } = this.update.magnitude!;
    const factors = values.map((value, i) => value / Math.sqrt(squares[i]!));
    this.piece.engine.write(this.factors, factors, factors.length);
  }

  private get rows(): number {
    const { columns } = this.update;
    return columns === 0 ? 0 : this.piece.size / columns;
  }

  private put(values: Float32Array): Pointer {
    const pointer = this.piece.allocate(values.length);
    this.piece.engine.write(pointer, values, values.length);
    return pointer;
  }
}
