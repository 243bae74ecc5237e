import type { Graph, NodeId } from "../../../ts/index.js";
import { sizeOf } from "../../../ts/values/tensor.js";
import { most, within } from "../../properties/programs/rule.js";
import { one } from "../gradients/builders.js";
import type { Case } from "../gradients/check.js";
import { uniform } from "../gradients/numbers.js";
import { close, rows } from "../special-values/builders.js";
import { ofTwo, type Rows, type Run } from "./row.js";

function mse(title: string, shape: readonly number[], reduction: "mean" | "sum" | "none"): Case {
  return {
    title,
    inputs: [uniform(shape, -2, 2, 1), uniform(shape, -2, 2, 2)],
    apply: (graph, [a, b]) => graph.mseLoss(a!, b!, { reduction }),
  };
}

const labels = [4, 0, 2];

/** Class t of row i is i mod 7. */
const targets = (graph: Graph, x: NodeId) => Array.from({ length: graph.shape(x)[0]! }, (_, i) => i % 7);

const golden: Run = (graph, { node, host, has }, params) =>
  graph.crossEntropy(node("x"), host("t").data, {
    weight: has("w") ? host("w").data : undefined,
    reduction: params["reduction"] as "mean",
    ignoreIndex: params["ignore_index"] as number | undefined,
    labelSmoothing: params["label_smoothing"] as number | undefined,
  });

export const loss = {
  crossEntropy: {
    gradients: [
      one("mean", [3, 5], (graph, x) => graph.crossEntropy(x, labels)),
      one("sum, smoothed", [3, 5], (graph, x) =>
        graph.crossEntropy(x, labels, { reduction: "sum", labelSmoothing: 0.1 }),
      ),
      one("none, one ignored", [3, 5], (graph, x) => graph.crossEntropy(x, [4, -100, 2], { reduction: "none" })),
      one("class weights, an index of one's own ignored, smoothed", [3, 3], (graph, x) =>
        graph.crossEntropy(x, [1, 0, 2], { weight: [0.5, 2, 1], ignoreIndex: 0, labelSmoothing: 0.3 }),
      ),
      one("all ignored", [2, 3], (graph, x) => graph.crossEntropy(x, [-100, -100])),
      one("leading dimensions", [1, 3, 7], (graph, x) => graph.crossEntropy(x, labels)),
      one("no rows", [0, 5], (graph, x) => graph.crossEntropy(x, [])),
    ],
    golden: { cross_entropy: golden },
    special: {
      ...rows("crossEntropy none", (graph, [x]) => graph.crossEntropy(x!, targets(graph, x!), { reduction: "none" })),
      ...rows("crossEntropy smoothed", (graph, [x]) =>
        graph.crossEntropy(x!, targets(graph, x!), { reduction: "none", labelSmoothing: 0.2 }),
      ),
      ...rows("crossEntropy weighted", (graph, [x]) => {
        const weight = [1, 0.5, 2, 0.25, 1.5, 1, 0.75];
        return graph.crossEntropy(x!, targets(graph, x!), { reduction: "none", weight });
      }),
      ...rows("crossEntropy mean", (graph, [x]) => graph.crossEntropy(x!, targets(graph, x!))),
      ...rows("crossEntropy ignored", (graph, [x]) => {
        const ignored = targets(graph, x!).map((target, i) => (i % 2 === 0 ? target : -100));
        return graph.crossEntropy(x!, ignored, { reduction: "none" });
      }),
    },
    calls: [
      ({ matrix }) => [
        matrix,
        [2, 0],
        { reduction: "mean", ignoreIndex: -1, labelSmoothing: 0.25, weight: [1, 2, 0.5] },
      ],
      ({ matrix }) => [matrix, Int32Array.of(2, -100), { reduction: "none" }],
    ],
    program: {
      make(maker) {
        const { random } = maker;
        const logits = maker.any(1, 3, { low: -20, high: 20 });
        const classes = logits.shape.at(-1)!;
        if (classes === 0) return null;
        const ignoreIndex = random.pick([undefined, -100, -1, 0]);
        const rows = sizeOf(logits.shape.slice(0, -1));
        const targets = Array.from({ length: rows }, () =>
          random.chance(0.2) ? (ignoreIndex ?? -100) : random.int(0, classes - 1),
        );
        const attributes = {
          targets,
          ...(random.chance(0.6) && { reduction: random.pick(["mean", "sum", "none"]) }),
          ...(ignoreIndex !== undefined && { ignoreIndex }),
          ...(random.chance(0.4) && { labelSmoothing: random.pick([0, 0.1, 0.6, 1]) }),
          ...(random.chance(0.3) && { weight: Array.from({ length: classes }, () => random.int(2, 8) / 4) }),
        };
        return { inputs: [logits], attributes, range: within(4 * (2 * most(logits) + 5) * Math.max(rows, 1)) };
      },
      call: (graph, [x], { targets, ...attributes }) => graph.crossEntropy(x!, targets, attributes),
    },
  },
  mseLoss: {
    gradients: [
      mse("mean", [3, 5], "mean"),
      mse("sum", [7], "sum"),
      mse("none", [2, 3], "none"),
      mse("empty", [0, 3], "sum"),
    ],
    golden: {
      mse_loss: ofTwo((graph, a, b, params) => graph.mseLoss(a, b, { reduction: params["reduction"] as "mean" })),
    },
    special: {
      ...rows("mseLoss mean", (graph, [a, b]) => graph.mseLoss(a!, b!)),
      "mseLoss none": { ...close, apply: (graph, [a, b]) => graph.mseLoss(a!, b!, { reduction: "none" }) },
    },
    calls: [({ matrix }) => [matrix, matrix, { reduction: "sum" }]],
    program: {
      make(maker) {
        const a = maker.any();
        const b = maker.like(a.shape);
        if (sizeOf(a.shape) === 0) return null;
        const attributes = maker.random.pick([{}, { reduction: "mean" }, { reduction: "sum" }, { reduction: "none" }]);
        const factor = attributes.reduction === "sum" ? sizeOf(a.shape) : 1;
        return { inputs: [a, b], attributes, range: { low: 0, high: (most(a) + most(b)) ** 2 * factor } };
      },
      call: (graph, [a, b], attributes) => graph.mseLoss(a!, b!, attributes),
    },
  },
} satisfies Rows;
