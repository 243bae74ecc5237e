import { nonNegative, whole } from "../arguments/settings.js";
import { engine } from "../engine/engine.js";
import type { Engine } from "../engine/running.js";
import { namingTraps } from "../engine/trap.js";
import { checkGraph, type Graph } from "../graph/graph.js";
import { seedWords } from "../ops/elementwise/dropout.js";
import { exp, log, log1p } from "../values/elementary.js";
import { hostArray } from "../values/number-list.js";
import { checkLengths, checkSize, sizeOf, type Tensor } from "../values/tensor.js";

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

/**
 * The kernels' random number generator (`crates/kernels/src/philox.rs`) in TypeScript, without an engine: Philox4x32-10 of Salmon et al.,
 * "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011. Number i of a stream depends only on (seed, stream, i).
 */
export class Philox {
  private readonly key: readonly [number, number];
  private readonly words = new Uint32Array(4);
  private block = 0;
  private next = 4;

  /** @param seed whole number from 0; @param stream 32 bits */
  constructor(
    seed: number,
    private readonly stream: number,
  ) {
    this.key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
  }

  /** The next 32 bits. */
  word(): number {
    if (this.next === 4) this.fill();
    return this.words[this.next++]!;
  }

  /** The next number, above 0 and below 1. */
  uniform(): number {
    return (this.word() + 0.5) / 2 ** 32;
  }

  // Plain variables: destructured lists are five times as slow.
  private fill(): void {
    let low = this.key[0];
    let high = this.key[1];
    let a = this.block >>> 0;
    let b = Math.floor(this.block / 2 ** 32) >>> 0;
    let c = this.stream >>> 0;
    let d = 0;
    for (let round = 0; round < 10; round++) {
      const nextA = highWord(0xcd9e, 0x8d57, c) ^ b ^ low;
      const nextC = highWord(0xd251, 0x1f53, a) ^ d ^ high;
      b = Math.imul(0xcd9e8d57, c);
      d = Math.imul(0xd2511f53, a);
      a = nextA;
      c = nextC;
      low = (low + 0x9e3779b9) | 0;
      high = (high + 0xbb67ae85) | 0;
    }
    const { words } = this;
    words[0] = a;
    words[1] = b;
    words[2] = c;
    words[3] = d;
    this.block++;
    this.next = 0;
  }
}

/** Upper 32 bits of the product of two 32-bit numbers, the first given in halves. */
function highWord(high: number, low: number, y: number): number {
  const yLow = y & 0xffff;
  const yHigh = y >>> 16;
  const first = high * yLow + ((low * yLow) >>> 16);
  const second = low * yHigh + (first & 0xffff);
  return (high * yHigh + (first >>> 16) + (second >>> 16)) | 0;
}

/** Mean from which rejection takes fewer steps than inversion. */
const LARGE_MEAN = 10;

/** The number of successes in `n` trials, each with probability `p`: exact, in time that does not grow with `n`. */
export function binomial(random: Philox, n: number, p: number): number {
  if (n === 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  return n * p < LARGE_MEAN ? countedUp(random, n, p) : rejected(random, n, p);
}

/** Inversion: adds probabilities until they exceed a uniform number. */
function countedUp(random: Philox, n: number, p: number): number {
  const odds = p / (1 - p);
  const least = exp(n * log1p(-p));
  for (;;) {
    let rest = random.uniform();
    let probability = least;
    // Rounding may leave a small rest beyond the last value: draw again.
    for (let successes = 0; successes <= n; successes++) {
      if (rest <= probability) return successes;
      rest -= probability;
      probability *= (odds * (n - successes)) / (successes + 1);
    }
  }
}

/** Hörmann's BTRS: transformed rejection with squeeze ("The generation of binomial random variates", 1993). */
function rejected(random: Philox, n: number, p: number): number {
  const deviation = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const centre = n * p + 0.5;
  const squeeze = 0.92 - 4.2 / b;
  for (;;) {
    const u = random.uniform() - 0.5;
    const v = random.uniform();
    const edge = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / edge + b) * u + centre);
    if (edge >= 0.07 && v <= squeeze) return k;
    if (k < 0 || k > n) continue;
    const odds = p / (1 - p);
    const mode = Math.floor((n + 1) * p);
    const alpha = (2.83 + 5.1 / b) * deviation;
    const density =
      (mode + 0.5) * log((mode + 1) / (odds * (n - mode + 1))) +
      (n + 1) * log((n - mode + 1) / (n - k + 1)) +
      (k + 0.5) * log((odds * (n - k + 1)) / (k + 1)) +
      (stirlingTail(mode) + stirlingTail(n - mode) - stirlingTail(k) - stirlingTail(n - k));
    if (log((v * alpha) / (a / (edge * edge) + b)) <= density) return k;
  }
}

const FIRST_TAILS = [
  0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.020790672103765, 0.0166446911898211, 0.0138761288230707,
  0.0118967099458917, 0.010411265261972, 0.0092554621827127, 0.0083305634333628,
];

/** ln k! minus Stirling's formula for it. */
function stirlingTail(k: number): number {
  if (k < FIRST_TAILS.length) return FIRST_TAILS[k]!;
  const square = (k + 1) * (k + 1);
  return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1);
}
