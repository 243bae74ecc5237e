import { expect, it } from "vitest";
import { AdamW, ConfigError, Graph, LoraEmbedding, LoraLinear, loraPlusGroups, normal } from "../../ts/index.js";

it("B and magnitudes learn faster than A by the ratio, tables at a rate of their own, and a schedule keeps that", () => {
  using graph = new Graph({ seed: 3 });
  const weight = graph.constant(normal(graph, [4, 5], 1));
  const linear = LoraLinear.fromLinear(graph, weight, null, 4, 5, { rank: 2, dora: true });
  const table = LoraEmbedding.fromTable(graph, graph.constant(normal(graph, [6, 5], 1)), 6, 5, { rank: 2 });
  const head = graph.variable(normal(graph, [5, 2], 1));
  const bias = graph.variable(normal(graph, [2], 1));
  const groups = loraPlusGroups([linear, table], {
    lr: 0.01,
    ratio: 8,
    embeddingLr: 0.001,
    weightDecay: 0,
    others: [head, bias],
    graph,
  });
  expect(groups).toEqual([
    { params: [linear.loraA, head], lr: 0.01, weightDecay: 0 },
    { params: [table.loraA, table.loraB], lr: 0.001, weightDecay: 0 },
    { params: [linear.loraB, linear.magnitude], lr: 0.08, weightDecay: 0 },
    { params: [bias], lr: 0.08, weightDecay: 0 },
  ]);
  const optimizer = new AdamW(graph, groups, { lr: 0.01 });
  // Adam's first step is the learning rate in each element, whatever the gradient's size.
  const moved = (scale: number) => {
    optimizer.lr = 0.01 * scale;
    const ids = optimizer.params();
    const before = ids.map((id) => graph.value(id).data);
    optimizer.zeroGrad();
    graph.step(() => {
      const sums = ids.map((id) => graph.sum(graph.mul(id, id)));
      graph.backward(sums.reduce((a, b) => graph.add(a, b)));
    });
    optimizer.step();
    return ids.map((id, i) => Math.abs(graph.value(id).data.at(-1)! - before[i]!.at(-1)!));
  };
  // A of the table is zero, so it has no gradient to follow.
  const rates = [0.01, 0.01, 0, 0.001, 0.08, 0.08, 0.08];
  graph.setValue(linear.loraB, normal(graph, [2, 5], 1));
  moved(1).forEach((step, i) => expect(step).toBeCloseTo(rates[i]!, 5));
});

it("refuses what has no layers and rates that make no sense", () => {
  expect(() => loraPlusGroups({} as never, { lr: 0.1 })).toThrow(ConfigError);
  expect(() => loraPlusGroups([], { lr: -1 })).toThrow(ConfigError);
  expect(() => loraPlusGroups([], { lr: 0.1, ratio: NaN })).toThrow(ConfigError);
  expect(() => loraPlusGroups([], { lr: 0.1, graph: {} as never })).toThrow(/graph/);
  using graph = new Graph();
  const others = [graph.variable(normal(graph, [2], 1))];
  expect(() => loraPlusGroups([], { lr: 0.1, others })).toThrow(/pass the graph/);
  expect(loraPlusGroups([], { lr: 0.1, others, graph })).toEqual([{ params: others, lr: 0.1 * 16, weightDecay: 0 }]);
});
