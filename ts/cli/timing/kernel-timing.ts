import { AdamW, type Engine, Graph, LoraLinear, type NodeId, normal, type Tensor, tensor } from "../../index.js";
import { stopwatch } from "../../waiting/next-task.js";

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

/** Milliseconds of a call: of the fastest sample and of the middle one. */
interface CallTimes {
  readonly fastest: number;
  readonly median: number;
}

/** A sample is as many calls as fill this many milliseconds; on a GPU more, since waiting for its last call takes about one by itself. */
const BURST = { wasm: 2, webgpu: 20 };

/**
 * Times calls on a graph's engine for about so many seconds, after a third of the time to warm up. Each sample waits until the last of its
 * calls is computed: on a GPU calls are only submitted.
 */
async function timeCalls(graph: Graph, run: () => void, seconds: number): Promise<CallTimes> {
  const burst = BURST[graph.engine.info.adapter === undefined ? "wasm" : "webgpu"];
  const small = graph.constant(tensor([1], [0]));
  const time = async (calls: number) => {
    const elapsed = stopwatch();
    for (let i = 0; i < calls; i++) run();
    await graph.read(small);
    return elapsed();
  };
  const total = stopwatch();
  // The first call compiles, and is no measure of the others.
  await time(1);
  let calls = 1;
  while ((await time(calls)) < burst) calls *= 2;
  while (total() < seconds * 300) await time(calls);
  const samples: number[] = [];
  for (const elapsed = stopwatch(); elapsed() < seconds * 700 || samples.length < 3;)
    samples.push((await time(calls)) / calls);
  samples.sort((a, b) => a - b);
  return { fastest: samples[0]!, median: samples[samples.length >> 1]! };
}

/** What one kind of call took. */
export interface KernelTiming extends CallTimes {
  readonly work: string;
  readonly shape: string;
  readonly gigaflops: number;
}

/** Times a piece of work for about so many seconds. */
export async function measureWork(engine: Engine, work: KernelWork, seconds: number): Promise<KernelTiming> {
  const { name, shape, operations, prepare } = work;
  const graph = new Graph({ engine });
  try {
    const { fastest, median } = await timeCalls(graph, prepare(graph), seconds);
    return { work: name, shape: shape.join("×"), fastest, median, gigaflops: operations / fastest / 1e6 };
  } finally {
    graph.dispose();
  }
}

/** GFLOP/s of independent 128-bit multiply-adds in registers, on one thread. */
export async function measurePeak(engine: Engine, seconds: number): Promise<number> {
  const graph = new Graph({ engine });
  try {
    const { kernels } = engine;
    const pointer = graph.allocateOwned(kernels.peak_len());
    kernels.fill(kernels.peak_len(), 0.5, pointer);
    const iterations = 20_000;
    let peak = 0;
    for (let form = 0; form < kernels.peak_forms(); form++) {
      const { fastest } = await timeCalls(graph, () => kernels.peak(form, iterations, pointer), seconds / 2);
      peak = Math.max(peak, (iterations * kernels.peak_flops(form)) / fastest / 1e6);
    }
    return peak;
  } finally {
    graph.dispose();
  }
}
