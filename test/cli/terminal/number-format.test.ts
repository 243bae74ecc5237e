import { expect, it } from "vitest";
import { formatEvery, formatExamples, matricesText } from "../../../ts/cli/terminal/number-format.js";

it("one is no plural", () => {
  expect([0, 1, 2, 4000].map(formatExamples)).toEqual(["0 examples", "1 example", "2 examples", "4,000 examples"]);
  expect([1, 40].map(formatEvery)).toEqual(["step", "40 steps"]);
});

it("adapted modules are counted by matrices and by the model's layers", () => {
  const paths = [0, 1].flatMap((i) => ["query", "key"].map((name) => `encoder.layer.${i}.attention.self.${name}`));
  expect(matricesText(paths)).toBe("4 matrices in 2 layers");
  expect(matricesText(["model.layers.3.mlp.experts.7.up", "model.layers.3.mlp.experts.8.up"])).toBe(
    "2 matrices in 1 layer",
  );
  expect(matricesText(["pooler.dense"])).toBe("1 matrix");
});
