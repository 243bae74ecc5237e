import type { StoredMatrixInput } from "../../../ts/graph/frozen/stored-weight.js";
import { decodeTensor } from "../../../ts/io/safetensors/convert.js";
import { encodeTensor } from "../../../ts/io/safetensors/index.js";
import { decodeGroups, encodeGroups, isGroups } from "../../graph/frozen/groups.js";
import { elements } from "./numbers.js";
import type { Stored } from "./program.js";

const dtypes = { f32: "F32", f16: "F16", bf16: "BF16" } as const;
const largest = { f32: Infinity, f16: 65504, bf16: 3.38e38, q8: 1e6, q4: 30000 };

/** The matrix as `frozen` takes it, rounded to its format, and its values as they are decoded, row by row. */
export function storedMatrix({ shape, format, transposed, data }: Stored): {
  matrix: StoredMatrixInput;
  values: Float32Array<ArrayBuffer>;
} {
  const [rows, columns] = shape;
  // No finite number becomes infinite by rounding.
  const fitting = elements(rows * columns, data).map((x) => (Math.abs(x) > largest[format] ? Math.sign(x) : x));
  if (isGroups(format)) return inGroups(shape, format, transposed, fitting);
  const dtype = dtypes[format];
  const values = Float32Array.from(decodeTensor(encodeTensor(fitting, dtype, "matrix"), dtype, "matrix"));
  const laid = transposed ? values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!) : values;
  return { matrix: { shape, format, transposed, bytes: encodeTensor(laid, dtype, "matrix") }, values };
}

/** The same in groups, which run along the rows as they lie. */
function inGroups(
  shape: Stored["shape"],
  format: "q8" | "q4",
  transposed: boolean,
  data: Float32Array,
): ReturnType<typeof storedMatrix> {
  const [rows, columns] = shape;
  const turned = (values: Float32Array, height: number, width: number) =>
    values.map((_, i) => values[(i % height) * width + Math.floor(i / height)]!);
  const width = transposed ? rows : columns;
  const laid = transposed ? turned(data, rows, columns) : data;
  const bytes = encodeGroups(laid, width, format);
  const values = decodeGroups(bytes, width, format);
  return {
    matrix: { shape, format, transposed, bytes },
    values: Float32Array.from(transposed ? turned(values, columns, rows) : values),
  };
}
