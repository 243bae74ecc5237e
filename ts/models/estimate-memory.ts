import { checkRecord } from "../arguments/collections.js";
import { type AdapterConfig, targetTest } from "../io/peft/index.js";
import { type BertConfig, bertConfig } from "./bert/config.js";
import { checkOptions } from "../arguments/options.js";
import { type WeightFormat, weightFormats } from "../ops/product/frozen-weight.js";
import { oneOf, whole } from "../arguments/settings.js";
import { type LoraOptions, resolveLoraOptions } from "./lora-options.js";

/** What is going to run. */
export interface MemoryOptions {
  /** Most tokens in one step: the sum of the texts' lengths. */
  readonly tokens: number;
  /** The adapter; null for inference alone. Default rank 8 on query, key, value. */
  readonly lora?: LoraOptions | null;
  /** As `LoadOptions.weights`, without "auto", which a file decides; default "f32". */
  readonly weights?: WeightFormat;
  /** As `LoadOptions.packedCopies`; default 2 for float32 weights, 0 for others. */
  readonly packedCopies?: 0 | 1 | 2;
}

/** Bytes of linear memory, by what holds them. */
export interface MemoryEstimate {
  /** The base as loaded. */
  readonly weights: number;
  /** Further copies in the matrix product's order; a float32 weight is itself kept in it. */
  readonly packed: number;
  /** Adapter: values, gradients and both of AdamW's moments. */
  readonly adapter: number;
  /** Activations kept for the gradient, and the gradients on their way. */
  readonly step: number;
  /** The sum of the others. */
  readonly total: number;
}

const FLOAT = 4;
const HALF = 2;

/** Layers that are looked at one by one, whether the adapter targets them; no model has a tenth as many. */
const MOST_LAYERS = 10_000;

/**
 * Linear memory that a model and a step of it will take, before any is spent: what `engineInfo().memory.peak` comes to,
 * within a tenth. Classes of a head and the kernels' own scratch (0.6 MB a thread) come on top.
 *
 * @param model the model's config.json, parsed
 * @throws `ConfigError` for what makes no sense; `ModelError` or `UnsupportedError` for a model that cannot be loaded
 */
export function estimateMemory(model: Record<string, unknown>, options: MemoryOptions): MemoryEstimate {
  checkRecord("estimateMemory: a model is its config.json, parsed", model);
  const config = bertConfig(model);
  whole("estimateMemory", "num_hidden_layers", config.layers, 1, MOST_LAYERS);
  checkOptions("estimateMemory", options, ["tokens", "lora", "weights", "packedCopies"]);
  const { tokens, lora = {}, weights = "f32", packedCopies = weights === "f32" ? 2 : 0 } = options;
  whole("estimateMemory", "tokens", tokens, 1);
  oneOf("estimateMemory", "weights", weights, weightFormats);
  whole("estimateMemory", "packedCopies", packedCopies, 0, 2);
  const adapted = lora === null ? null : resolveLoraOptions("estimateMemory: lora", lora).config;
  const { hiddenSize: h, intermediateSize: inner, layers } = config;
  const linear = layers * (4 * h * h + 2 * h * inner);
  const small = layers * (9 * h + inner) + 2 * h;
  const embeddings = (config.vocabularySize + config.maxPositions) * h;
  // Inference asks for no transposed copy.
  const copies = Math.max(0, Math.min(packedCopies, adapted === null ? 1 : 2) - (weights === "f32" ? 1 : 0));
  const adapter = adapted === null ? 0 : adapterParameters(config, adapted);
  const estimate = {
    weights: (weights === "f32" ? FLOAT : HALF) * (embeddings + linear) + FLOAT * (small + h),
    packed: FLOAT * linear * copies,
    adapter: FLOAT * adapter * 4,
    step: adapted === null ? FLOAT * tokens * (12 * h + 2 * inner) : stepMemory(config, tokens, adapted.r),
  };
  return { ...estimate, total: estimate.weights + estimate.packed + estimate.adapter + estimate.step };
}

/**
 * Bytes that the tape of one training step takes. A layer keeps q, k, v, their context and six more of the hidden size, the
 * inner layer before and after its activation, and a few numbers a token; going back, the widest gradients that live at
 * once are two inner ones and six hidden ones. A hundredth goes to rounding blocks up.
 */
export function stepMemory(config: BertConfig, tokens: number, rank = 8): number {
  const { hiddenSize: h, intermediateSize: inner, layers, heads } = config;
  const forward = layers * (10 * h + 2 * inner + heads + 4 + 4 * rank) + 5 * h + 4;
  return Math.ceil(1.01 * FLOAT * tokens * (forward + 2 * inner + 6 * h)) + 65_536;
}

function adapterParameters(config: BertConfig, adapter: AdapterConfig): number {
  const isTarget = targetTest(adapter);
  const { hiddenSize: h, intermediateSize: inner } = config;
  let count = 0;
  for (let i = 0; i < config.layers; i++) {
    const at = `encoder.layer.${i}`;
    for (const name of ["query", "key", "value"]) if (isTarget(`${at}.attention.self.${name}`)) count += 2 * h;
    if (isTarget(`${at}.attention.output.dense`)) count += 2 * h;
    if (isTarget(`${at}.intermediate.dense`)) count += h + inner;
    if (isTarget(`${at}.output.dense`)) count += h + inner;
  }
  return count * adapter.r;
}
