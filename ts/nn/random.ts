import { engine } from "../engine/engine.js";
import type { Graph } from "../graph/graph.js";
import { seedWords } from "../ops/dropout.js";
import type { Pointer } from "../ops/op.js";
import { sizeOf, type Tensor } from "../tensor.js";

/**
 * Normal numbers with mean 0 from the graph's seed. Each call draws from a stream of its own, so two layers of one
 * shape never start alike, and the same program gives the same numbers.
 */
export function normal(graph: Graph, shape: readonly number[], deviation: number): Tensor {
  const tensor = draw(graph, shape, graph.engine.kernels.philox_normal);
  for (let i = 0; i < tensor.data.length; i++) tensor.data[i]! *= deviation;
  return tensor;
}

/** Numbers uniform in [−bound, bound) from the graph's seed. */
export function uniform(graph: Graph, shape: readonly number[], bound: number): Tensor {
  const tensor = draw(graph, shape, graph.engine.kernels.philox_uniform);
  for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = (2 * tensor.data[i]! - 1) * bound;
  return tensor;
}

/** A permutation of 0 to n − 1 (Fisher–Yates) that `seed` and `stream` alone decide. */
export function permutation(n: number, seed: number, stream: number): Int32Array {
  const { kernels, heap } = engine();
  const pointer = heap.allocate(4 * Math.max(n, 1));
  kernels.philox_uniform(pointer, n, ...seedWords(seed), stream);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const numbers = new Float32Array(heap.memory.buffer, pointer, n);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(numbers[i]! * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  heap.release(pointer);
  return order;
}

type Generator = (out: Pointer, n: number, seedLow: number, seedHigh: number, stream: number) => void;

function draw(graph: Graph, shape: readonly number[], generate: Generator): Tensor {
  const size = sizeOf(shape);
  const pointer = graph.arena.allocate(size);
  generate(pointer, size, ...seedWords(graph.seed), graph.nextStream());
  const data = graph.floats(pointer, size).slice();
  graph.arena.release(pointer, size);
  return { shape: [...shape], data };
}
