import { or, type Readers, readOptions } from "../arguments/read-options.js";
import { callable, finite, flag, fraction, whole } from "../arguments/settings.js";
import { gaussianInit, type LoraInit } from "./init.js";
import { loraScaling } from "../values/lora-scaling.js";

/** What a LoRA layer is made with. */
export interface LoraConfig {
  /** Columns of A and rows of B; default 4. */
  readonly rank?: number;
  /** Numerator of the scaling; default 1. */
  readonly alpha?: number;
  /** Scaling α/√r instead of α/r (rsLoRA, arXiv 2312.03732); default false. */
  readonly rslora?: boolean;
  /** Weight-decomposed: a trainable magnitude for each output (DoRA, arXiv 2402.09353); default false. */
  readonly dora?: boolean;
  /** Probability with which an element of A's input is dropped in training; default 0. */
  readonly dropout?: number;
  /** Initial A and B; default `gaussianInit()`: A normal with deviation 1/r, B zero. */
  readonly init?: LoraInit;
}

/** A checked configuration with its defaults filled in. */
export type ResolvedLoraConfig = Required<LoraConfig> & { readonly scaling: number };

const readers: Readers<Required<LoraConfig>> = {
  rank: or(4, whole, 1),
  alpha: or(1, finite),
  rslora: or(false, flag),
  dora: or(false, flag),
  dropout: or(0, fraction),
  init: (what, name, value = gaussianInit()) => callable(what, name, value as LoraInit),
};

/** Fills in defaults. Throws `ConfigError` for values that make no sense. */
export function resolveLoraConfig(config: LoraConfig = {}): ResolvedLoraConfig {
  const resolved = readOptions("LoraConfig", config, readers);
  return { ...resolved, scaling: loraScaling(resolved.alpha, resolved.rank, resolved.rslora) };
}
