import type { Engine } from "../../engine/running.js";
import type { LoadProgress } from "../../io/watched-source.js";
import type { WeightsOption } from "../stored-weights.js";
import type { InferOptions } from "./infer-options.js";
import type { PoolingMode } from "./pooling.js";
import type { PromptChoice } from "./prompts.js";

/** How a model is loaded. */
export interface LoadOptions {
  /** Seed of adapters' initial values and dropout; default 0. */
  readonly seed?: number;
  /**
   * Texts are cut to this many tokens; default what sentence_bert_config.json says (of all-MiniLM-L6-v2 256, whether it is there or not), else
   * tokenizer_config.json's model_max_length, and what the model's positions allow.
   */
  readonly maxTokens?: number;
  /** How tokens become a text's vector; default what 1_Pooling/config.json says, where there is one, else "mean". */
  readonly pooling?: PoolingMode;
  /**
   * How the matrices (linear layers and embeddings) are kept: "f32" (the default), "f16" and "bf16" in half the memory,
   * rounded where the file has more bits, "q8" in about a quarter (groups of 32 signed bytes with a
   * scale), "q4" in about a sixth (groups of 32 codes of 4 bits with a scale and a minimum), "auto" as the file stores them. Arithmetic is float32 in every case.
   */
  readonly weights?: WeightsOption;
  /**
   * Float32 copies of each frozen weight in the matrix product's order: 2 for speed, 1 for less memory, 0 for none. Default 2
   * for float32 weights, which are kept in one of the two and nowhere else, 0 for others.
   */
  readonly packedCopies?: 0 | 1 | 2;
  /** Take weights that are NaN or infinite; default false: they are refused by name. */
  readonly allowNonFinite?: boolean | undefined;
  /** The engine that holds and computes it, from `createEngine`; default that of `init`. */
  readonly engine?: Engine;
  /** Cancels: loading, and fetching before it, then reject with `AbortError`, and nothing is left of the model. */
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes of a file come in: first where a model is fetched, then where its files are read. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** How texts become vectors. */
export interface EncodeOptions extends InferOptions, PromptChoice {
  /**
   * Scale to length 1; default what the model's modules.json says; of all-MiniLM-L6-v2, whose copies often lack it, true; of others
   * without one false, of which a warning tells once.
   */
  readonly normalize?: boolean;
  /** Round what is multiplied with weights in "q8" or "q4" to bytes; default false. */
  readonly rounded?: boolean;
}
