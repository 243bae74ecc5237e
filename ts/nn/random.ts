import { nonNegative, whole } from "../arguments/settings.js";
import { engine } from "../engine/engine.js";
import type { Engine } from "../engine/running.js";
import { namingTraps } from "../engine/trap.js";
import { checkGraph, type Graph } from "../graph/graph.js";
import { seedWords } from "../ops/elementwise/dropout.js";
import { hostArray } from "../values/number-list.js";
import { checkLengths, checkSize, sizeOf } from "../values/shape.js";
import type { Tensor } from "../values/tensor.js";

/**
 * Normally distributed numbers with mean 0, from the graph's seed. Each call uses a new stream, so two layers of the same shape differ, and
 * a program gives the same numbers in every run. Throws `ShapeError` for an invalid shape, `ConfigError` for a negative deviation.
 */
export function normal(graph: Graph, shape: readonly number[], deviation: number): Tensor {
  nonNegative("normal", "deviation", deviation);
  return drawTensor("normal", graph, shape, (x) => x * deviation);
}

/** Numbers uniform in [−bound, bound), from the graph's seed. Throws as `normal`. */
export function uniform(graph: Graph, shape: readonly number[], bound: number): Tensor {
  nonNegative("uniform", "bound", bound);
  return drawTensor("uniform", graph, shape, (x) => (2 * x - 1) * bound);
}

/** A permutation of 0 to n − 1 (Fisher–Yates), determined by `seed` and `stream`. */
export function permutation(n: number, seed: number, stream: number, on: Engine = engine()): Int32Array {
  whole("permutation", "n", n, 0, 2 ** 30);
  whole("permutation", "seed", seed);
  whole("permutation", "stream", stream, 0, 2 ** 32 - 1);
  const order = hostArray("permutation", Int32Array, n);
  for (let i = 0; i < n; i++) order[i] = i;
  const numbers = draw(on, "uniform", n, seed, () => stream);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(numbers[i]! * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

type Kind = "normal" | "uniform";

function drawTensor(kind: Kind, graph: Graph, shape: readonly number[], scaled: (x: number) => number): Tensor {
  const lengths = checkSize(kind, checkLengths(kind, shape));
  const { seed, engine } = checkGraph(kind, graph);
  graph.assertUsable();
  const data = draw(engine, kind, sizeOf(lengths), seed, () => graph.nextStream());
  for (let i = 0; i < data.length; i++) data[i] = scaled(data[i]!);
  return { shape: lengths, data };
}

/** `n` numbers. The stream is drawn after the memory is allocated, so that an error uses up none. */
function draw(on: Engine, kind: Kind, n: number, seed: number, stream: () => number): Float32Array {
  // With the same bits on every device.
  const { atOnce } = on;
  const { kernels, heap } = atOnce;
  const data = hostArray(kind, Float32Array, n);
  const pointer = heap.allocate(4 * n);
  try {
    namingTraps(() => kernels[`philox_${kind}`](pointer, n, ...seedWords(seed), stream()));
    return atOnce.read(pointer, n, data);
  } finally {
    heap.release(pointer);
  }
}
