import type { Tensor } from "../../values/tensor.js";

/** The matrix `[rows, columns]` as `[columns, rows]`, copied. */
export function transpose({ shape, data }: Tensor): Tensor {
  const [rows, columns] = shape as readonly [number, number];
  const transposed = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) transposed[column * rows + row] = data[row * columns + column]!;
  return { shape: [columns, rows], data: transposed };
}
