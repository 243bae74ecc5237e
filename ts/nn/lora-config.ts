import { or, type Readers, readOptions } from "../arguments/options.js";
import { callable, finite, flag, fraction, nonNegative, whole } from "../arguments/settings.js";
import { loraScaling } from "../values/lora-scaling.js";
import { type Tensor, zeros } from "../values/tensor.js";
import type { Graph } from "../graph/graph.js";
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
