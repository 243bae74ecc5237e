import { AdamW, type Graph, LoraLinear, type NodeId, normal, type Tensor } from "../../index.js";

/** Runs a piece of work once. `result` is called with what it computed, inside the step. */
type RunWork = (result?: (id: NodeId) => void) => void;

/** Something to measure; `prepare` puts its operands into a graph of its own. */
export interface KernelWork {
  readonly name: string;
  readonly shape: readonly number[];
  readonly operations: number;
  readonly prepare: (graph: Graph) => RunWork;
}

const SQUARE = [384, 384, 384];
const PRODUCTS = [
  [128, 128, 128],
  [512, 512, 512],
  [128, 384, 384],
  [128, 384, 1536],
  [1, 384, 384],
  [512, 768, 8],
];
const STEPS = [
  [4, 8, 8, 2],
  [128, 384, 384, 8],
  [128, 384, 1536, 8],
  [512, 768, 768, 8],
];

/** Runs an op in a step of its own. */
const stepOf =
  (graph: Graph, op: () => NodeId): RunWork =>
  (result) =>
    graph.step(() => {
      const id = op();
      result?.(id);
    });

/** Products in every form, one row, LoRA's own skinny shape, and training steps from nothing but overhead on. */
export function allWork(): KernelWork[] {
  return [
    ...PRODUCTS.map((shape) => product("A·B", shape, {})),
    product("A·B", SQUARE, {}),
    product("A·Bᵀ", SQUARE, { transposeB: true }),
    product("Aᵀ·B", SQUARE, { transposeA: true }),
    { ...product("x·W, W packed", SQUARE, {}), prepare: frozenProduct(SQUARE) },
    ...STEPS.map(loraStep),
  ];
}

function product(
  name: string,
  shape: readonly number[],
  form: { transposeA?: boolean; transposeB?: boolean },
): KernelWork {
  const [m, k, n] = shape as [number, number, number];
  const prepare = (graph: Graph) => {
    const a = graph.constant(random(graph, form.transposeA ? [k, m] : [m, k]));
    const b = graph.constant(random(graph, form.transposeB ? [n, k] : [k, n]));
    return stepOf(graph, () => graph.matmul(a, b, form));
  };
  return { name, shape, operations: 2 * m * k * n, prepare };
}

function frozenProduct([m, k, n]: readonly number[]) {
  return (graph: Graph) => {
    const [x, weight] = [graph.constant(random(graph, [m!, k!])), graph.constant(random(graph, [k!, n!]))];
    return stepOf(graph, () => graph.linear(x, weight));
  };
}

/** Forward, gradients for A, B and the input, and AdamW. */
function loraStep(shape: readonly number[]): KernelWork {
  const [rows, inFeatures, outFeatures, rank] = shape as [number, number, number, number];
  const prepare = (graph: Graph): RunWork => {
    const weight = graph.constant(random(graph, [inFeatures, outFeatures]));
    const layer = LoraLinear.fromLinear(graph, weight, null, inFeatures, outFeatures, { rank });
    const optimizer = new AdamW(graph, layer.trainableParams());
    const x = graph.variable(random(graph, [rows, inFeatures]));
    const target = graph.constant(random(graph, [rows, outFeatures]));
    const train = stepOf(graph, () => {
      const loss = graph.mseLoss(layer.forward(graph, x), target);
      graph.backward(loss);
      return loss;
    });
    return (result) => {
      graph.zeroGrads();
      train(result);
      optimizer.step();
    };
  };
  const operations = 4 * rows * inFeatures * outFeatures + 6 * rows * rank * (inFeatures + outFeatures);
  return { name: "LoRA step", shape, operations, prepare };
}

function random(graph: Graph, shape: readonly number[]): Tensor {
  return normal(graph, shape, 0.1);
}
