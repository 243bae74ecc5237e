import { expect, it } from "vitest";
import { encoderStep } from "../../../ts/cli/timing/encoder-work.js";
import { Graph } from "../../../ts/index.js";

const size = { texts: 4, tokens: 5, layers: 2, hidden: 24, heads: 2, inner: 40, rank: 2 };

it("the encoder that the benchmark times is trained: its loss falls from that of two classes by chance", async () => {
  const graph = new Graph({ seed: 1 });
  const { prepare, shape, operations } = encoderStep("small", size);
  const run = prepare(graph);
  const losses: number[] = [];
  for (let step = 0; step < 60; step++) run((id) => losses.push(graph.value(id).data[0]!));
  graph.dispose();
  expect(losses[0]).toBeCloseTo(Math.LN2, 1);
  expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
  expect(shape).toEqual([4, 5, 24, 2]);
  // Of a layer: weights, adapters on query and value, attention.
  const rows = 4 * 5;
  const weights = 4 * rows * (4 * 24 * 24 + 2 * 24 * 40);
  expect(operations).toBe(2 * (weights + 6 * rows * 2 * (2 * (24 + 24)) + 7 * 2 * 4 * 5 * 5 * 24));
});
