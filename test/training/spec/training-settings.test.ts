import { expect, it } from "vitest";
import { scheduleOf } from "../../../ts/training/spec/shared-fields.js";
import { readSpec } from "../../../ts/training/spec/read-settings.js";
import { textFields } from "../../../ts/tasks/classify/settings.js";

const rates = (given: object) => {
  const settings = readSpec("test", { data: "a.csv", learningRate: 1e-3, warmup: 3, ...given }, textFields);
  return Array.from({ length: 11 }, (_, step) => scheduleOf(settings, 10)(step));
};

// transformers' get_cosine_with_min_lr_schedule_with_warmup with min_lr_rate 0.1.
it("a cosine ends at a share of the peak, as in transformers", () => {
  const expected = [
    0, 0.0003333333333333333, 0.0006666666666666666, 0.001, 0.0009554359905560886, 0.0008305704108364302,
    0.0006501344202803415, 0.0004498655797196586, 0.00026942958916356994, 0.00014456400944391147, 0.0001,
  ];
  rates({ minLearningRateRatio: 0.1 }).forEach((rate, i) => expect(Math.abs(rate - expected[i]!)).toBeLessThan(1e-15));
});

it("a straight line ends there too, and a constant rate stays", () => {
  const line = rates({ schedule: "linear", minLearningRateRatio: 0.25 });
  expect(line[3]).toBe(1e-3);
  expect(line[10]).toBeCloseTo(2.5e-4, 15);
  expect(line[4]! - line[5]!).toBeCloseTo(0.75e-3 / 7, 15);
  expect(rates({ schedule: "constant", minLearningRateRatio: 0.1 })).toEqual(rates({ schedule: "constant" }));
});
