import { AdapterError, ConfigError, UnsupportedError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import { type Adapter, adapterConfig, type AdapterLayer, targetTest } from "../io/peft/index.js";
import { productSvdInSteps, svdInSteps } from "../values/svd.js";
import type { Steps } from "../waiting/next-task.js";
import type { Tensor } from "../values/tensor.js";
import type { WeightedSum } from "./weighted-options.js";

const what = "addWeightedAdapter";

/** A layer of one of the adapters, and the adapter's weight. */
interface Part {
  readonly layer: AdapterLayer;
  readonly weight: number;
}

/** A `[in, rank]` and B `[rank, out]` in float64. */
interface Factors {
  readonly a: Float64Array;
  readonly b: Float64Array;
}

/**
 * Sums adapters as PEFT's `add_weighted_adapter` does, in steps. Differs where PEFT is wrong: the scaling is 1 whether or not the first one
 * is rank-stabilised. Every layer has the same rank; unused ranks are zero.
 *
 * Throws `UnsupportedError` for adapters with more than low-rank updates, `AdapterError` for ranks that differ where they must not.
 *
 * @param adapters in the options' order; @param factors by which each one's scaling is multiplied
 * @param paths every module of the model
 */
export function* weightedSum(
  adapters: readonly Adapter[],
  factors: readonly number[],
  sum: WeightedSum,
  paths: readonly string[],
  random: RandomStream,
): Steps<Adapter> {
  adapters.forEach((adapter, i) => checkPlain(adapter, sum.adapters[i]!));
  const weights = sum.weights.map((weight, i) => weight * factors[i]!);
  const adapted = paths.filter((path) => adapters.some(({ layers }) => layers.has(path)));
  const partsOf = (path: string): Part[] =>
    adapters.flatMap(({ layers }, i) => {
      const layer = layers.get(path);
      return layer === undefined ? [] : [{ layer, weight: weights[i]! }];
    });
  const rank = rankOf(adapted.map(partsOf), adapters, sum);
  const layers = new Map<string, AdapterLayer>();
  for (const path of adapted) {
    const parts = partsOf(path);
    const [inFeatures, outFeatures] = [parts[0]!.layer.loraA.shape[0]!, parts[0]!.layer.loraB.shape[1]!];
    yield;
    const { a, b } = yield* factorsOf(path, parts, rank, sum, random);
    const loraA = { shape: [inFeatures, rank], data: Float32Array.from(a) };
    const loraB = { shape: [rank, outFeatures], data: Float32Array.from(b) };
    layers.set(path, { kind: "linear", loraA, loraB, rank, alpha: rank, scaling: 1 });
  }
  const { loraDropout, taskType, baseModelNameOrPath, other } = adapters[0]!.config;
  const fields = { r: rank, loraAlpha: rank, loraDropout, taskType, baseModelNameOrPath, other };
  return {
    config: adapterConfig({ ...fields, targetModules: targetsOf(adapters, adapted, paths) }),
    layers,
    extra: new Map(),
  };
}

/** The adapters' own target names if they select exactly these modules, else every path. */
function targetsOf(adapters: readonly Adapter[], adapted: readonly string[], paths: readonly string[]): string[] {
  const lists = adapters.map(({ config }) => config.targetModules);
  const names = [...new Set(lists.flatMap((list) => (typeof list === "string" ? [] : list)))];
  const none = { excludeModules: null, layersToTransform: null, layersPattern: null, modulesToSave: null };
  const isTarget = targetTest({ targetModules: names, ...none });
  return paths.filter(isTarget).join() === adapted.join() ? names : [...adapted];
}

function checkPlain({ config, extra, layers }: Adapter, name: string): void {
  const more = config.useDora
    ? "magnitudes (DoRA), which no sum of updates has"
    : config.loraBias || config.bias !== "none" || extra.size > 0
      ? "trained biases or whole modules (modulesToSave)"
      : [...layers.values()].some(({ kind }) => kind !== "linear")
        ? "an embedding's update"
        : null;
  if (more === null) return;
  throw new UnsupportedError(
    `${what}: ${excerpt(name)} has ${more}; adapters of low-rank updates of linear layers can be summed`,
    {
      op: what,
      name,
    },
  );
}

function rankOf(
  layers: readonly Part[][],
  adapters: readonly Adapter[],
  { method, svd, svdRank }: WeightedSum,
): number {
  const ranks = layers.flatMap((parts) => parts.map(({ layer }) => layer.rank));
  const total = (parts: readonly Part[]) => parts.reduce((sum, { layer }) => sum + layer.rank, 0);
  if (method === "cat") return layers.reduce((most, parts) => Math.max(most, total(parts)), 0);
  const most = ranks.reduce((largest, rank) => Math.max(largest, rank), 0);
  if (svd) {
    const widest = layers.reduce(
      (most, [part]) => Math.max(most, Math.min(part!.layer.loraA.shape[0]!, part!.layer.loraB.shape[1]!)),
      0,
    );
    if (svdRank === null || svdRank <= widest) return svdRank ?? most;
    throw new ConfigError(
      `${what}: svdRank is at most ${widest}, the most that a layer's weight can have, got ${svdRank}`,
      {
        op: what,
        option: "svdRank",
        expected: `at most ${widest}`,
        value: svdRank,
      },
    );
  }
  const uneven = layers.find((parts) => parts.some(({ layer }) => layer.rank !== parts[0]!.layer.rank));
  if (uneven === undefined) return most;
  const found = uneven.map(({ layer }) => layer.rank);
  throw new AdapterError(
    `${what}: "${method}" adds A to A and B to B, which have ranks ${found.join(", ")} in a layer: take "svd" or "cat"`,
    { op: what, ranks: found },
  );
}

function* factorsOf(
  path: string,
  parts: readonly Part[],
  rank: number,
  sum: WeightedSum,
  random: RandomStream,
): Steps<Factors> {
  const [inFeatures, outFeatures] = [parts[0]!.layer.loraA.shape[0]!, parts[0]!.layer.loraB.shape[1]!];
  if (sum.method === "cat") return padded(sideBySide(parts), inFeatures, outFeatures, rank);
  if (sum.svd) {
    checkFinite(path, parts);
    return padded(yield* truncated(parts, inFeatures, outFeatures, rank, sum, random), inFeatures, outFeatures, rank);
  }
  // √|w·s| goes to A and to B each; the sign goes to one of them, or it would be lost.
  const scales = parts.map(({ weight, layer }) => weight * layer.scaling);
  const ofB = scales.map((scale) => Math.sqrt(Math.abs(scale)));
  const ofA = scales.map((scale, i) => (scale >= 0 ? ofB[i]! : -ofB[i]!));
  const combined = (tensors: readonly Tensor[], weights: readonly number[]) =>
    combineElements(
      tensors.map(({ data }) => Float64Array.from(data)),
      weights,
      sum,
      random,
    );
  const a = combined(
    parts.map(({ layer }) => layer.loraA),
    ofA,
  );
  const b = combined(
    parts.map(({ layer }) => layer.loraB),
    ofB,
  );
  return padded({ a, b }, inFeatures, outFeatures, rank);
}

/** Σ w·s·A·B as one product: the scaled A's side by side, the B's stacked. */
function sideBySide(parts: readonly Part[]): Factors {
  const inFeatures = parts[0]!.layer.loraA.shape[0]!;
  const width = parts.reduce((total, { layer }) => total + layer.rank, 0);
  const a = new Float64Array(inFeatures * width);
  let first = 0;
  for (const { layer, weight } of parts) {
    for (let i = 0; i < inFeatures; i++)
      for (let r = 0; r < layer.rank; r++)
        a[i * width + first + r] = layer.loraA.data[i * layer.rank + r]! * weight * layer.scaling;
    first += layer.rank;
  }
  return { a, b: Float64Array.from(parts.flatMap(({ layer }) => [...layer.loraB.data])) };
}

/** The best approximation of the sum at this rank, by its largest singular values. */
function* truncated(
  parts: readonly Part[],
  inFeatures: number,
  outFeatures: number,
  rank: number,
  sum: WeightedSum,
  random: RandomStream,
): Steps<Factors> {
  const deltas = (): Float64Array => {
    const each = parts.map(({ layer: { loraA, loraB, rank, scaling } }) => {
      const update = product(
        Float64Array.from(loraA.data),
        Float64Array.from(loraB.data),
        inFeatures,
        rank,
        outFeatures,
      );
      return update.map((x) => x * scaling);
    });
    return combineElements(
      each,
      parts.map(({ weight }) => weight),
      sum,
      random,
    );
  };
  if (sum.method !== "linear") {
    const count = Math.min(rank, inFeatures, outFeatures);
    const { values, left, right } = yield* svdInSteps(deltas(), inFeatures, outFeatures, count);
    return { a: columns(left, count, inFeatures), b: scaledRows(right, values, outFeatures) };
  }
  const { a, b } = sideBySide(parts);
  const { values, left, right } = yield* productSvdInSteps(
    a,
    b,
    [inFeatures, a.length / inFeatures, outFeatures],
    rank,
  );
  return { a: columns(left, values.length, inFeatures), b: scaledRows(right, values, outFeatures) };
}

/** `[m, k]` × `[k, n]` */
function product(a: Float64Array, b: Float64Array, m: number, k: number, n: number): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let t = 0; t < k; t++) {
      const x = a[i * k + t]!;
      for (let j = 0; j < n; j++) c[i * n + j]! += x * b[t * n + j]!;
    }
  return c;
}

