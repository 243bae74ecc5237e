import { ModelError } from "../errors/errors.js";
import { type OpenTensorFile, weightProblem, type WeightOptions } from "../io/safetensors/index.js";
import type { Tensor } from "../values/tensor.js";

/** A tensor as float32. Throws `ModelError` for values that are not finite, unless allowed. */
export async function weightTensor(file: OpenTensorFile, name: string, options: WeightOptions): Promise<Tensor> {
  const tensor = await file.tensor(name);
  const problem = weightProblem(file.info(name).dtype, tensor, options);
  if (problem === null) return tensor;
  throw new ModelError(`model.safetensors: ${name} ${problem}`, { tensor: name });
}
