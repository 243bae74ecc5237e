import { checkRecord } from "../collections.js";
import { type AdapterConfig, targetTest } from "../io/peft/index.js";
import type { ModelPlan } from "./architecture.js";
import { modelPlan } from "./architectures.js";
import { checkOptions } from "../options.js";
import { whole } from "../settings.js";
import { sizeOf } from "../tensor.js";
import { type LoraOptions, resolveLoraOptions } from "./lora-options.js";

/** What is going to run. */
export interface MemoryOptions {
  /** Most tokens in one step: the sum of the texts' lengths. */
  readonly tokens: number;
  /** The adapter; null for inference alone. Default rank 8 on query, key, value. */
  readonly lora?: LoraOptions | null;
  /** As `LoadOptions.packedCopies`; default 2. */
  readonly packedCopies?: 1 | 2;
}

/** Bytes of linear memory, by what holds them. */
export interface MemoryEstimate {
  /** The base as loaded. */
  readonly weights: number;
  /** Its copies in the matrix product's order. */
  readonly packed: number;
  /** Adapter: values, gradients and both of AdamW's moments. */
  readonly adapter: number;
  /** Activations kept for the gradient, and the gradients on their way. */
  readonly step: number;
  /** The sum of the others. */
  readonly total: number;
}

const FLOAT = 4;

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
  const plan = modelPlan(model);
  whole("estimateMemory", "layers", plan.config.layers, 1, MOST_LAYERS);
  checkOptions("estimateMemory", options, ["tokens", "lora", "packedCopies"]);
  const { tokens, lora = {}, packedCopies = 2 } = options;
  whole("estimateMemory", "tokens", tokens, 1);
  whole("estimateMemory", "packedCopies", packedCopies, 1, 2);
  const adapted = lora === null ? null : resolveLoraOptions("estimateMemory: lora", lora, plan.targetModules).config;
  const estimate = {
    weights: FLOAT * total(plan.tensors(), ({ shape, rows = shape[0]! }) => sizeOf([rows, ...shape.slice(1)])),
    packed:
      FLOAT *
      total(plan.linears(), ({ paths, inFeatures, outFeatures }) => paths.length * inFeatures * outFeatures) *
      (adapted === null ? 1 : packedCopies),
    adapter: adapted === null ? 0 : 4 * FLOAT * adapterParameters(plan, adapted),
    step: adapted === null ? plan.inferenceMemory(tokens) : plan.stepMemory({ tokens, rank: adapted.r }),
  };
  return { ...estimate, total: estimate.weights + estimate.packed + estimate.adapter + estimate.step };
}

function adapterParameters(plan: ModelPlan, adapter: AdapterConfig): number {
  const isTarget = targetTest(adapter);
  const features = total(
    plan.linears(),
    ({ paths, inFeatures, outFeatures }) => paths.filter(isTarget).length * (inFeatures + outFeatures),
  );
  return features * adapter.r;
}

function total<T>(items: Iterable<T>, size: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += size(item);
  return sum;
}
