import { loraData } from "../data.mjs";
import { relativeError } from "../reference/difference.mjs";
import { loraStep64 } from "../reference/lora-step.mjs";
import { loraStepFlops } from "../shapes.mjs";

const TOLERANCE = 2e-4;

/** A LoRA training step: forward, ∂A, ∂B, ∂x and Adam on A and B; loss mean((x·W + s·x·A·B + b - t)²). */
export function loraStepCase(shape) {
  const data = loraData(shape);
  return {
    name: "lora step",
    shape: shape.join(","),
    flops: loraStepFlops(shape),
    tolerance: TOLERANCE,
    open: (contestant) => contestant.loraStep(shape, data),
    async error(entry) {
      const got = await entry.first();
      const expected = loraStep64(shape, data, entry.eps);
      const fields = Object.keys(expected).filter((field) => field !== "loss" && got[field] !== undefined);
      const errors = fields.map((field) => relativeError(got[field], expected[field]));
      return Math.max(Math.abs(got.loss - expected.loss) / expected.loss, ...errors);
    },
  };
}
