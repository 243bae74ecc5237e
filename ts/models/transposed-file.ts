import type { OpenTensorFile } from "../io/safetensors/index.js";
import { transpose } from "../io/peft/conv1d.js";

/** A view of a file with matrices `[in, out]`, as Conv1D's, that has them `[out, in]`. Reads whole tensors only. */
export function transposedFile({ grouped, outFirst, ...file }: OpenTensorFile): OpenTensorFile {
  if (outFirst !== undefined) return outFirst;
  return {
    ...file,
    info(name) {
      const { dtype, shape } = file.info(name);
      return { dtype, shape: [...shape].reverse() };
    },
    tensor: async (name) => transpose(await file.tensor(name)),
    async raw(name) {
      // Groups run along rows, so the transposed matrix would have other groups.
      if ((grouped?.nearest(name) ?? null) !== null)
        return new Uint8Array(transpose(await file.tensor(name)).data.buffer);
      const [rows = 0, columns = 0] = file.info(name).shape;
      return transposedBytes(await file.raw(name), rows, columns);
    },
  };
}

/** Transposes the bytes of a matrix `[rows, columns]` with elements of any size. */
function transposedBytes(bytes: Uint8Array, rows: number, columns: number): Uint8Array {
  const size = bytes.length / Math.max(rows * columns, 1);
  const Elements = { 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array }[size] ?? Uint8Array;
  const from = new Elements(new Uint8Array(bytes).buffer);
  const to = new Elements(from.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column]!;
  return new Uint8Array(to.buffer);
}
