import type * as Package from "../../../ts/index.js";
import type { Graph, NodeId } from "../../../ts/index.js";

declare const __PROJECT__: string;
/** Build under test, set by the vitest project. */
declare const __BUILD__: "simd" | "relaxed" | "auto";

export type Library = typeof Package;

/** The package as published, with an engine of its own beside the one of the set-up; its workers start from files beside it. */
export async function startPackage(threads: number): Promise<{ library: Library; info: Package.EngineInfo }> {
  const entry = typeof window === "undefined" ? `${__PROJECT__}/dist/node.js` : "/dist/browser.js";
  const library = (await import(/* @vite-ignore */ entry)) as Library;
  return { library, info: await library.init({ threads, build: __BUILD__ }) };
}

/** Twenty steps of a layer large enough that every kernel is shared out; gives the trained matrix A. */
export function train({ AdamW, Graph, LoraLinear, normal }: Library, seed: number): Float32Array {
  const graph = new Graph({ seed });
  const weight = graph.constant(normal(graph, [192, 160], 0.1));
  const layer = LoraLinear.fromLinear(graph, weight, null, 192, 160, { rank: 8, alpha: 16 });
  const optimizer = new AdamW(graph, layer.trainableParams(), { lr: 1e-2 });
  const [x, target] = [normal(graph, [301, 192], 1), normal(graph, [301, 160], 1)];
  for (let step = 0; step < 20; step++) {
    optimizer.zeroGrad();
    graph.step(() => {
      const y = graph.gelu(layer.forward(graph, graph.constant(x)));
      graph.backward(graph.mean(graph.square(graph.sub(y, graph.constant(target)))));
    });
    optimizer.step();
  }
  const result = graph.value(layer.loraA).data;
  graph.dispose();
  return result;
}

/** An op on random inputs of some shapes. */
export interface Work {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly run: (graph: Graph, inputs: NodeId[]) => NodeId;
}

/** The op's result, and its gradients for a random one of the result. */
export function results({ Graph, normal }: Library, { shapes, run }: Work): Float32Array[] {
  const graph = new Graph({ seed: 11 });
  const inputs = shapes.map((shape) => graph.variable(normal(graph, shape, 1)));
  const y = run(graph, inputs);
  const weights = graph.constant(normal(graph, graph.shape(y), 1));
  graph.backward(graph.sum(graph.mul(y, weights)));
  const tensors = [graph.value(y), ...inputs.map((id) => graph.grad(id)!)].map(({ data }) => data);
  graph.dispose();
  return tensors;
}

/** Where the bits of two lists of results differ first; null where nowhere. Quicker by far than comparing objects. */
export function firstDifference(a: readonly Float32Array[], b: readonly Float32Array[]): string | null {
  if (a.length !== b.length) return `${a.length} and ${b.length} tensors`;
  for (const [index, data] of a.entries()) {
    const [left, right] = [data, b[index]!].map(
      ({ buffer, byteOffset, length }) => new Int32Array(buffer, byteOffset, length),
    );
    if (left!.length !== right!.length) return `tensor ${index}: ${left!.length} and ${right!.length} elements`;
    const at = left!.findIndex((bits, i) => bits !== right![i]);
    if (at >= 0) return `tensor ${index}, element ${at}: ${data[at]} and ${b[index]![at]}`;
  }
  return null;
}

const lengths = [1, 17, 130, 64, 3, 85];
const offsets = lengths.reduce((list, length) => [...list, list.at(-1)! + length], [0]);

/** Products and attention at sizes that every cut divides unevenly. */
export const products: readonly Work[] = [
  ...(
    [
      [1, 700, 701],
      [3, 64, 2001],
      [2001, 64, 3],
      [129, 257, 131],
      [13, 1537, 35],
      [500, 300, 7],
      [515, 129, 1],
      [66, 130, 514],
    ] as const
  ).map(([m, k, n]) => ({
    name: `product ${m}×${k} · ${k}×${n}`,
    shapes: [
      [m, k],
      [k, n],
    ],
    run: (graph: Graph, [a, b]: NodeId[]) => graph.matmul(a!, b!),
  })),
  {
    name: "a batch of products",
    shapes: [
      [5, 37, 129],
      [5, 129, 67],
    ],
    run: (graph, [a, b]) => graph.matmul(a!, b!),
  },
  {
    name: "attention in a ragged batch",
    shapes: [[300, 3 * 96]],
    run: (graph, [qkv]) => graph.raggedAttention(qkv!, { offsets, heads: 3 }),
  },
  {
    name: "causal attention with shared keys",
    shapes: [
      [2, 4, 75, 24],
      [2, 2, 75, 24],
      [2, 2, 75, 24],
    ],
    run: (graph, [q, k, v]) => graph.scaledDotProductAttention(q!, k!, v!, { causal: true }),
  },
];

/** Reductions, what is made of them, and the rest, beyond the size from which kernels are shared out. */
export const others: readonly Work[] = [
  { name: "sum", shapes: [[517, 1031]], run: (graph, [x]) => graph.sum(x!) },
  { name: "sum of rows", shapes: [[517, 1031]], run: (graph, [x]) => graph.sum(x!, { dim: 1 }) },
  { name: "sum of columns", shapes: [[517, 1031]], run: (graph, [x]) => graph.sum(x!, { dim: 0 }) },
  { name: "mean of the middle", shapes: [[33, 517, 31]], run: (graph, [x]) => graph.mean(x!, { dim: 1 }) },
  { name: "largest of columns", shapes: [[517, 1031]], run: (graph, [x]) => graph.amax(x!, { dim: 0 }) },
  { name: "softmax", shapes: [[517, 1031]], run: (graph, [x]) => graph.softmax(x!) },
  {
    name: "layer norm",
    shapes: [[1517, 131], [131], [131]],
    run: (graph, [x, weight, bias]) => graph.layerNorm(x!, weight!, bias!, { eps: 1e-5 }),
  },
  { name: "RMS norm", shapes: [[1517, 131], [131]], run: (graph, [x, weight]) => graph.rmsNorm(x!, weight!) },
  { name: "unit rows", shapes: [[517, 131]], run: (graph, [x]) => graph.normalize(x!) },
  { name: "softmax of the middle", shapes: [[33, 517, 31]], run: (graph, [x]) => graph.softmax(x!, 1) },
  {
    name: "cross entropy",
    shapes: [[517, 131]],
    run: (graph, [x]) =>
      graph.crossEntropy(
        x!,
        new Int32Array(517).map((_, i) => (i * i) % 131),
      ),
  },
  {
    name: "squared error",
    shapes: [
      [517, 131],
      [517, 131],
    ],
    run: (graph, [x, y]) => graph.mseLoss(x!, y!),
  },
  {
    name: "rows by index",
    shapes: [[131, 257]],
    run: (graph, [x]) =>
      graph.embedding(
        x!,
        new Int32Array(517).map((_, i) => (i * i) % 131),
      ),
  },
  { name: "GELU and dropout", shapes: [[517, 1031]], run: (graph, [x]) => graph.dropout(graph.gelu(x!), 0.3) },
  {
    name: "a broadcast quotient",
    shapes: [[517, 131], [131]],
    run: (graph, [x, y]) => graph.div(x!, graph.exp(y!)),
  },
  { name: "mean of tokens", shapes: [[300, 513]], run: (graph, [x]) => graph.meanPool(x!, offsets) },
];
