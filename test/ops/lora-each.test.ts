import { expect, it } from "vitest";
import { Graph, type NodeId, type Tensor, tensor } from "../../ts/index.js";

const [inFeatures, outFeatures, rows] = [301, 230, 20];

/** Numbers that float32 rounds in every sum. */
const numbers = (shape: readonly number[], seed: number): Tensor => {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    shape,
    Float32Array.from({ length: size }, (_, i) => Math.sin(1 + i * 0.7 + seed)),
  );
};

/** Two parts of the columns on few rows each, in all more products than one thread takes. */
const apart = [
  [0, 1, 8],
  [1, 4, 3],
  [4, 4, 5],
  [4, 20, 9],
].flatMap(([start, end, rank]) => [
  { start: 0, width: 101, scaling: 0.5, rank: rank!, rows: { start: start!, end: end! } },
  { start: 101, width: 129, scaling: -1.25, rank: rank! + 1, rows: { start: start!, end: end! } },
]);
/** Of which two write to the same place. */
const overlapping = [...apart, { start: 90, width: 60, scaling: 2, rank: 4, rows: { start: 0, end: 6 } }];

/** The value, and the gradients of x and of each A and B, of updates that are made together or one after the other. */
function updated(adapters: typeof apart, together: boolean): Float32Array[] {
  using graph = new Graph();
  const x = graph.variable(numbers([rows, inFeatures], 0));
  const factors = adapters.map(({ rank, width }, i): [NodeId, NodeId] => [
    graph.variable(numbers([inFeatures, rank], i + 1)),
    graph.variable(numbers([rank, width], -i - 1)),
  ]);
  const nothing = graph.constant(tensor([inFeatures, outFeatures], new Float32Array(inFeatures * outFeatures)));
  const one = (base: NodeId, i: number, j: number) =>
    graph.loraLinear([x, base, ...factors.slice(i, j).flat()], {
      bias: false,
      adapterInput: false,
      adapters: adapters.slice(i, j).map(({ rank: _, ...columns }) => columns),
    });
  return graph.step(() => {
    const y = together
      ? one(nothing, 0, adapters.length)
      : adapters.map((_, i) => one(nothing, i, i + 1)).reduce((sum, y) => graph.add(sum, y));
    graph.backward(graph.sum(y));
    return [graph.value(y).data, ...[x, ...factors.flat()].map((id) => graph.grad(id)!.data)];
  });
}

it("gives adapters on rows of their own, to the bit, what each gives by itself", () => {
  const [y, , ...gradients] = updated(apart, true);
  const [own, , ...ownGradients] = updated(apart, false);
  expect(y).toEqual(own);
  expect(gradients).toEqual(ownGradients);
});

it("adds up those that have rows and columns in common", () => {
  const [together, alone] = [updated(overlapping, true), updated(overlapping, false)];
  for (const [i, values] of together.entries()) {
    const most = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    values.forEach((value, j) => expect(Math.abs(value - alone[i]![j]!)).toBeLessThanOrEqual(1e-5 * most));
  }
});
