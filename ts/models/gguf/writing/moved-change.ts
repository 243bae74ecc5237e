import type { Change } from "../../../merging/merge-plan.js";
import { columnsOrdered, type RowOrder, rowsOrdered } from "../rows.js";

/** How a tensor `[rows, …, width]` of Hugging Face's is arranged in a file; null for what is the same. */
interface Moves {
  readonly rows: number;
  readonly width: number;
  readonly order: RowOrder | null;
  readonly columns: RowOrder | null;
  /** What the file has in place of a value. */
  readonly value: ((value: number) => number) | null;
}

type Update = Extract<Change, { readonly kind: "update" }>["update"];

/** Converts a change of a Hugging Face tensor to one of the same tensor in a file. */
export function movedChange(change: Change, moves: Moves): Change {
  const { rows, width, order, columns, value } = moves;
  const inOrder = (values: Float32Array) => (order === null ? values : rowsOrdered(values, rows, order));
  switch (change.kind) {
    case "rows":
      return change;
    case "update":
      return { ...change, update: movedUpdate(change.update, moves, inOrder) };
    case "add":
      return { ...change, values: inOrder(change.values) };
    case "replace": {
      const own = value === null ? change.values : change.values.map(value);
      return { ...change, values: inOrder(columns === null ? own : columnsOrdered(own, width, columns)) };
    }
  }
}

function movedUpdate(
  update: Update,
  { rows, width, order, columns }: Moves,
  inOrder: (values: Float32Array) => Float32Array,
): Update {
  const { rank, left, right, magnitude } = update;
  const moved = { ...update };
  if (order !== null) {
    const data = new Float32Array(rows * rank);
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < rank; i++) data[order(row) * rank + i] = left.data[row * left.rowStep + i * left.columnStep]!;
    moved.left = { data, rowStep: rank, columnStep: 1 };
    if (magnitude?.alongRows) moved.magnitude = { ...magnitude, values: inOrder(magnitude.values) };
  }
  if (columns !== null) {
    const data = new Float32Array(rank * width);
    for (let i = 0; i < rank; i++)
      for (let column = 0; column < width; column++)
        data[i * width + columns(column)] = right.data[i * right.rowStep + column * right.columnStep]!;
    moved.right = { data, rowStep: width, columnStep: 1 };
  }
  return moved;
}
