import { ShapeError } from "../errors.js";
import { checkSize, formatShape } from "../shape.js";
import { checkOptions } from "../options.js";
import { flag } from "../settings.js";
import { broadcastShapes } from "./broadcast.js";
import type { Kernels } from "../engine/kernels.js";
import type { GradientTarget, Pointer, Shape, TakingOp, Value } from "./op.js";

/** Which operands are used transposed (their last two dimensions swapped). */
export interface MatmulAttributes {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

const names = ["transposeA", "transposeB"];

/** A matrix operand seen through its last two dimensions: `rows` × `columns` after transposition. */
interface Matrix {
  readonly batch: Shape;
  readonly rows: number;
  readonly columns: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/**
 * C = op(A)·op(B), batched over the leading dimensions, which broadcast; vectors as `torch.matmul` takes them.
 * ∂A = G·op(B)ᵀ and ∂B = op(A)ᵀ·G are the same product with strides swapped, summed over broadcast batches.
 */
export const matmul: TakingOp<MatmulAttributes, Required<MatmulAttributes>, void> = {
  name: "matmul",

  take(given = {}) {
    checkOptions("matmul", given, names);
    const { transposeA = false, transposeB = false } = given;
    return {
      transposeA: flag("matmul", "transposeA", transposeA),
      transposeB: flag("matmul", "transposeB", transposeB),
    };
  },

  shape([a, b], attributes) {
    const { right, batch } = operands(a!, b!, attributes);
    const outer = a!.length > 2 && b!.length <= 2 && !attributes.transposeA ? a!.slice(0, -2) : batch;
    const rows = a!.length > 1 ? [a!.at(attributes.transposeA ? -1 : -2)!] : [];
    return checkSize("matmul", [...outer, ...rows, ...(b!.length > 1 ? [right.columns] : [])]);
  },

  forward({ kernels, inputs: [a, b], output, attributes }) {
    if (output.size === 0) return; // A batch of nothing can be long.
    const { left, right, batch } = operands(a!.shape, b!.shape, attributes);
    const c = plain(left.rows, right.columns, batch);
    eachBatch(batch, left, right, (i, j, at) => {
      product(
        kernels,
        { pointer: a!.pointer, matrix: left, index: i },
        { pointer: b!.pointer, matrix: right, index: j },
        0,
        { pointer: output.pointer, matrix: c, index: at },
      );
    });
  },

  backward(call) {
    const [a, b] = call.inputs as [Value, Value];
    const { left, right, batch } = operands(a.shape, b.shape, call.attributes);
    const g = plain(left.rows, right.columns, batch);
    const gradient = (target: GradientTarget, operand: Matrix, side: "left" | "right") => {
      if (call.output.size === 0) {
        if (target.accumulate === 0) call.kernels.fill(sizeOf(operand), 0, target.pointer);
        return;
      }
      // A batch that was broadcast is written once and then added to.
      const written = new Set<number>();
      eachBatch(batch, left, right, (i, j, at) => {
        const into = side === "left" ? i : j;
        const beta = target.accumulate === 1 || written.has(into) ? 1 : 0;
        written.add(into);
        const { kernels, gradient: from } = call;
        const c = { pointer: target.pointer, matrix: operand, index: into };
        const given = { pointer: from.pointer, matrix: g, index: at };
        if (side === "left") product(kernels, given, { pointer: b.pointer, matrix: swap(right), index: j }, beta, c);
        else product(kernels, { pointer: a.pointer, matrix: swap(left), index: i }, given, beta, c);
      });
    };
    if (call.wants(0)) gradient(call.target(0), left, "left");
    if (call.wants(1)) gradient(call.target(1), right, "right");
  },
};

function operands(a: Shape, b: Shape, { transposeA, transposeB }: Required<MatmulAttributes>) {
  if (a.length === 0 || b.length === 0) {
    throw new ShapeError(`matmul: ${formatShape(a)} × ${formatShape(b)}: a scalar has no matrix product; use mul`);
  }
  const stacked = a.length > 2 && b.length <= 2 && !transposeA;
  // A batch against one matrix is one tall product.
  const left = a.length === 1 ? matrix([1, a[0]!], false) : stacked ? stack(a) : matrix(a, transposeA);
  const right = b.length === 1 ? matrix([b[0]!, 1], false) : matrix(b, transposeB);
  if (left.columns !== right.rows) {
    throw new ShapeError(
      `matmul: ${formatShape(a)}${transposeA ? "ᵀ" : ""} × ${formatShape(b)}${transposeB ? "ᵀ" : ""}: ` +
        `inner dimensions ${left.columns} and ${right.rows} differ`,
      { a, b, transposeA, transposeB },
    );
  }
  return { left, right, batch: broadcastShapes("matmul", left.batch, right.batch) };
}

function matrix(shape: Shape, transposed: boolean): Matrix {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const batch = shape.slice(0, -2);
  return transposed
    ? { batch, rows: columns, columns: rows, rowStride: 1, columnStride: columns }
    : plain(rows, columns, batch);
}

function stack(shape: Shape): Matrix {
  const columns = shape.at(-1)!;
  const rows = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  return plain(rows, columns, []);
}

function plain(rows: number, columns: number, batch: Shape): Matrix {
  return { batch, rows, columns, rowStride: columns, columnStride: 1 };
}

function swap({ batch, rows, columns, rowStride, columnStride }: Matrix): Matrix {
  return { batch, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride };
}

/** One matrix of a batch in memory. */
interface Operand {
  readonly pointer: Pointer;
  readonly matrix: Matrix;
  readonly index: number;
}

/** C ← A·B + β·C. Where C is stored by columns, Cᵀ ← Bᵀ·Aᵀ + β·Cᵀ is the same. */
function product(kernels: Kernels, a: Operand, b: Operand, beta: number, c: Operand): void {
  const address = ({ pointer, matrix, index }: Operand) => pointer + 4 * index * matrix.rows * matrix.columns;
  const [pa, pb, pc] = [address(a), address(b), address(c)];
  const { rows: m, columns: k, rowStride: aRow, columnStride: aColumn } = a.matrix;
  const { columns: n, rowStride: bRow, columnStride: bColumn } = b.matrix;
  const { rowStride: cRow, columnStride: cColumn } = c.matrix;
  if (cColumn === 1) kernels.gemm(m, n, k, 1, pa, aRow, aColumn, pb, bRow, bColumn, beta, pc, cRow, 0, 0);
  else kernels.gemm(n, m, k, 1, pb, bColumn, bRow, pa, aColumn, aRow, beta, pc, cColumn, 0, 0);
}

/** Elements of the whole batch. */
function sizeOf({ batch, rows, columns }: Matrix): number {
  return batch.reduce((product, length) => product * length, rows * columns);
}

/** Calls `visit` with the matrix index of A, of B and of C for each element of the broadcast batch. */
function eachBatch(batch: Shape, left: Matrix, right: Matrix, visit: (i: number, j: number, at: number) => void): void {
  const count = batch.reduce((product, length) => product * length, 1);
  const indexer = (operand: Shape) => {
    const offset = batch.length - operand.length;
    return (at: number) => {
      let index = 0;
      let stride = 1;
      for (let d = batch.length - 1; d >= 0; d--) {
        const position = at % batch[d]!;
        at = Math.floor(at / batch[d]!);
        if (d < offset) continue;
        const length = operand[d - offset]!;
        if (length !== 1) index += position * stride;
        stride *= length;
      }
      return index;
    };
  };
  const leftIndex = indexer(left.batch);
  const rightIndex = indexer(right.batch);
  for (let at = 0; at < count; at++) visit(leftIndex(at), rightIndex(at), at);
}
