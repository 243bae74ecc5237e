import type { Graph } from "../graph/graph.js";
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

type Generator = (n: number, seedLow: number, seedHigh: number, stream: number, out: Pointer) => void;

function draw(graph: Graph, shape: readonly number[], generate: Generator): Tensor {
  const size = sizeOf(shape);
  const pointer = graph.arena.allocate(size);
  generate(size, graph.seed >>> 0, Math.floor(graph.seed / 2 ** 32), graph.nextStream(), pointer);
  const data = graph.floats(pointer, size).slice();
  graph.arena.release(pointer, size);
  return { shape: [...shape], data };
}
