import type { Graph } from "../../graph/graph.js";
import { covariance, inChunks, type Weighted } from "./cross-entropy.js";
import { eigen } from "./eigen.js";

type Breathe = () => Promise<void> | undefined;

/** A diagonal matrix in the place of a triangular factor. */
export class DiagonalFactor {
  /** @param roots of the numbers on M's diagonal */
  constructor(private readonly roots: Float64Array) {}

  /** B ← L⁻¹·B for rows of `columns` numbers; what lies behind them stays. */
  async solve(rows: Float64Array, columns: number): Promise<void> {
    this.each(rows, columns, (root) => 1 / root);
  }

  /** B ← L⁻ᵀ·B */
  async solveTransposed(rows: Float64Array, columns: number): Promise<void> {
    this.each(rows, columns, (root) => 1 / root);
  }

  /** B ← Lᵀ·B */
  async multiplyTransposed(rows: Float64Array, columns: number): Promise<void> {
    this.each(rows, columns, (root) => root);
  }

  private each(rows: Float64Array, columns: number, by: (root: number) => number): void {
    for (let i = 0; i < this.roots.length; i++) {
      const factor = by(this.roots[i]!);
      for (let at = i * columns, end = at + columns; at < end; at++) rows[at]! *= factor;
    }
  }
}

/**
 * Vectors along the axes in which they are spread independently. The penalty is the same there, and what scales the variables is one
 * number an axis: of many classes, two products with a triangular matrix for each gradient took most of the time.
 */
export class PrincipalAxes {
  private constructor(
    private readonly hidden: number,
    /** `[hidden, hidden]`: an axis a row. */
    private readonly axes: Float64Array,
    /** Mean square of the vectors along each axis. */
    readonly moments: Float64Array,
    /** `[count, hidden]`: the vectors along the axes. */
    readonly rows: Float32Array,
    private readonly breathe: Breathe,
  ) {}

  static async of(graph: Graph, all: Weighted, hidden: number, breathe: Breathe): Promise<PrincipalAxes> {
    const { values, vectors } = await eigen(await covariance(graph, all, hidden, breathe), hidden, breathe);
    const rows = new Float32Array(all.rows.length);
    const matrix = { shape: [hidden, hidden], data: Float32Array.from(vectors) };
    await inChunks(graph, all.targets.length, Infinity, breathe, (start, count) => {
      const data = all.rows.subarray(start * hidden, (start + count) * hidden);
      const x = graph.constant({ shape: [count, hidden], data });
      const turned = graph.matmul(x, graph.constant(matrix), { transposeB: true });
      rows.set(graph.value(turned).data, start * hidden);
    });
    // Rounding may make nothing less than nothing.
    const moments = values.map((value) => Math.max(value, 0));
    return new PrincipalAxes(hidden, vectors, moments, rows, breathe);
  }

  /** Weight `[hidden, classes]` for the vectors themselves from one for their parts along the axes; what lies behind it stays. */
  async turnedBack(values: Float64Array, classes: number): Promise<Float64Array> {
    const { hidden, axes, breathe } = this;
    const result = values.slice();
    result.fill(0, 0, hidden * classes);
    for (let j = 0; j < hidden; j++) {
      await breathe();
      for (let i = 0; i < hidden; i++) {
        const factor = axes[i * hidden + j]!;
        for (let c = 0; c < classes; c++) result[j * classes + c]! += factor * values[i * classes + c]!;
      }
    }
    return result;
  }
}
