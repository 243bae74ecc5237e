import type { Tensor } from "../../values/tensor.js";

/** The matrix `[rows, columns]` as `[columns, rows]`, copied. */
export function transpose({ shape, data }: Tensor): Tensor {
  const [rows, columns] = shape as readonly [number, number];
  const transposed = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) transposed[column * rows + row] = data[row * columns + column]!;
  return { shape: [columns, rows], data: transposed };
}

/** Architectures whose transformer layers are transformers' Conv1D, which keeps its weight `[in, out]`. */
const models = new Set(["gpt2", "openai-gpt", "imagegpt", "decision_transformer", "clvp"]);
const layers = /(^|\.)(c_attn|c_proj|c_fc|q_attn)$/;

/** Whether a model of that type has layers that are Conv1D. */
export const hasConv1d = (modelType: string) => models.has(modelType);

/** Whether a module is called as a Conv1D is, which in models of other types is a linear layer. */
export const isCalledConv1d = (path: string) => layers.test(path);

/** Whether a module of a model of that type is a Conv1D. */
export const isConv1d = (modelType: string | null, path: string) =>
  modelType !== null && hasConv1d(modelType) && isCalledConv1d(path);
