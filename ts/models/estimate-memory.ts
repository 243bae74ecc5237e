import { type LoraOptions, resolveLoraOptions, withCopiedLora } from "../adapters/lora-options.js";
import { checkRecord, flag, oneOf, plainCopy, whole } from "../arguments/settings.js";
import { checkOptions } from "../arguments/options.js";
import { type AdapterConfig, layerScalings, savedWhole, targetTest } from "../io/peft/index.js";
import { isAllLinear } from "../io/peft/targets.js";
import { groupLength, type WeightFormat, weightFormats } from "../ops/product/frozen-weight.js";
import { sizeOf } from "../values/tensor.js";
import { type AdapterStep, adapterStep } from "./adapter-step.js";
import {
  type LinearShape,
  type ModelPlan,
  type NamedShape,
  type StepSize,
  totalWidth,
  widthsOf,
} from "./architecture.js";
import { modelPlan } from "./architectures.js";

/** A table or norm of a model, by its module's path. */
interface OtherModule {
  readonly path: string;
  readonly name: string;
  /** Loaded rows or elements, and the width of a row; null for anything but a table. */
  readonly rows: number;
  readonly width: number | null;
}

/** The parts of a plan that an adapter's size depends on. */
type SizedPlan = Pick<ModelPlan, "config" | "linears" | "tensors">;

/**
 * Number of parameters of a new adapter on a model: factors, magnitudes and biases, modules trained as a whole, and rows of tables, as
 * `createAdapter` makes them.
 */
function adapterSize(plan: SizedPlan, config: AdapterConfig): number {
  const isTarget = targetTest(config);
  const isSaved = savedWhole(config.modulesToSave);
  const scalingOf = layerScalings(config);
  const trainsBias = (adapted: boolean) => config.bias === "all" || (config.bias === "lora_only" && adapted);
  const factors = (path: string, inFeatures: number, outFeatures: number, hasBias: boolean) =>
    scalingOf(path).rank * (inFeatures + outFeatures) +
    (config.useDora ? outFeatures : 0) +
    (config.loraBias && hasBias ? outFeatures : 0);
  let size = 0;
  for (const shape of plan.linears()) {
    const { paths, inFeatures, hasBias = true, output } = shape;
    const widths = widthsOf(shape);
    for (const [part, path] of paths.entries()) {
      const outFeatures = widths[part]!;
      const adapted = isTarget(path) && !(output !== undefined && isAllLinear(config.targetModules));
      const saved = isSaved(path);
      if (adapted) size += factors(path, inFeatures, outFeatures, true);
      if (saved) size += inFeatures * outFeatures;
      if (hasBias && (saved || trainsBias(adapted))) size += outFeatures;
    }
  }
  for (const { path, name, rows, width } of othersOf(plan)) {
    const elements = rows * (width ?? 1);
    if (isSaved(path) || (width === null && config.bias === "all" && name.endsWith(".bias"))) size += elements;
    if (width !== null && !isAllLinear(config.targetModules) && isTarget(path))
      size += factors(path, rows, width, false);
  }
  return size + rowsSize(plan, config);
}

/** What a new adapter on a model adds to a step. */
function stepOfPlan(plan: SizedPlan, config: AdapterConfig): AdapterStep {
  const linears = Array.from(plan.linears(), (shape) => {
    const widths = widthsOf(shape);
    const parts = shape.paths.map((path, i) => ({ path, width: widths[i]! }));
    const { inFeatures, adaptable = true, output } = shape;
    return { inFeatures, outFeatures: totalWidth(shape), adaptable, parts, output };
  });
  const tables = othersOf(plan).flatMap(({ path, width }) => (width === null ? [] : [{ path, width }]));
  return adapterStep(linears, tables, config);
}

function othersOf(plan: SizedPlan): OtherModule[] {
  const linears = new Set<string>();
  for (const { paths, tensors = [] } of plan.linears()) for (const path of [...paths, ...tensors]) linears.add(path);
  const others: OtherModule[] = [];
  for (const { name, shape, rows = shape[0]!, stacked } of plan.tensors()) {
    if (stacked) continue;
    const path = name.slice(0, name.lastIndexOf("."));
    if (!linears.has(path)) others.push({ path, name, rows, width: shape[1] ?? null });
  }
  return others;
}

