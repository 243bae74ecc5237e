import { ConfigError } from "../errors.js";
import { gaussianInit, type LoraInit } from "./init.js";
import { loraScaling } from "./lora-scaling.js";

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

/** Fills in defaults. Throws `ConfigError` for values that make no sense. */
export function resolveLoraConfig(config: LoraConfig = {}): ResolvedLoraConfig {
  const { rank = 4, alpha = 1, rslora = false, dora = false, dropout = 0, init = gaussianInit() } = config;
  if (!Number.isSafeInteger(rank) || rank < 1) {
    throw new ConfigError(`LoraConfig: rank is a whole number from 1, got ${String(rank)}`, { rank });
  }
  if (!Number.isFinite(alpha))
    throw new ConfigError(`LoraConfig: alpha is a finite number, got ${String(alpha)}`, { alpha });
  if (!(dropout >= 0 && dropout < 1)) {
    throw new ConfigError(`LoraConfig: dropout is a probability from 0 to below 1, got ${String(dropout)}`, {
      dropout,
    });
  }
  return { rank, alpha, rslora, dora, dropout, init, scaling: loraScaling(alpha, rank, rslora) };
}
