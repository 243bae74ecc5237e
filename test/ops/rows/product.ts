import { most, within } from "../../properties/programs/rule.js";
import { uniform } from "../gradients/numbers.js";
import { product as special } from "../special-values/builders.js";
import { loraLinear } from "./lora-linear.js";
import { ofTwo, type Rows } from "./row.js";

const small = { low: -1, high: 1 };

export const product = {
  linear: {
    gradients: [
      {
        title: "with a bias",
        inputs: [uniform([2, 3, 5]), uniform([5, 7], -1, 1, 2), uniform([7], -1, 1, 3)],
        apply: (graph, [x, w, b]) => graph.linear(x!, w!, b),
      },
      {
        title: "without",
        inputs: [uniform([3, 5]), uniform([5, 1], -1, 1, 2)],
        apply: (graph, [x, w]) => graph.linear(x!, w!),
      },
      {
        title: "of no rows",
        inputs: [uniform([0, 5]), uniform([5, 2]), uniform([2])],
        apply: (graph, [x, w, b]) => graph.linear(x!, w!, b),
      },
      {
        title: "of no columns",
        inputs: [uniform([3, 0]), uniform([0, 2]), uniform([2])],
        apply: (graph, [x, w, b]) => graph.linear(x!, w!, b),
      },
    ],
    golden: {
      linear: (graph, { node, has }) => {
        return graph.linear(node("x"), graph.transpose(node("w")), has("b") ? node("b") : null);
      },
    },
    special: special("linear", (graph, [x, w, b]) => graph.linear(x!, w!, b)),
    calls: [({ matrix, weight }) => [matrix, weight, null]],
    program: {
      make(maker) {
        const x = maker.any(1, 3);
        const [inner, out] = [x.shape.at(-1)!, maker.length()];
        const weight = maker.like([inner, out], small);
        const inputs = maker.random.chance(0.6) ? [x, weight, maker.like([out])] : [x, weight];
        return { inputs, attributes: {}, range: within(most(x) * inner + most(inputs[2] ?? small)) };
      },
      call: (graph, [x, weight, bias]) => graph.linear(x!, weight!, bias ?? null),
    },
  },
  loraLinear,
  matmul: {
    gradients: [
      { title: "odd", inputs: [uniform([3, 5]), uniform([5, 7])], apply: (graph, [a, b]) => graph.matmul(a!, b!) },
      {
        title: "transposed, broadcast batches",
        inputs: [uniform([2, 1, 5, 3]), uniform([3, 2, 5])],
        apply: (graph, [a, b]) => graph.matmul(a!, b!, { transposeA: true, transposeB: true }),
      },
      { title: "vectors", inputs: [uniform([5]), uniform([5])], apply: (graph, [a, b]) => graph.matmul(a!, b!) },
      {
        title: "inner length 0",
        inputs: [uniform([3, 0]), uniform([0, 2])],
        apply: (graph, [a, b]) => graph.matmul(a!, b!),
      },
      { title: "no rows", inputs: [uniform([0, 3]), uniform([3, 2])], apply: (graph, [a, b]) => graph.matmul(a!, b!) },
      {
        title: "no batches",
        inputs: [uniform([0, 2, 3]), uniform([1, 3, 2])],
        apply: (graph, [a, b]) => graph.matmul(a!, b!),
      },
    ],
    golden: { matmul: ofTwo((graph, a, b, params) => graph.matmul(a, b, params)) },
    special: special("matmul", (graph, [a, b]) => graph.matmul(a!, b!)),
    calls: [({ matrix, square }) => [matrix, square, { transposeA: false, transposeB: true }]],
    program: {
      make(maker) {
        const { random } = maker;
        const [m, k, n] = [maker.length(), maker.length(), maker.length()];
        const batch = random.chance(0.5) ? [] : Array.from({ length: random.int(1, 2) }, () => random.int(1, 3));
        const part = () =>
          batch.slice(random.chance(0.6) ? 0 : random.int(0, batch.length)).map((b) => (random.chance(0.2) ? 1 : b));
        const [transposeA, transposeB] = [random.chance(0.3), random.chance(0.3)];
        const left = random.chance(0.1) ? [k] : [...part(), ...(transposeA ? [k, m] : [m, k])];
        const right = random.chance(0.1) ? [k] : [...part(), ...(transposeB ? [n, k] : [k, n])];
        const inputs = [maker.like(left), maker.like(right, small)];
        const attributes = {
          ...(transposeA && left.length > 1 && { transposeA }),
          ...(transposeB && right.length > 1 && { transposeB }),
        };
        return { inputs, attributes, range: within(most(inputs[0]!) * most(inputs[1]!) * k) };
      },
      call: (graph, [a, b], attributes) => graph.matmul(a!, b!, attributes),
    },
  },
} satisfies Rows;
