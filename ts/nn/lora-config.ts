import { or, type Readers, readOptions } from "../arguments/options.js";
import { callable, finite, flag, fraction, nonNegative, whole } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import type { Graph } from "../graph/graph.js";
import { qr, Vectors } from "../values/matrix.js";
import { svd } from "../values/svd.js";
import { loraScaling } from "../values/lora-scaling.js";
import { type Tensor, zeros } from "../values/tensor.js";
import { normal, uniform } from "./random.js";

/** Options of a LoRA layer. */
export interface LoraConfig {
  /** Columns of A and rows of B; default 4. */
  readonly rank?: number;
  /** α, the numerator of the scaling; default 1. */
  readonly alpha?: number;
  /** Use the scaling α/√r instead of α/r (rsLoRA, arXiv 2312.03732); default false. */
  readonly rslora?: boolean;
  /** Train a magnitude for each output (DoRA, arXiv 2402.09353); default false. */
  readonly dora?: boolean;
  /** Dropout probability on A's input in training; default 0. */
  readonly dropout?: number;
  /** Initial A and B; default `gaussianInit()`: A normal with standard deviation 1/r, B zero. */
  readonly init?: LoraInit;
}

/** A checked configuration with its defaults. */
export type ResolvedLoraConfig = Required<LoraConfig> & { readonly scaling: number };

const readers: Readers<Required<LoraConfig>> = {
  rank: /* @__PURE__ */ or(4, whole, 1),
  alpha: /* @__PURE__ */ or(1, finite),
  rslora: /* @__PURE__ */ or(false, flag),
  dora: /* @__PURE__ */ or(false, flag),
  dropout: /* @__PURE__ */ or(0, fraction),
  init: (what, name, value = gaussianInit()) => callable(what, name, value as LoraInit),
};

/** Adds the defaults. Throws `ConfigError` for invalid values. */
export function resolveLoraConfig(config: LoraConfig = {}): ResolvedLoraConfig {
  const resolved = readOptions("LoraConfig", config, readers);
  return { ...resolved, scaling: loraScaling(resolved.alpha, resolved.rank, resolved.rslora) };
}

/** Sizes of a LoRA layer. */
export interface LoraShape {
  /** Rows of A. */
  readonly inFeatures: number;
  /** Columns of B. */
  readonly outFeatures: number;
  /** Columns of A and rows of B. */
  readonly rank: number;
}

/** Makes the initial A `[in, rank]` and B `[rank, out]`. */
export type LoraInit = (graph: Graph, shape: LoraShape) => { readonly a: Tensor; readonly b: Tensor };

/** A ~ N(0, deviation²), default deviation 1/r as PEFT's `init_lora_weights="gaussian"`; B = 0. */
export function gaussianInit(deviation?: number): LoraInit {
  if (deviation !== undefined) nonNegative("gaussianInit", "deviation", deviation);
  return (graph, { inFeatures, outFeatures, rank }) => ({
    a: normal(graph, [inFeatures, rank], deviation ?? 1 / rank),
    b: zeros([rank, outFeatures]),
  });
}

/** A ~ U(−1/√in, 1/√in), which is PEFT's default (Kaiming uniform with a = √5); B = 0. */
export function kaimingInit(): LoraInit {
  return (graph, { inFeatures, outFeatures, rank }) => ({
    a: uniform(graph, [inFeatures, rank], 1 / Math.sqrt(inFeatures)),
    b: zeros([rank, outFeatures]),
  });
}

/** A `[in, rank]` and B `[rank, out]`. */
interface Factors {
  readonly a: Tensor;
  readonly b: Tensor;
}

/**
 * Computes A and B from a base's weight `[out, in]`, in a file's orientation, such that s·A·B can be subtracted from it: no part of the
 * weight is trained twice.
 */
export type WeightInit = (weight: Tensor, rank: number, scaling: number) => Factors;

/**
 * PiSSA (arXiv 2404.02948): A = √(Σ/s)·Vᵀ and B = U·√(Σ/s) of the weight's `rank` largest singular values. Each pair of
 * vectors has the sign that makes the output's largest element positive. Needs a rank up to the weight's sides.
 */
