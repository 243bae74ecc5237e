import { settingNames } from "../../ts/training/spec/option-names.js";
import { expect, it } from "vitest";
import { divergenceText } from "../../ts/training/train-run.js";

const record = { learningRate: 0.1, gradNorm: 1, tokens: 3, milliseconds: 1 };
const steps = [4, 0.1, 4, 0.1].map((loss, step) => ({ ...record, step, loss }));
/** Twenty steps of which the last two are looked at. */
const long = [...steps, ...steps, ...steps, ...steps, ...steps].map((one, step) => ({ ...one, step }));

it("training that ends above guessing is told, at the weight that its steps have", () => {
  expect(divergenceText(long, Math.log(2), settingNames)).toMatch(
    /diverged: the final loss is 2\.05, guessing has 0\.693/,
  );
  // The steps of a high loss are those without the class that counts: each of their examples weighs little.
  expect(divergenceText(long, Math.log(2), settingNames, (step) => (step % 2 === 0 ? 1 : 50))).toBeNull();
  expect(divergenceText(long, Math.log(2), settingNames, (step) => (step % 2 === 0 ? 50 : 1))).toMatch(
    /the final loss is 3\.92/,
  );
});
