import { loraData } from "../data.mjs";
import { relativeError } from "../reference/difference.mjs";
import { loraStep64 } from "../reference/lora-step.mjs";
import { loraStepFlops } from "../shapes.mjs";

/**
 * Some peers add up the squares of the loss one by one in single precision: of 1.5 million such squares (512 × 3072) that
 * loses 9e-4, in a loop of four lines as in theirs. Adam's first update divides a gradient by its size, so that rounding
 * shows in A and B where a gradient is next to 0.
 */
const allowed = { loss: 2e-3, gradient: 1e-4, parameter: 5e-3 };

/** A LoRA training step: forward, ∂A, ∂B, ∂x and Adam on A and B; loss mean((x·W + s·x·A·B + b - t)²). */
export function loraStepCase(shape) {
  const data = loraData(shape);
  return {
    name: "lora step",
    shape: shape.join(","),
    flops: loraStepFlops(shape),
    open: (contestant) => contestant.loraStep(shape, data),
    async check(entry) {
      const got = await entry.first();
      const expected = loraStep64(shape, data, entry.eps);
      const compare = (field, limit) =>
        got[field] === undefined ? [] : [{ error: relativeError(got[field], expected[field]), allowed: limit }];
      return [
        { error: Math.abs(got.loss - expected.loss) / expected.loss, allowed: allowed.loss },
        ...["gradA", "gradB", "gradX"].flatMap((field) => compare(field, allowed.gradient)),
        ...["a", "b"].flatMap((field) => compare(field, allowed.parameter)),
      ];
    },
  };
}
