import { checkRecord } from "../arguments/collections.js";
import { adapterSize, rowsSize, stepOfPlan } from "./adapter-size.js";
import type { LinearShape, ModelPlan, NamedShape, StepSize } from "./architecture.js";
import { modelPlanNow } from "./all-architectures.js";
import { totalWidth } from "./named-shapes.js";
import { checkOptions } from "../arguments/options.js";
import { flag, oneOf, whole } from "../arguments/settings.js";
import { groupLength, type WeightFormat, weightFormats } from "../ops/product/frozen-weight.js";
import { sizeOf } from "../values/tensor.js";
import type { AdapterConfig } from "../io/peft/index.js";
import { type LoraOptions, resolveLoraOptions } from "../adapters/lora-options.js";

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
  /** Whether layers are computed again for their gradients, as `fit`'s `checkpointing` does; default false. */
  readonly checkpointing?: boolean;
  /** Of a language model: layers that are trained, the last ones, as `fit`'s `layers`; default all. */
  readonly layers?: number;
}

/** What is looked at of a model's plan. */
export type EstimatedPlan = Omit<ModelPlan, "head" | "load">;

/** Bytes of linear memory, by what holds them. */
export interface MemoryEstimate {
  /** The base as loaded. */
  readonly weights: number;
  /** Further copies in the matrix product's order; a float32 weight is itself kept in it. */
  readonly packed: number;
  /** Adapter, with what it trains as a whole: values, gradients and both of AdamW's moments. */
  readonly adapter: number;
  /** Activations kept for the gradient, and the gradients on their way. */
  readonly step: number;
  /** The sum of the others. */
  readonly total: number;
}

const FLOAT = 4;
/** Bytes of a group of each format, or of an element. */
const groupBytes = { f16: 2, bf16: 2, q8: 34, q4: 20 } as const;

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
  return estimateOf(modelPlanNow(model), options);
}

/** The same of a plan, whatever kind of model it is of. @param formatOf the format of a tensor, where they have several */
export function estimateOf(
  plan: EstimatedPlan,
  options: MemoryOptions,
  mostCopies: 1 | 2 = 2,
  formatOf?: (tensor: string) => WeightFormat,
): MemoryEstimate {
  whole("estimateMemory", "layers", plan.config.layers, 1, MOST_LAYERS);
  checkOptions("estimateMemory", options, ["tokens", "lora", "weights", "packedCopies", "checkpointing", "layers"]);
  const { tokens, lora = {}, weights = "f32", packedCopies = weights === "f32" ? mostCopies : 0, layers } = options;
  if (layers !== undefined) whole("estimateMemory", "layers", layers, 1, plan.config.layers);
  const frozenLayers = plan.config.layers - (layers ?? plan.config.layers);
  const checkpointing = flag("estimateMemory", "checkpointing", options.checkpointing ?? false);
  whole("estimateMemory", "tokens", tokens, 1);
  oneOf("estimateMemory", "weights", weights, weightFormats);
  whole("estimateMemory", "packedCopies", packedCopies, 0, 2);
  const adapted = lora === null ? null : resolveLoraOptions("estimateMemory: lora", lora, plan.targetModules).config;
  // Inference asks for no transposed copy.
  const copies = Math.max(0, Math.min(packedCopies, adapted === null ? 1 : 2) - (weights === "f32" ? 1 : 0));
  const estimate = {
    weights: total(plan.tensors(), (tensor) => loadedBytes(tensor, formatOf?.(tensor.name) ?? weights)),
    packed: FLOAT * total(plan.linears(), (shape) => copiesOfWeight(shape, weights, copies) * sizeOfWeight(shape)),
    adapter: adapted === null ? 0 : copiesOf(frozenLayers / plan.config.layers) * FLOAT * adapterSize(plan, adapted),
    step:
      adapted === null ? plan.inferenceMemory(tokens) : stepOf(plan, adapted, { tokens, checkpointing, frozenLayers }),
  };
  return { ...estimate, total: estimate.weights + estimate.packed + estimate.adapter + estimate.step };
}

/** A table that is the output layer too is kept as its rows are looked up, and in float32 packed for the products beside. */
const copiesOfWeight = ({ output }: LinearShape, weights: WeightFormat, copies: number) =>
  copies + (output === "tied" && weights === "f32" ? 1 : 0);

const sizeOfWeight = (shape: LinearShape) => shape.inFeatures * totalWidth(shape);

/** A step of training, and what the tape keeps of making the adapter: DoRA's first magnitudes are computed in as much as a step's largest. */
function stepOf(plan: EstimatedPlan, config: AdapterConfig, size: Omit<StepSize, "adapted">): number {
  const adapted = stepOfPlan(plan, config);
  return plan.stepMemory({ ...size, adapted }) + FLOAT * (adapted.norms + 3 * rowsSize(plan, config));
}

/** Copies of an adapter: values, gradients and both moments; of the share that stays as it is, values and what a step has of them. */
const copiesOf = (frozen: number) => 4 * (1 - frozen) + 2 * frozen;

/** Bytes of a tensor as loaded: matrices in the format, what is one-dimensional or taken in part in float32. */
function loadedBytes({ shape, rows = shape[0]! }: NamedShape, weights: WeightFormat): number {
  const stored = shape.length === 2 && rows === shape[0] && weights !== "f32";
  if (!stored) return FLOAT * sizeOf([rows, ...shape.slice(1)]);
  const group = groupLength(weights);
  return rows * Math.ceil(shape[1]! / group) * groupBytes[weights];
}

function total<T>(items: Iterable<T>, size: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += size(item);
  return sum;
}
