import { expect, it } from "vitest";
import { formatEvery, formatExamples } from "../../../ts/cli/terminal/number-format.js";

it("one is no plural", () => {
  expect([0, 1, 2, 4000].map(formatExamples)).toEqual(["0 examples", "1 example", "2 examples", "4,000 examples"]);
  expect([1, 40].map(formatEvery)).toEqual(["step", "40 steps"]);
});
