import { describe, expect, it } from "vitest";
import { frozenMatrix } from "../../ts/entry/graph.js";
import { Graph, LoraLinear, normal } from "../../ts/index.js";
import { AdaptedLinear } from "../../ts/adapters/adapted-linear.js";
import { createAdapter } from "../../ts/adapters/create-adapter.js";
import { droppedBy, expectGradients, expectValue, fromTensor, type Matrix, matrix, times } from "./reference.js";

const [IN, OUT, RANK, ROWS] = [5, 9, 2, 7];

type Values = Readonly<Record<string, Matrix>>;

describe.each([0, 0.4])("a layer without a bias, dropout %s", (dropout) => {
  it("is x·W + s·(dropout(x)·A)·B, and so are its gradients", () => {
    using graph = new Graph({ seed: 11 });
    const weight = graph.constant(normal(graph, [IN, OUT], 0.5));
    const layer = LoraLinear.fromLinear(graph, weight, null, IN, OUT, { rank: RANK, alpha: 3, dropout });
    graph.setValue(layer.loraB, normal(graph, [RANK, OUT], 0.5));
    const x = graph.variable(normal(graph, [ROWS, IN], 1));
    const cotangent = normal(graph, [ROWS, OUT], 1);
    const keep = maskOf(graph, x, dropout);
    const w = fromTensor(graph.value(weight));
    const reference = ({ x, a, b }: Values) => {
      const base = times(x!, w);
      const update = times(times(masked(x!, keep), a!), b!);
      return matrix(ROWS, OUT, (i, j) => base.at(i, j) + 1.5 * update.at(i, j));
    };
    const y = layer.forward(graph, x);
    const variables = { x, a: layer.loraA, b: layer.loraB };
    expectValue(graph, y, reference(valuesOf(graph, variables)));
    graph.backward(y, cotangent);
    expectGradients(graph, variables, cotangent, reference);
    expect(graph.grad(weight)).toBeNull();
  });
});

describe.each([0, 0.4])("DoRA on a part of a joined weight, dropout %s", (dropout) => {
  it("scales that part's columns alone, of what dropout left, and so do its gradients", () => {
    using graph = new Graph({ seed: 12 });
    const [start, width] = [3, 4];
    const parts = [
      { path: "query", start: 0, width: start },
      { path: "key", start, width },
      { path: "value", start: start + width, width: OUT - start - width },
    ];
    const [weight, bias] = [normal(graph, [IN, OUT], 0.5), normal(graph, [OUT], 0.5)];
    const bytes = new Uint8Array(weight.data.buffer);
    const frozen = frozenMatrix(graph, { shape: [IN, OUT], format: "f32", bytes });
    const linear = new AdaptedLinear(graph, frozen, graph.constant(bias), parts);
    const options = { rank: RANK, alpha: 3, targetModules: ["key"], dora: true, dropout };
    const adapter = createAdapter(
      graph,
      "joined",
      { linears: [linear], norms: [], tables: [], absent: [], name: "base", modelType: "bert", targetModules: [] },
      options,
    );
    const { loraA, loraB, magnitude } = adapter.layers.get("key")!;
    graph.setValue(loraB, normal(graph, [RANK, width], 0.5));
    const m = magnitude!;
    graph.setValue(m, { shape: [width], data: Float32Array.of(0.5, 1.5, -1, 2) });
    const x = graph.variable(normal(graph, [ROWS, IN], 1));
    const cotangent = normal(graph, [ROWS, OUT], 1);
    const keep = maskOf(graph, x, dropout);
    const w = fromTensor(weight);
    // The norm is a constant of the gradient, as DoRA has it.
    const update = times(fromTensor(graph.value(loraA)), fromTensor(graph.value(loraB)));
    const norm = (j: number) =>
      Math.hypot(...Array.from({ length: IN }, (_, i) => w.at(i, start + j) + 1.5 * update.at(i, j)));
    const norms = Array.from({ length: width }, (_, j) => norm(j));
    const reference = ({ x, a, b, m }: Values) => {
      const dropped = masked(x!, keep);
      const [base, seen, change] = [times(x!, w), times(dropped, w), times(times(dropped, a!), b!)];
      return matrix(ROWS, OUT, (i, j) => {
        const plain = base.at(i, j) + bias.data[j]!;
        const k = j - start;
        if (k < 0 || k >= width) return plain;
        const scale = m!.at(0, k) / norms[k]!;
        return plain + (scale - 1) * seen.at(i, j) + scale * 1.5 * change.at(i, k);
      });
    };
    const y = linear.forward(x, [{ adapter }]);
    const variables = { x, a: loraA, b: loraB, m };
    expectValue(graph, y, reference(valuesOf(graph, variables)));
    graph.backward(y, cotangent);
    expectGradients(graph, variables, cotangent, reference);
  });
});

function valuesOf(graph: Graph, variables: Readonly<Record<string, Parameters<Graph["value"]>[0]>>): Values {
  return Object.fromEntries(Object.entries(variables).map(([name, id]) => [name, fromTensor(graph.value(id))]));
}

/** What the next dropout multiplies each element with. */
function maskOf(graph: Graph, x: Parameters<Graph["value"]>[0], p: number): Matrix {
  const ones = { shape: graph.shape(x), data: new Float32Array(ROWS * IN).fill(1) };
  const mask = fromTensor(p === 0 ? ones : droppedBy(graph, ones, p));
  const kept = Array.from({ length: ROWS * IN }, (_, k) => mask.at(Math.floor(k / IN), k % IN)).filter(Boolean);
  expect(kept.length === ROWS * IN).toBe(p === 0);
  return mask;
}

const masked = (x: Matrix, keep: Matrix) => matrix(x.rows, x.columns, (i, j) => x.at(i, j) * keep.at(i, j));
