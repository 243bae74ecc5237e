import type { Engine } from "../../engine/running.js";
import type { FileMap } from "../../io/file-access.js";
import type { ModelSource } from "../../io/model-source.js";
import type { LoadProgress } from "../../io/watched-source.js";
import type { WeightsOption } from "../stored-weights.js";
import type { InferOptions } from "./infer-options.js";
import type { PoolingMode } from "./pooling.js";
import type { PromptChoice } from "./prompts.js";

/** Options of `SentenceEncoder.load`. */
export interface LoadOptions {
  /** Seed of adapters' initial values and of dropout; default 0. */
  readonly seed?: number;
  /**
   * Length in tokens to which texts are truncated. Default: `max_seq_length` of sentence_bert_config.json (256 for all-MiniLM-L6-v2, with
   * or without that file), else `model_max_length` of tokenizer_config.json, and never more than the model's positions.
   */
  readonly maxTokens?: number;
  /** Base of a folder with an adapter in place of weights, as `load` takes one; default: what adapter_config.json names. */
  readonly model?: string | FileMap | ModelSource;
  /** How token vectors become a sentence vector; default: 1_Pooling/config.json, else "mean". */
  readonly pooling?: PoolingMode;
  /**
   * Format of the matrices (linear layers and embeddings) in memory: "f32"; "f16" and "bf16", half the memory, rounded if the
   * file has more bits; "q8", about a quarter (groups of 32 signed bytes with a scale); "q4", about a sixth (groups of 32 codes of 4 bits
   * with a scale and a minimum); "auto", as in the file. Arithmetic is float32 in every case. Default: "f32"; for the layers of a language
   * model by size, as in `CausalLanguageModel.load`: "q8" from half a billion parameters, "q4" from a billion.
   */
  readonly weights?: WeightsOption;
  /**
   * Float32 copies of each frozen weight in the matrix product's order: 2 for speed, 1 for less memory, 0 for none. Default: for float32
   * weights (which have no other copy, so 0 means 1 there) 2, for the layers of a language model 1; 0 for other formats.
   */
  readonly packedCopies?: 0 | 1 | 2;
  /** Accept weights that are NaN or infinite; default false: loading throws and names the tensor. */
  readonly allowNonFinite?: boolean | undefined;
  /** The engine, from `createEngine`; default: that of `init`. */
  readonly engine?: Engine;
  /** Cancels the download and the loading: the call rejects with `AbortError` and frees everything. */
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes arrive: first of the download, if any, then of the files as they are read. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** Options of `encode`. */
export interface EncodeOptions extends InferOptions, PromptChoice {
  /**
   * Scale vectors to length 1. Default: what modules.json says; true for all-MiniLM-L6-v2, whose copies often lack that file; false for
   * other models without one, with one warning.
   */
  readonly normalize?: boolean;
  /**
   * Length to which vectors are cut, at most that of a whole one. Cut vectors have length 1 only with `normalize`: true, which scales them
   * after the cut. Default: `truncate_dim` of config_sentence_transformers.json, else the whole vector.
   */
  readonly truncateDim?: number;
  /** Round the inputs of products with "q8" and "q4" weights to bytes, on a GPU that has "shader-f16" to 16 bits; default false. */
  readonly rounded?: boolean;
}
