import { expect, it } from "vitest";
import { outputScale } from "../../../ts/tasks/regress/regress-model.js";

const targets = [-1, 0.5, 1, -0.5, 2].map((output) => ({ output }));
const outputs = (scale: number, offset = 0) => targets.map(({ output }) => offset + scale * output);

it("outputs that are far too close to their mean are scaled to what they are to be", () => {
  const { slope, offset } = outputScale(outputs(0.01, 3), targets);
  expect(slope).toBeCloseTo(100, 9);
  expect(offset).toBeCloseTo(-300, 9);
});

it("outputs of nearly the right scale, too far from it, of the other sign, or of no scale stay", () => {
  const odd = [outputs(1), outputs(0.6), outputs(5), outputs(-0.01), outputs(0, 7), outputs(NaN)];
  for (const given of odd) expect(outputScale(given, targets)).toEqual({ slope: 1, offset: 0 });
  expect(outputScale([], [])).toEqual({ slope: 1, offset: 0 });
});
