import type { WeightFormat } from "../../ops/product/frozen-weight.js";
import { sizeOf } from "../../values/shape.js";
import type { ModelPlan } from "../architecture.js";

/** Number of parameters from which float32 leaves little memory, and from which four bits lose little. */
const [MANY, MOST] = [5e8, 1e9];

/** Maximum number of tensors: no model has as many, and none is allocated before its tensors are checked. */
const MOST_TENSORS = 1e5;

/**
 * The default format of weights: float32 for small models, so that numbers equal transformers' and PEFT's; four bits lose more in small
 * models.
 */
export function usualWeights(plan: Pick<ModelPlan, "tensors">): WeightFormat {
  let [parameters, tensors] = [0, 0];
  for (const { shape } of plan.tensors()) {
    parameters += sizeOf(shape);
    tensors += 1;
    if (parameters >= MOST || tensors >= MOST_TENSORS) break;
  }
  return parameters < MANY ? "f32" : parameters < MOST ? "q8" : "q4";
}