/** Vectors `[count, length]` as columns `[length, count]`. */
function columns(vectors: Float64Array, count: number, length: number): Float64Array {
  return Float64Array.from(
    { length: vectors.length },
    (_, at) => vectors[(at % count) * length + Math.floor(at / count)]!,
  );
}

const scaledRows = (rows: Float64Array, factors: Float64Array, length: number) =>
  rows.map((x, at) => x * factors[Math.floor(at / length)]!);

/** Padded with zeros to `rank`. */
function padded({ a, b }: Factors, inFeatures: number, outFeatures: number, rank: number): Factors {
  const own = b.length / outFeatures;
  if (own === rank) return { a, b };
  const wide = new Float64Array(inFeatures * rank);
  for (let i = 0; i < inFeatures; i++) wide.set(a.subarray(i * own, (i + 1) * own), i * rank);
  const long = new Float64Array(rank * outFeatures);
  long.set(b);
  return { a: wide, b: long };
}

function checkFinite(path: string, parts: readonly Part[]): void {
  const finite = ({ data }: Tensor) => data.every(Number.isFinite);
  if (parts.every(({ layer }) => finite(layer.loraA) && finite(layer.loraB))) return;
  throw new ConfigError(`${what}: ${clip(path)} has values that are not finite, of which there is no SVD: take "cat"`, {
    op: what,
    module: path,
  });
}

