import type { Engine } from "../engine/running.js";
import { AdapterError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { isConv1d, transpose } from "../io/peft/conv1d.js";
import { type Adapter, adapterConfig, type AdapterLayer } from "../io/peft/index.js";
import { decodeTensor, dtypeBits, isReadableFloat, type OpenTensorFile } from "../io/safetensors/index.js";
import { productSvdInSteps, type Svd, svdInSteps } from "../values/svd.js";
import { sameShape } from "../values/tensor.js";
import { type Steps, withPauses } from "../waiting/next-task.js";
import type { MergePlan } from "./merge-plan.js";
import { mergedValues } from "./merged-pieces.js";
import type { Pause } from "./stored-tensor.js";

/** How much an adapter changes a weight, in Frobenius norms. */
export interface ChangeNorms {
  readonly module: string;
  /** ‖W‖ */
  readonly weight: number;
  /** ‖W' − W‖ */
  readonly update: number;
}

/** ‖s·A·B‖, without computing the product: ‖A·B‖² = Σ (AᵀA)ᵢⱼ·(B·Bᵀ)ᵢⱼ, in float64. */
export function updateNorm({ loraA, loraB, scaling }: AdapterLayer): number {
  const [inFeatures, rank] = loraA.shape as [number, number];
  const outFeatures = loraB.shape[1]!;
  let square = 0;
  for (let i = 0; i < rank; i++)
    for (let j = 0; j <= i; j++) {
      let [a, b] = [0, 0];
      for (let row = 0; row < inFeatures; row++) a += loraA.data[row * rank + i]! * loraA.data[row * rank + j]!;
      for (let column = 0; column < outFeatures; column++)
        b += loraB.data[i * outFeatures + column]! * loraB.data[j * outFeatures + column]!;
      square += (i === j ? 1 : 2) * a * b;
    }
  // Rounding may make a difference of equal terms negative.
  return Math.abs(scaling) * Math.sqrt(square < 0 ? 0 : square);
}

/** The norms of each weight that a merge changes, and of its change; the base is read piece by piece, as in a merge. */
export async function* changeNorms(engine: Engine, plan: MergePlan, pause: Pause): AsyncGenerator<ChangeNorms> {
  for (const [name, change] of plan.changes) {
    if (change.kind !== "update") continue;
    const dtype = plan.base.info(name).dtype;
    const bytes = dtypeBits[dtype] / 8;
    let [weight, update] = [0, 0];
    for await (const { begin, values } of mergedValues(engine, plan.base, name, change, pause)) {
      const raw = await plan.base.raw(name, begin * bytes, (begin + values.length) * bytes);
      const old = decodeTensor(raw, dtype, name);
      for (let i = 0; i < values.length; i++) {
        weight += old[i]! * old[i]!;
        update += (values[i]! - old[i]!) * (values[i]! - old[i]!);
      }
    }
    yield { module: change.module, weight: Math.sqrt(weight), update: Math.sqrt(update) };
  }
}

/** Relative approximation error of a smaller adapter, in Frobenius norms. */
interface Missed {
  readonly module: string;
  readonly rank: number;
  readonly error: number;
}

/** An adapter and its approximation errors. */
export interface Approximation {
  readonly adapter: Adapter;
  readonly layers: readonly Missed[];
  /** The error of all layers together. */
  readonly error: number;
  /** Changed tensors that a low-rank update cannot represent, such as norms and biases. */
  readonly left: readonly string[];
}

class Collected {
  readonly layers = new Map<string, AdapterLayer>();
  readonly missed: Missed[] = [];
  private square = 0;
  private missedSquare = 0;

  add(module: string, layer: AdapterLayer, { square, missed }: { square: number; missed: number }): void {
    this.layers.set(module, layer);
    this.missed.push({ module, rank: layer.rank, error: square === 0 ? 0 : Math.sqrt(missed / square) });
    this.square += square;
    this.missedSquare += missed;
  }

  /** Ranks and α of layers with a smaller rank than the others. */
  patterns(rank: number): { rankPattern: Map<string, number>; alphaPattern: Map<string, number> } {
    const smaller = [...this.layers].filter(([, layer]) => layer.rank !== rank);
    // A key matches every path that ends in it; this one must match the whole path.
    const escaped = smaller.map(([path, layer]) => [`^${path.replace(/[^\w]/g, "\\$&")}`, layer.rank] as const);
    return { rankPattern: new Map(escaped), alphaPattern: new Map(escaped) };
  }

  get error(): number {
    return this.square === 0 ? 0 : Math.sqrt(this.missedSquare / this.square);
  }
}

const embeddings = /(^|[._])(embed(ding)?s?|embed_\w+|wte|wpe)$|_embeddings?$|(^|\.)shared$/;

/**
 * The best adapter of a rank for the difference between a fine-tuned model and its base: the singular value decomposition of each weight's
 * change, one weight at a time.
 * @throws `AdapterError` if no weight changed, or the two models do not match
 */
export async function extractAdapter(
  base: OpenTensorFile,
  tuned: OpenTensorFile,
  options: { readonly rank: number; readonly modelType: string | null; readonly baseName: string },
  pause: Pause,
): Promise<Approximation> {
  const { rank, modelType, baseName } = options;
  const [collected, left] = [new Collected(), [] as string[]];
  let inFirstLayers = false;
  if (!base.names.some((name) => tuned.has(name)))
    throw new AdapterError(
      `extract: the two models share no tensor names: the base has ${clip(base.names[0] ?? "none")}, the other model ${clip(tuned.names[0] ?? "none")}; ` +
        "two of one architecture are expected, both with a head or both without",
      { op: "extract", length: 0 },
    );
  for (const name of base.names) {
    if (!tuned.has(name)) continue;
    const [info, other] = [base.info(name), tuned.info(name)];
    if (!sameShape(info.shape, other.shape))
      throw new AdapterError(
        `extract: ${clip(name)} is [${info.shape.join(", ")}] in the base and [${other.shape.join(", ")}] in the other model: they are not of one architecture`,
        { op: "extract", tensor: name },
      );
    if (!isReadableFloat(info.dtype) || !isReadableFloat(other.dtype)) continue;
    await pause();
    const [before, after] = [await base.tensor(name), await tuned.tensor(name)];
    const change = Float64Array.from(after.data, (value, i) => value - before.data[i]!);
    if (change.every((value) => value === 0)) continue;
    if (info.shape.length === 2) checkFinite(name, before.data, after.data);
    if (info.shape.length !== 2 || !name.endsWith(".weight")) {
      left.push(name);
      continue;
    }
    const path = name.slice(0, -".weight".length);
    const [rows, columns] = info.shape as [number, number];
    const embedding = embeddings.test(path);
    const conv1d = isConv1d(modelType, path);
    inFirstLayers ||= conv1d;
    const made = await withPauses(factored(change, rows, columns, rank), pause);
    const kind = embedding ? "embedding" : "linear";
    collected.add(path, layerOf(kind, embedding || conv1d, rows, columns, made), made);
  }
  if (collected.layers.size === 0)
    throw new AdapterError(
      "extract: no weight of two dimensions differs between the two models: there is nothing to extract",
      {
        op: "extract",
        length: 0,
      },
    );
  const config = adapterConfig({
    r: rank,
    loraAlpha: rank,
    targetModules: [...collected.layers.keys()],
    fanInFanOut: inFirstLayers,
    baseModelNameOrPath: baseName,
    ...collected.patterns(rank),
  });
  const adapter = { config, layers: collected.layers, extra: new Map() };
  return { adapter, layers: collected.missed, error: collected.error, left };
}

/** Values that are not finite have no decomposition. Throws `AdapterError`, which names the model. */
function checkFinite(name: string, before: Float32Array, after: Float32Array): void {
  for (const [model, values] of [
    ["base", before],
    ["other model", after],
  ] as const) {
    const found = values.find((value) => !Number.isFinite(value));
    if (found === undefined) continue;
    throw new AdapterError(
      `extract: ${clip(name)} of the ${model} holds ${found}, finite numbers are expected: take a model whose training did not diverge`,
      { op: "extract", tensor: name, reason: "not finite" },
    );
  }
}

/**
 * The best approximation of an adapter at another rank; at a larger rank it is exact. Other tensors than A and B stay unchanged. A and B
 * include the scaling: α equals the rank.
 */
export async function resizeAdapter(
  { config, layers, extra }: Adapter,
  rank: number,
  pause: Pause,
): Promise<Approximation> {
  const collected = new Collected();
  for (const [path, layer] of layers) {
    await pause();
    const [inFeatures, outFeatures] = [layer.loraA.shape[0]!, layer.loraB.shape[1]!];
    const made = await withPauses(refactored(layer, rank), pause);
    const factors = layerOf(layer.kind, true, inFeatures, outFeatures, made);
    // B's bias is scaled like its product.
    const bias = layer.bias && { shape: layer.bias.shape, data: layer.bias.data.map((value) => value * layer.scaling) };
    const kept = { ...(bias && { bias }), ...(layer.magnitude && { magnitude: layer.magnitude }) };
    collected.add(path, { ...factors, ...kept }, made);
  }
  const sizes = { r: rank, loraAlpha: rank, useRslora: false, ...collected.patterns(rank) };
  const adapter = { config: { ...config, ...sizes }, layers: collected.layers, extra };
  return { adapter, layers: collected.missed, error: collected.error, left: [] };
}

/** Factors of a matrix `[rows, columns]` ≈ L·R, and their error. */
interface Factored {
  readonly rank: number;
  /** L `[rows, rank]` */
  readonly left: Float32Array;
  /** R `[rank, columns]` */
  readonly right: Float32Array;
  /** ‖M‖² and ‖M − L·R‖², in Frobenius norms. */
  readonly square: number;
  readonly missed: number;
}

/** The best factors of that rank (Eckart and Young 1936), or of the matrix's own rank if lower. */
function* factored(matrix: Float32Array | Float64Array, rows: number, columns: number, most: number): Steps<Factored> {
  let square = 0;
  for (const value of matrix) square += value * value;
  const found = yield* svdInSteps(matrix, rows, columns, Math.min(most, rows, columns));
  return balanced(found, square, rows, columns);
}

/** A layer's update s·A·B as factors of another rank, without computing the whole product. */
function* refactored(layer: AdapterLayer, most: number): Steps<Factored> {
  const { loraA, loraB, scaling } = layer;
  const [inFeatures, rank] = loraA.shape as [number, number];
  const outFeatures = loraB.shape[1]!;
  const scaled = Float64Array.from(loraB.data, (value) => scaling * value);
  const found = yield* productSvdInSteps(loraA.data, scaled, [inFeatures, rank, outFeatures], most);
  const norm = updateNorm(layer);
  return balanced(found, norm * norm, inFeatures, outFeatures);
}

/** Factors with √σ each. */
function balanced({ values, left, right }: Svd, square: number, rows: number, columns: number): Factored {
  const rank = values.length;
  const kept = values.reduce((sum, value) => sum + value * value, 0);
  const roots = values.map((value) => Math.sqrt(value));
  const l = new Float32Array(rows * rank);
  for (let r = 0; r < rank; r++) for (let i = 0; i < rows; i++) l[i * rank + r] = roots[r]! * left[r * rows + i]!;
  const r = Float32Array.from(right, (value, i) => value * roots[Math.floor(i / columns)]!);
  return { rank, left: l, right: r, square, missed: square > kept ? square - kept : 0 };
}

/** The layer of factors: their product is the update, so its scaling is 1. */
function layerOf(
  kind: AdapterLayer["kind"],
  inFirst: boolean,
  rows: number,
  columns: number,
  made: Factored,
): AdapterLayer {
  const { rank, left, right } = made;
  const [loraA, loraB] = inFirst
    ? [
        { shape: [rows, rank], data: left },
        { shape: [rank, columns], data: right },
      ]
    : [transpose({ shape: [rank, columns], data: right }), transpose({ shape: [rows, rank], data: left })];
  return { kind, loraA, loraB, rank, alpha: rank, scaling: 1 };
}
