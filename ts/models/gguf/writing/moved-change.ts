import type { Change } from "../../../merging/merge-plan.js";
import { ordered, type RowOrder } from "../rows.js";

/** Converts a change of a Hugging Face tensor to one of the same tensor in a file with another order of rows. */
export function movedChange(change: Change, rows: number, order: RowOrder | null, plusOne: boolean): Change {
  if (order === null) {
    // Norms of which the file has 1 more: what takes their place has, too.
    return plusOne && change.kind === "replace"
      ? { ...change, values: change.values.map((value) => value + 1) }
      : change;
  }
  const moved = (values: Float32Array): Float32Array => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return new Float32Array(ordered(bytes, rows, order).buffer as ArrayBuffer);
  };
  if (change.kind === "rows") return change;
  if (change.kind !== "update") return { ...change, values: moved(change.values) };
  const { update } = change;
  const { rank, left, magnitude } = update;
  const dense = new Float32Array(rows * rank);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < rank; i++) dense[order(row) * rank + i] = left.data[row * left.rowStep + i * left.columnStep]!;
  return {
    ...change,
    update: {
      ...update,
      left: { data: dense, rowStep: rank, columnStep: 1 },
      magnitude: magnitude && (magnitude.alongRows ? { ...magnitude, values: moved(magnitude.values) } : magnitude),
    },
  };
}
