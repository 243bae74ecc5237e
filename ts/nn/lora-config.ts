import { checkOptions } from "../options.js";
import { callable, finite, flag, fraction, whole } from "../settings.js";
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

const names = ["rank", "alpha", "rslora", "dora", "dropout", "init"];

/** Fills in defaults. Throws `ConfigError` for values that make no sense. */
export function resolveLoraConfig(config: LoraConfig = {}): ResolvedLoraConfig {
  checkOptions("LoraConfig", config, names);
  const { rank = 4, alpha = 1, rslora = false, dora = false, dropout = 0, init = gaussianInit() } = config;
  return {
    rank: whole("LoraConfig", "rank", rank, 1),
    alpha: finite("LoraConfig", "alpha", alpha),
    rslora: flag("LoraConfig", "rslora", rslora),
    dora: flag("LoraConfig", "dora", dora),
    dropout: fraction("LoraConfig", "dropout", dropout),
    init: callable("LoraConfig", "init", init),
    scaling: loraScaling(alpha, rank, rslora),
  };
}
