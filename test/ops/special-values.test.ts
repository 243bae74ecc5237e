import { describe, expect, it } from "vitest";
import { Graph, type Tensor, tensor } from "../../ts/index.js";
import { opRows } from "./rows/index.js";
import type { Use } from "./rows/row.js";
import { type Closeness, differences } from "./special-values/compare.js";
import { golden, type OpCase, opCases } from "./special-values/golden.js";

const uses = Object.values(opRows).flatMap(({ special }) => Object.entries(special));

/** The elements from `skipped` on: each then lies in another lane, and other ones make the ragged end. */
function from(skipped: number, { shape, data }: Tensor): Tensor {
  return skipped === 0 ? { shape, data } : tensor([data.length - skipped], data.subarray(skipped));
}

function check(use: Use, entry: OpCase, skipped: number): void {
  using graph = new Graph();
  const read = (name: string) => from(skipped, golden(name));
  const tensors = entry.in.map(read);
  const inputs = tensors.map((input, i) => (use.frozen?.includes(i) ? graph.constant(input) : graph.variable(input)));
  const cot = read(entry.cot);
  const out = use.apply(graph, inputs);
  graph.backward(out, cot);
  const places = use.placed
    ? undefined
    : (i: number) => `${tensors.map(({ data }) => data[i]).join(", ")}, g ${cot.data[i]}`;
  const wrong = (actual: Tensor, answers: readonly string[], closeness: Closeness, units?: Float32Array) => {
    return differences(
      actual.data,
      answers.map((name) => read(name).data),
      closeness,
      units,
      places,
    );
  };
  expect(wrong(graph.value(out), entry.out, use), `from element ${skipped}`).toEqual([]);
  entry.grads.forEach((answers, i) => {
    if (use.frozen?.includes(i)) return;
    const units = use.placed ? undefined : cot.data;
    const found = wrong(graph.grad(inputs[i]!)!, answers, use.gradient ?? use, units);
    expect(found, `gradient ${i} from element ${skipped}`).toEqual([]);
  });
}

describe("zeros, infinities, NaN, subnormal and largest numbers as in PyTorch", () => {
  it("every golden case has a use", () => {
    expect(uses.map(([name]) => name).sort()).toEqual(opCases.map(({ name }) => name).sort());
  });

  it.each(uses)("%s", (name, use) => {
    const entry = opCases.find((entry) => entry.name === name)!;
    for (const skipped of use.placed ? [0] : [0, 1, 2, 3]) check(use, entry, skipped);
  });
});

it("dropout keeps or drops a special number as any other", () => {
  const special = golden(opCases.find(({ name }) => name === "dropout 1")!.in[0]!);
  const run = (input: Tensor) => {
    using graph = new Graph({ seed: 5 });
    const x = graph.variable(input);
    const y = graph.dropout(x, 0.4);
    graph.backward(y, input);
    return [graph.value(y).data, graph.grad(x)!.data] as const;
  };
  const [mask] = run({ shape: special.shape, data: new Float32Array(special.data.length).fill(1) });
  expect(new Set(mask).size).toBe(2);
  const expected = special.data.map((x, i) => x * mask[i]!);
  for (const actual of run(special)) {
    expect(differences(actual, [expected], { relative: 0, signedZeros: true })).toEqual([]);
  }
});
