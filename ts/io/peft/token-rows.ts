import { AdapterError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { formatShape, sameShape } from "../../values/shape.js";
import type { AdapterConfig } from "./config/config.js";

/** The rows of a table that a configuration's trainable_token_indices train; null for none. */
function trainedRows(wanted: AdapterConfig["trainableTokenIndices"], path: string): readonly number[] | null {
  if (wanted === null) return null;
  if (!(wanted instanceof Map)) return wanted as readonly number[];
  for (const [name, rows] of wanted as ReadonlyMap<string, readonly number[]>)
    if (path === name || path.endsWith(`.${name}`)) return rows;
  return null;
}

/**
 * The rows of an embedding for an adapter's tensor of trained rows, in the tensor's order. Throws `AdapterError` if the configuration names
 * no rows, or they do not fit.
 *
 * @param tensor the tensor's name and shape
 * @param table path and shape `[rows, width]` of the embedding
 */
export function rowsOfTable(
  what: string,
  tensor: { readonly name: string; readonly shape: readonly number[] },
  table: { readonly path: string; readonly shape: readonly number[] },
  { trainableTokenIndices }: AdapterConfig,
): readonly number[] {
  const [rows, width] = table.shape as [number, number];
  const indices = trainedRows(trainableTokenIndices, table.path);
  const outside = indices?.find((row) => row >= rows);
  if (indices !== null && outside === undefined && sameShape(tensor.shape, [indices.length, width])) return indices;
  const expected = indices === null ? "trainable_token_indices of it" : formatShape([indices.length, width]);
  const problem = outside === undefined ? `got ${formatShape(tensor.shape)}` : `row ${outside} is beyond ${rows - 1}`;
  throw new AdapterError(`${what}: ${clip(tensor.name)}: expected ${expected}, ${problem}`, { tensor: tensor.name });
}
