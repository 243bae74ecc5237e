import type { Graph, NodeId } from "../../../ts/index.js";
import { sizeOf } from "../../../ts/values/tensor.js";
import type { Range } from "../../properties/programs/maker.js";
import { most, type Rule, within } from "../../properties/programs/rule.js";
import { one } from "../gradients/builders.js";
import type { Case } from "../gradients/check.js";
import { uniform } from "../gradients/numbers.js";
import { rows } from "../special-values/builders.js";
import { ofOne, type Rows } from "./row.js";

/** x with weight and bias of shape `affine`. */
function layerNorm(title: string, x: readonly number[], affine: readonly number[], eps = 1e-5): Case {
  return {
    title,
    inputs: [uniform(x), uniform(affine, 0.5, 2, 2), uniform(affine, -1, 1, 3)],
    apply: (graph, [input, weight, bias]) =>
      graph.layerNorm(input!, weight!, bias!, { eps, normalizedShape: [...affine] }),
  };
}

function rmsNorm(title: string, x: readonly number[]): Case {
  return {
    title,
    inputs: [uniform(x), uniform([x.at(-1)!], 0.5, 2, 2)],
    apply: (graph, [input, weight]) => graph.rmsNorm(input!, weight!),
  };
}

/** An op along one dimension: last, first, middle, of length 1 and 0. */
function along(apply: (graph: Graph, x: NodeId, dim: number) => NodeId): Case[] {
  const uses: [number[], number][] = [
    [[3, 5], -1],
    [[5, 3], 0],
    [[2, 5, 3], 1],
    [[3, 1], -1],
    [[0, 3], -1],
    [[3, 0], -1],
  ];
  return uses.map(([shape, dim]) =>
    one(`dimension ${dim} of [${shape.join(", ")}]`, shape, (graph, x) => apply(graph, x, dim)),
  );
}

function alongDim(name: "softmax" | "logSoftmax", range: (x: Range, length: number) => Range): Rule {
  return {
    make(maker) {
      const x = maker.any(1);
      const dim = maker.dim(x.shape);
      return { inputs: [x], attributes: { dim }, range: range(x, x.shape.at(dim)!) };
    },
    call: (graph, [x], { dim }) => graph[name](x!, dim),
  };
}

const weights = { low: 0.4, high: 2 };

