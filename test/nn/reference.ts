import { expect } from "vitest";
import { Graph, type NodeId, type Tensor } from "../../ts/index.js";

/** A matrix of float64, `[rows, columns]`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly at: (i: number, j: number) => number;
}

export function matrix(rows: number, columns: number, value: (i: number, j: number) => number): Matrix {
  const data = Float64Array.from({ length: rows * columns }, (_, k) => value(Math.floor(k / columns), k % columns));
  return { rows, columns, at: (i, j) => data[i * columns + j]! };
}

/** A tensor's values; a vector is one row. */
export function fromTensor({ shape, data }: Tensor): Matrix {
  const columns = shape.at(-1)!;
  return matrix(data.length / columns, columns, (i, j) => data[i * columns + j]!);
}

export const times = (a: Matrix, b: Matrix): Matrix =>
  matrix(a.rows, b.columns, (i, j) => {
    let sum = 0;
    for (let k = 0; k < a.columns; k++) sum += a.at(i, k) * b.at(k, j);
    return sum;
  });

/** What dropout made of x: the stream that is drawn next, in another graph of the same seed. */
export function droppedBy(graph: Graph, x: Tensor, p: number): Tensor {
  using other = new Graph({ seed: graph.seed });
  other.streamsDrawn = graph.streamsDrawn;
  return other.value(other.dropout(other.constant(x), p));
}

/** Expects a node's value to be the reference's. */
export function expectValue(graph: Graph, node: NodeId, expected: Matrix): void {
  graph.value(node).data.forEach((y, k) => {
    const e = expected.at(Math.floor(k / expected.columns), k % expected.columns);
    expect(Math.abs(y - e), `element ${k}: ${y}, reference ${e}`).toBeLessThan(1e-5 * Math.max(1, Math.abs(e)));
  });
}

/**
 * Expects the gradients of Σ cotangent·y to be the reference's central differences; in float64 these are exact to eight
 * digits.
 */
export function expectGradients(
  graph: Graph,
  variables: Readonly<Record<string, NodeId>>,
  cotangent: Tensor,
  reference: (values: Readonly<Record<string, Matrix>>) => Matrix,
): void {
  const values = Object.fromEntries(Object.entries(variables).map(([name, id]) => [name, fromTensor(graph.value(id))]));
  const weighted = (at: Readonly<Record<string, Matrix>>) => {
    const y = reference(at);
    return cotangent.data.reduce((sum, c, k) => sum + c * y.at(Math.floor(k / y.columns), k % y.columns), 0);
  };
  const step = 2 ** -10;
  for (const [name, id] of Object.entries(variables)) {
    const value = values[name]!;
    graph.grad(id)!.data.forEach((gradient, k) => {
      const [row, column] = [Math.floor(k / value.columns), k % value.columns];
      const moved = (by: number) => {
        const at = (i: number, j: number) => value.at(i, j) + (i === row && j === column ? by : 0);
        return weighted({ ...values, [name]: matrix(value.rows, value.columns, at) });
      };
      const expected = (moved(step) - moved(-step)) / (2 * step);
      const what = `∂${name}[${row}, ${column}] is ${gradient}, reference ${expected}`;
      expect(Math.abs(gradient - expected), what).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected)));
    });
  }
}