export const pissaFactors: WeightInit = (weight, rank, scaling) => {
  const [outFeatures, inFeatures] = weight.shape as [number, number];
  checkRank("pissa", rank, Math.min(outFeatures, inFeatures));
  if (!(scaling > 0)) throw positive("pissa", scaling);
  const { values, left, right } = svd(weight.data, outFeatures, inFeatures, rank);
  const roots = values.map((value) => Math.sqrt(value / scaling));
  return fill(inFeatures, outFeatures, rank, (i, k) => roots[k]! * right[k * inFeatures + i]!, (k, o) => {
    return roots[k]! * left[k * outFeatures + o]!;
  }); // prettier-ignore
};

/** OLoRA (arXiv 2406.01775): for the weight Q·R, B is Q's first columns and A R's first rows; R's diagonal is not negative. */
export const oloraFactors: WeightInit = (weight, rank) => {
  const [outFeatures, inFeatures] = weight.shape as [number, number];
  checkRank("olora", rank, Math.min(outFeatures, inFeatures));
  const rows = new Vectors(outFeatures, inFeatures, Float64Array.from(weight.data));
  const { q, r } = qr(rows.transposed());
  return fill(inFeatures, outFeatures, rank, (i, k) => r.at(i)[k]!, (k, o) => q.at(k)[o]!); // prettier-ignore
};

function fill(
  inFeatures: number,
  outFeatures: number,
  rank: number,
  a: (i: number, k: number) => number,
  b: (k: number, o: number) => number,
): Factors {
  const [loraA, loraB] = [zeros([inFeatures, rank]), zeros([rank, outFeatures])];
  for (let i = 0; i < inFeatures; i++) for (let k = 0; k < rank; k++) loraA.data[i * rank + k] = a(i, k);
  for (let k = 0; k < rank; k++) for (let o = 0; o < outFeatures; o++) loraB.data[k * outFeatures + o] = b(k, o);
  return { a: loraA, b: loraB };
}

/**
 * Random A and B with A·B = 0: each gets half of the rows of a random orthogonal matrix, as PEFT's `init_lora_weights="orthogonal"`. Throws
 * `ConfigError` for an odd rank.
 */
export function orthogonalInit(): LoraInit {
  return (graph, { inFeatures, outFeatures, rank }: LoraShape) => {
    if (rank % 2 !== 0)
      throw new ConfigError(`orthogonalInit: the rank must be even, got ${rank}`, {
        op: "orthogonalInit",
        option: "rank",
        value: rank,
      });
    const half = rank / 2;
    const square = normal(graph, [rank, rank], 1);
    const { q } = qr(new Vectors(rank, rank, Float64Array.from(square.data)));
    const [first, second] = [normal(graph, [inFeatures, half], 0.1), normal(graph, [half, outFeatures], 0.1)];
    const sum = (count: number, term: (h: number) => number) => {
      let total = 0;
      for (let h = 0; h < count; h++) total += term(h);
      return total;
    };
    return fill(
      inFeatures,
      outFeatures,
      rank,
      (i, k) => sum(half, (h) => first.data[i * half + h]! * q.at(2 * h)[k]!),
      (k, o) => sum(half, (h) => q.at(2 * h + 1)[k]! * second.data[h * outFeatures + o]!),
    );
  };
}

/** A ~ U(±1/√in) and B ~ U(±1/√rank), PyTorch's initialisation of linear layers: PEFT's `init_lora_weights=False`. */
export function randomInit(): LoraInit {
  return (graph, { inFeatures, outFeatures, rank }) => ({
    a: uniform(graph, [inFeatures, rank], 1 / Math.sqrt(inFeatures)),
    b: uniform(graph, [rank, outFeatures], 1 / Math.sqrt(rank)),
  });
}

function checkRank(what: string, rank: number, most: number): void {
  if (rank <= most) return;
  throw new ConfigError(`${what}: the weight has ${most} singular values, so the rank is at most that, got ${rank}`, {
    op: what,
    option: "rank",
    value: rank,
  });
}

const positive = (what: string, value: number) =>
  new ConfigError(`${what}: a scaling above 0 is expected, got ${value}`, { op: what, option: "alpha", value });