/** Numbers from 0 to 1; each call returns a new stream. */
export type RandomStream = () => { uniform(): number };

/**
 * Combines elements of tensors of equal size in float64, as PEFT's `merge_utils`: prunes, then sums them by weight, or with "ties" averages
 * those that have the majority's sign. NaN stays NaN.
 */
export function combineElements(
  tensors: readonly Float64Array[],
  weights: readonly number[],
  { method, density, majority }: Pick<WeightedSum, "method" | "density" | "majority">,
  random: RandomStream,
): Float64Array {
  const kept = density === 1 ? tensors : tensors.map((tensor) => prune(tensor));
  const signed = method.endsWith("ties");
  return Float64Array.from(kept[0]!, (_, i) =>
    signed ? elected(i) : kept.reduce((sum, x, t) => sum + weights[t]! * x[i]!, 0),
  );

  function prune(tensor: Float64Array): Float64Array {
    return method.startsWith("dare") ? randomPart(tensor, density, random()) : largestPart(tensor, density);
  }

  function elected(i: number): number {
    let total = 0;
    for (const tensor of kept) total += majority === "total" ? tensor[i]! : signOf(tensor[i]!);
    if (Number.isNaN(total)) return NaN;
    const sign = total >= 0 ? 1 : -1;
    let [sum, count] = [0, 0];
    kept.forEach((tensor, t) => {
      if (signOf(tensor[i]!) !== sign) return;
      sum += weights[t]! * tensor[i]!;
      count++;
    });
    return sum / Math.max(count, 1);
  }
}

const signOf = (x: number) => (x > 0 ? 1 : x < 0 ? -1 : x);

/** Keeps each element with probability `density` and divides it by that, so the expected value stays. */
function randomPart(tensor: Float64Array, density: number, stream: { uniform(): number }): Float64Array {
  return tensor.map((x) => (stream.uniform() < density ? x / density : 0 * x));
}

/** The ⌊density·n⌋ largest elements by absolute value; of equal ones the first. */
function largestPart(tensor: Float64Array, density: number): Float64Array {
  const count = Math.floor(density * tensor.length);
  // NaN sorts last, so it counts as large.
  const sizes = tensor.map(Math.abs).sort();
  if (count === 0) return tensor.map((x) => 0 * x);
  const least = sizes[tensor.length - count]!;
  const above = (x: number) => Number.isNaN(x) || Math.abs(x) > least;
  let ties = count - tensor.reduce((larger, x) => larger + Number(above(x)), 0);
  return tensor.map((x) => (above(x) || (Math.abs(x) === least && ties-- > 0) ? x : 0));
}
