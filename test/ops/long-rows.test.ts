import { describe, expect, it } from "vitest";
import { Graph, type NodeId, tensor } from "../../ts/index.js";

/**
 * Sums over a million numbers of one sign: in float32, one by one, they would be off by some 1e-4. The bound is stated in
 * crates/kernels/tests/long_rows.rs too, which checks gradients natively; here it holds for every build and thread count.
 */
const bound = 1e-6;
const n = 1_000_003;

// One number again and again, whose rounding errors don't average out, and numbers about it.
const rows = {
  constant: new Float32Array(n).fill(0.1),
  varied: Float32Array.from({ length: n }, (_, i) => 0.1 + 0.05 * Math.sin(i)),
};

const total = (x: Float32Array, f: (x: number) => number = (x) => x) => x.reduce((sum, x) => sum + f(x), 0);

/** Element 7 of the result, or the only one. */
function seventh(x: Float32Array, apply: (graph: Graph, x: NodeId) => NodeId): number {
  using graph = new Graph();
  const { data } = graph.value(apply(graph, graph.constant(tensor([1, n], x))));
  return data[Math.min(7, data.length - 1)]!;
}

describe.each(Object.entries(rows))("rows of a million, %s", (_, x) => {
  const [mean, squares, exponentials] = [total(x) / n, total(x, (x) => x * x), total(x, Math.exp)];
  const lse = Math.log(exponentials);
  const deviation = Math.sqrt(total(x, (x) => (x - mean) ** 2) / n + 0.01);
  const ones = (graph: Graph) => graph.constant(tensor([n], new Float32Array(n).fill(1)));

  it.each<[string, (graph: Graph, x: NodeId) => NodeId, number]>([
    ["sum", (graph, x) => graph.sum(x), mean * n],
    ["mean", (graph, x) => graph.mean(x, { dim: -1 }), mean],
    ["mean pool", (graph, x) => graph.meanPool(graph.reshape(x, [n, 1]), [0, n]), mean],
    ["softmax", (graph, x) => graph.softmax(x), Math.exp(x[7]!) / exponentials],
    ["softmax across rows", (graph, x) => graph.softmax(graph.transpose(x), 0), Math.exp(x[7]!) / exponentials],
    ["log softmax", (graph, x) => graph.logSoftmax(x), x[7]! - lse],
    ["cross entropy", (graph, x) => graph.crossEntropy(x, [7]), lse - x[7]!],
    ["squared error", (graph, x) => graph.mseLoss(x, graph.mul(x, graph.neg(ones(graph)))), (4 * squares) / n],
    ["normalize", (graph, x) => graph.normalize(x), x[7]! / Math.sqrt(squares)],
    ["rms norm", (graph, x) => graph.rmsNorm(x, ones(graph)), x[7]! / Math.sqrt(squares / n + 1e-6)],
  ])("%s", (name, apply, expected) => {
    const actual = seventh(x, apply);
    expect(Math.abs(actual / expected - 1), `${name}: ${actual}, expected ${expected}`).toBeLessThanOrEqual(bound);
  });

  it("layer norm", () => {
    const actual = seventh(x, (graph, x) => graph.layerNorm(x, null, null, { eps: 0.01 }));
    // A difference from the mean: held to the size of what it is a difference of.
    expect(Math.abs(actual - (x[7]! - mean) / deviation)).toBeLessThanOrEqual((bound * mean) / deviation);
  });
});
