import { describe, expect, it } from "vitest";
import {
  Adagrad,
  Adam,
  AdamW,
  clipGradNorm,
  clipGradValue,
  Graph,
  type NodeId,
  RMSprop,
  SGD,
  tensor,
  type Tensor,
} from "../../ts/index.js";
import { differences } from "../ops/special-values/compare.js";
import { clippingCases, golden, optimizerCases } from "../ops/special-values/golden.js";

/** Turns right by `count` places, as NumPy's `roll`. */
function rolled({ shape, data }: Tensor, count: number): Tensor {
  const cut = data.length - count;
  return tensor(shape, [...data.subarray(cut), ...data.subarray(0, cut)]);
}

/** The one that a case's name begins with. */
const optimizers = { sgd: SGD, adamw: AdamW, adam: Adam, rmsprop: RMSprop, adagrad: Adagrad };

function optimizerOf(graph: Graph, name: string, parameter: NodeId, options: Readonly<Record<string, unknown>>) {
  const own = Object.entries(options).map(([key, value]) => [
    key.replace(/_(.)/g, (_, one: string) => one.toUpperCase()),
    value,
  ]);
  const Kind = optimizers[name.split(" ")[1] as keyof typeof optimizers];
  return new Kind(graph, [parameter], Object.fromEntries(own) as object);
}

describe("optimizers at special parameters and gradients, as in PyTorch", () => {
  it.each(optimizerCases)("$name", ({ name, options, in: [parameterName, gradientName], out }) => {
    using graph = new Graph();
    const parameter = graph.variable(golden(parameterName));
    const optimizer = optimizerOf(graph, name, parameter, options);
    const gradient = golden(gradientName);
    const [expected, size] = [golden(out).data, gradient.data.length];
    for (let step = 0; step < 3; step++) {
      optimizer.zeroGrad();
      graph.backward(parameter, rolled(gradient, step === 1 ? 0 : step));
      optimizer.step();
      const after = expected.subarray(step * size, (step + 1) * size);
      const describeElement = (i: number) => `${golden(parameterName).data[i]}, gradient ${gradient.data[i]}`;
      // A subnormal moment has few digits.
      const closeness = { relative: 1e-6, floor: 1e-31 };
      const wrong = differences(graph.value(parameter).data, [after], closeness, undefined, describeElement);
      expect(wrong, `after step ${step}`).toEqual([]);
    }
  });
});

describe("clipping of special gradients, as in PyTorch", () => {
  it.each(clippingCases)("$name", ({ limit, in: gradients, norm, outs }) => {
    using graph = new Graph();
    const parameters = gradients.map((name) => graph.variable(tensor(golden(name).shape, golden(name).data)));
    parameters.forEach((parameter, i) => graph.backward(parameter, golden(gradients[i]!)));
    const most = limit === "infinite" ? Infinity : limit;
    if (norm === undefined) clipGradValue(graph, parameters, most);
    else {
      const before = Float32Array.of(clipGradNorm(graph, parameters, most));
      expect(differences(before, [golden(norm).data], { relative: 1e-6 })).toEqual([]);
    }
    parameters.forEach((parameter, i) => {
      expect(differences(graph.grad(parameter)!.data, [golden(outs[i]!).data], { relative: 1e-6 })).toEqual([]);
    });
  });
});