/** Number of parameters in trained rows of tables; of the word embeddings if none is named. */
function rowsSize(plan: SizedPlan, { trainableTokenIndices: wanted }: AdapterConfig): number {
  if (wanted === null) return 0;
  const tables: Pick<OtherModule, "path" | "rows" | "width">[] = othersOf(plan).filter(({ width }) => width !== null);
  for (const shape of plan.linears())
    if (shape.output !== undefined)
      tables.push({ path: shape.paths[0]!, rows: totalWidth(shape), width: shape.inFeatures });
  const words = tables.find(({ rows }) => rows === plan.config.vocabularySize);
  const lists = wanted instanceof Map ? [...(wanted as ReadonlyMap<string, readonly number[]>)] : null;
  let size = 0;
  for (const [name, { length }] of lists ?? [[words?.path ?? "", wanted as readonly number[]] as const])
    size += length * (tables.find(({ path }) => path === name || path.endsWith(`.${name}`))?.width ?? 0);
  return size;
}

/** Options of `estimateMemory`. */
export interface MemoryOptions {
  /** Maximum number of tokens in a step: the sum of the texts' lengths. */
  readonly tokens: number;
  /** The adapter; null for inference only. Default: rank 8 on query, key and value. */
  readonly lora?: LoraOptions | null;
  /** Format of the weights, with the default of `LoadOptions.weights`; "auto" is refused, because it depends on a file. */
  readonly weights?: WeightFormat;
  /** Number of packed copies of each weight, with the default of `LoadOptions.packedCopies`. */
  readonly packedCopies?: 0 | 1 | 2;
  /** Whether layers are recomputed for their gradients, as with `fit`'s `checkpointing`; default false. */
  readonly checkpointing?: boolean;
  /** Number of last layers of a language model to train, as `fit`'s `layers`; default: all. */
  readonly layers?: number;
}

/** The parts of a model's plan used here. */
export type EstimatedPlan = Omit<ModelPlan, "head" | "load">;

/** Bytes of linear memory, by purpose. */
export interface MemoryEstimate {
  /** The base's weights. */
  readonly weights: number;
  /** Further copies in the matrix product's order. (A float32 weight has no other copy.) */
  readonly packed: number;
  /** The adapter and modules trained as a whole: values, gradients and AdamW's two moments. */
  readonly adapter: number;
  /** Activations kept for the gradient, and gradients in progress. */
  readonly step: number;
  /** Sum of the others. */
  readonly total: number;
}

const FLOAT = 4;
/** Bytes of a group, or of an element, in each format. */
const groupBytes = { f16: 2, bf16: 2, q8: 34, q4: 20 } as const;

/** Number of layers that are checked one by one for adapter targets; no model has a tenth as many. */
const MOST_LAYERS = 10_000;

/**
 * Estimates the linear memory of a sentence encoder and a step, before anything is allocated: `engineInfo().memory.peak` within a tenth. A
 * head's classes and the kernels' scratch memory (0.6 MB for each thread) come on top. `CausalLanguageModel.estimateMemory` estimates a
 * language model that writes text.
 *
 * @param model config.json, parsed, of any model that `SentenceEncoder.load` opens
 * Rejects with `ConfigError` for invalid options, and with `ModelError` or `UnsupportedError` for a model that cannot be loaded.
 */
export async function estimateMemory(model: Record<string, unknown>, options: MemoryOptions): Promise<MemoryEstimate> {
  checkRecord("estimateMemory: a model is its config.json, parsed", model);
  // The plan's code may have to be fetched first; the caller may change both meanwhile.
  const [config, copied] = [plainCopy("estimateMemory", "model", model) as typeof model, withCopiedLora(options)];
  return estimateOf(await modelPlan(config), copied);
}