export const normalisation = {
  layerNorm: {
    gradients: [
      layerNorm("odd", [3, 5], [5]),
      layerNorm("two dimensions", [2, 3, 3], [3, 3]),
      layerNorm("no rows", [0, 3], [3]),
      layerNorm("one column", [3, 1], [1], 0.5),
      {
        title: "weight without bias",
        inputs: [uniform([3, 5]), uniform([5], 0.5, 2, 2)],
        apply: (graph, [x, weight]) => graph.layerNorm(x!, weight!, null, { eps: 1e-5 }),
      },
      {
        title: "bias without weight, two dimensions",
        inputs: [uniform([2, 3, 5]), uniform([3, 5], -1, 1, 2)],
        apply: (graph, [x, bias]) => graph.layerNorm(x!, null, bias!),
      },
      one("one node as x, weight and bias", [5], (graph, x) => graph.layerNorm(x, x, x)),
      one("without weight and bias", [3, 7], (graph, x) => graph.layerNorm(x, null, null, { eps: 1e-5 })),
    ],
    golden: {
      layer_norm: (graph, { node, has }, params) => {
        const attributes = { eps: params["eps"] as number, normalizedShape: params["normalized_shape"] as number[] };
        const [weight, bias] = has("w") ? [node("w"), node("b")] : [null, null];
        return graph.layerNorm(node("x"), weight, bias, attributes);
      },
    },
    special: {
      ...rows("layerNorm", (graph, [x]) => graph.layerNorm(x!, null, null, { eps: 1e-5 })),
      ...rows("layerNorm affine", (graph, [x, w, b]) => graph.layerNorm(x!, w!, b!, { eps: 1e-5 })),
      ...rows("layerNorm weight", (graph, [x, w, b]) => graph.layerNorm(x!, w!, b!, { eps: 1e-5 })),
    },
    calls: [
      ({ matrix, vector }) => [matrix, vector, null, { normalizedShape: [3], eps: 0.1 }],
      ({ matrix, vector }) => [matrix, null, vector, { normalizedShape: 3 }],
    ],
    program: {
      make(maker) {
        const { random } = maker;
        const x = maker.any(1, 4);
        const normalizedShape = x.shape.slice(-random.int(1, Math.min(2, x.shape.length)));
        const affine = random.chance(0.6);
        const inputs = affine ? [x, maker.like(normalizedShape, weights), maker.like(normalizedShape)] : [x];
        const eps = random.pick([undefined, 1e-5, 0.1]);
        // Without a weight the shape must be told where it is not the last dimension alone.
        const told = random.chance(0.5) || (!affine && normalizedShape.length > 1);
        const attributes = {
          ...(eps !== undefined && { eps }),
          ...(told && { normalizedShape: [...normalizedShape] }),
        };
        return {
          inputs,
          attributes,
          range: within(2 * Math.sqrt(sizeOf(normalizedShape)) + (affine ? most(inputs[2]!) : 0)),
        };
      },
      call: (graph, [x, weight, bias], attributes) => graph.layerNorm(x!, weight ?? null, bias ?? null, attributes),
    },
  },
  logSoftmax: {
    gradients: along((graph, x, dim) => graph.logSoftmax(x, dim)),
    golden: { log_softmax: ofOne((graph, x, params) => graph.logSoftmax(x, params["dim"] as number)) },
    special: {
      ...rows("logSoftmax last", (graph, [x]) => graph.logSoftmax(x!, -1)),
      ...rows("logSoftmax first", (graph, [x]) => graph.logSoftmax(x!, 0)),
    },
    calls: [({ matrix }) => [matrix, 0]],
    program: alongDim("logSoftmax", (x, length) => ({ low: x.low - x.high - Math.log(length + 1), high: 0 })),
  },
  normalize: {
    gradients: [
      one("odd", [3, 5], (graph, x) => graph.normalize(x)),
      one("below eps", [2, 3], (graph, x) => graph.normalize(x, { eps: 10 })),
      one("no rows", [0, 3], (graph, x) => graph.normalize(x)),
      one("no columns", [3, 0], (graph, x) => graph.normalize(x)),
    ],
    golden: { l2_normalize: ofOne((graph, x, params) => graph.normalize(x, params)) },
    special: rows("normalize", (graph, [x]) => graph.normalize(x!)),
    calls: [({ matrix }) => [matrix, { eps: 0.1 }]],
    program: {
      make(maker) {
        const shape = maker.shape(1, 4);
        // A row of zeros has a gradient of 1e12.
        const x = maker.random.chance(0.5) ? maker.like(shape, { low: 0.1, high: 60 }) : maker.leaf(shape);
        const attributes = maker.random.pick([{}, { eps: 1e-6 }]);
        return { inputs: [x], attributes, range: within(1) };
      },
      call: (graph, [x], attributes) => graph.normalize(x!, attributes),
    },
  },
  rmsNorm: {
    gradients: [rmsNorm("odd", [3, 5]), rmsNorm("three dimensions", [2, 1, 7]), rmsNorm("no rows", [0, 3])],
    golden: {
      rms_norm: (graph, { node }, params) => graph.rmsNorm(node("x"), node("w"), { eps: params["eps"] as number }),
    },
    special: rows("rmsNorm", (graph, [x, w]) => graph.rmsNorm(x!, w!, { eps: 1e-6 })),
    calls: [({ matrix, vector }) => [matrix, vector, { eps: 0.1 }]],
    program: {
      make(maker) {
        const x = maker.any(1, 4);
        const weight = maker.like(x.shape.slice(-1), weights);
        const attributes = maker.random.pick([{}, { eps: 1e-6 }, { eps: 0.1 }]);
        return { inputs: [x, weight], attributes, range: within(2 * Math.sqrt(x.shape.at(-1)!)) };
      },
      call: (graph, [x, weight], attributes) => graph.rmsNorm(x!, weight!, attributes),
    },
  },
  softmax: {
    gradients: along((graph, x, dim) => graph.softmax(x, dim)),
    golden: { softmax: ofOne((graph, x, params) => graph.softmax(x, params["dim"] as number)) },
    special: {
      ...rows("softmax last", (graph, [x]) => graph.softmax(x!, -1), { relative: 1e-6 }),
      ...rows("softmax first", (graph, [x]) => graph.softmax(x!, 0), { relative: 1e-6 }),
    },
    calls: [({ matrix }) => [matrix, 0]],
    program: alongDim("softmax", () => ({ low: 0, high: 1 })),
  },
} satisfies Rows;
