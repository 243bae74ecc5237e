import { describe, expect, it } from "vitest";
import { opRows } from "./rows/index.js";
import { type Case, checkGradients } from "./gradients/check.js";
import { uniform } from "./gradients/numbers.js";

describe.each(Object.entries(opRows))("gradient of %s by central differences", (_, { gradients }) => {
  it.each(gradients.map((check) => [check.title ?? "plain", check] as const))("%s", (_title, check) => {
    checkGradients(check);
  });
});

it("the check notices a wrong gradient", () => {
  // x·(a copy of x that is cut off from the tape) is x² with half the gradient.
  const halved: Case = {
    inputs: [uniform([5])],
    apply: (graph, [x]) => graph.mul(x!, graph.constant(graph.value(x!))),
  };
  expect(() => checkGradients(halved)).toThrow(/input 0: element 0/);
});