/** Estimates the memory of a plan of any kind of model. @param formatOf the format of a tensor, if they differ */
export function estimateOf(
  plan: EstimatedPlan,
  options: MemoryOptions,
  formatOf?: (tensor: NamedShape) => WeightFormat,
): MemoryEstimate {
  whole("estimateMemory", "layers", plan.config.layers, 1, MOST_LAYERS);
  checkOptions("estimateMemory", options, ["tokens", "lora", "weights", "packedCopies", "checkpointing", "layers"]);
  const {
    tokens,
    lora = {},
    weights = plan.usualWeights(),
    packedCopies = weights === "f32" ? plan.packedCopies : 0,
    layers,
  } = options;
  if (layers !== undefined) whole("estimateMemory", "layers", layers, 1, plan.config.layers);
  const frozenLayers = plan.config.layers - (layers ?? plan.config.layers);
  const checkpointing = flag("estimateMemory", "checkpointing", options.checkpointing ?? false);
  whole("estimateMemory", "tokens", tokens, 1);
  oneOf("estimateMemory", "weights", weights, weightFormats);
  whole("estimateMemory", "packedCopies", packedCopies, 0, 2);
  const adapted = lora === null ? null : resolveLoraOptions("estimateMemory: lora", lora, plan.targetModules).config;
  // Inference needs no transposed copy.
  const copies = Math.max(0, Math.min(packedCopies, adapted === null ? 1 : 2) - (weights === "f32" ? 1 : 0));
  const estimate = {
    weights: total(plan.tensors(), (tensor) => loadedBytes(tensor, formatOf?.(tensor) ?? weights)),
    packed:
      FLOAT * total(plan.linears(), (shape) => copiesOfWeight(shape, weights, copies) * sizeOfWeight(shape)) +
      FLOAT * copies * total(plan.tensors(), ({ shape, stacked }) => (stacked ? sizeOf(shape) : 0)),
    adapter: adapted === null ? 0 : copiesOf(frozenLayers / plan.config.layers) * FLOAT * adapterSize(plan, adapted),
    step:
      adapted === null ? plan.inferenceMemory(tokens) : stepOf(plan, adapted, { tokens, checkpointing, frozenLayers }),
  };
  return { ...estimate, total: estimate.weights + estimate.packed + estimate.adapter + estimate.step };
}

/** A tied table is kept for look-ups of its rows, and packed in float32 for products. */
const copiesOfWeight = ({ output }: LinearShape, weights: WeightFormat, copies: number) =>
  copies + (output === "tied" && weights === "f32" ? 1 : 0);

const sizeOfWeight = (shape: LinearShape) => shape.inFeatures * totalWidth(shape);

/** A training step, and what creating the adapter keeps on the tape: DoRA's initial magnitudes need as much as the largest step. */
function stepOf(plan: EstimatedPlan, config: AdapterConfig, size: Omit<StepSize, "adapted">): number {
  const adapted = stepOfPlan(plan, config);
  return plan.stepMemory({ ...size, adapted }) + FLOAT * (adapted.norms + 3 * rowsSize(plan, config));
}

/** Copies of an adapter: values, gradients and both moments; for its constant share, values and a step's copies. */
const copiesOf = (frozen: number) => 4 * (1 - frozen) + 2 * frozen;

/** Bytes of a loaded tensor: matrices in the format; vectors, and tensors that are loaded in part or exactly, in float32. */
function loadedBytes(
  { shape, rows = shape[0]!, stacked = false, exact = false }: NamedShape,
  weights: WeightFormat,
): number {
  if (stacked) return shape[0]! * loadedBytes({ name: "", shape: shape.slice(1) }, weights);
  const stored = shape.length === 2 && rows === shape[0] && !exact && weights !== "f32";
  if (!stored) return FLOAT * sizeOf([rows, ...shape.slice(1)]);
  const group = groupLength(weights);
  return rows * Math.ceil(shape[1]! / group) * groupBytes[weights];
}

function total<T>(items: Iterable<T>, size: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += size(item);
  return sum;
}
