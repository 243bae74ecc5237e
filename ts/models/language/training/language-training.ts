import type { AppliedAdapter } from "../../../adapters/adapter-parts.js";
import type { AdapterSet } from "../../../adapters/adapter-set.js";
import type { ModelAdapter } from "../../../adapters/model-adapter.js";
import { checkOptions, copiedOptions } from "../../../arguments/options.js";
import { flag, whole } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { Graph, NodeId } from "../../../graph/graph.js";
import {
  type EvaluateEvery,
  FIT_OPTIONS,
  type FitOptions,
  loraPlusInOrder,
  loraPlusRatioOf,
  takeFitOptions,
} from "../../../train/fit-options.js";
import type { BatchLoss, Task } from "../../../train/task.js";
import { type AdapterStep, stepOfAdapter } from "../../adapter-step.js";
import type { Decoder } from "../../decoder/decoder.js";
import { raggedBatch } from "../../ragged-batch.js";
import type { LanguageModelParts } from "../load-language-model.js";
import { completionLoss, targetsOf } from "./measure.js";
import type { LanguageExample } from "./example-formats.js";
import type { ExampleOptions, TrainingTokens } from "./training-examples.js";

/** The part of an adapter that is trained, while the rest is constant. */
interface TrainedPart {
  readonly graph: Graph;
  /** Trained layers, by module path. */
  readonly layers: AppliedAdapter["layers"];
  /** Trained tensors that replace the base's, by the base's names. */
  readonly whole: AppliedAdapter["whole"];
  /** The trained parameters, in the adapter's order. */
  params(): NodeId[];
  /** The whole adapter in a step of the graph; the rest of it is constant. */
  applied(): AppliedAdapter;
}

/**
 * The part of an adapter that changes certain modules. Rows of tables are never in it.
 * @param isTrained whether a module is one of them, by its path
 */
function trainedPart(adapter: ModelAdapter, isTrained: (path: string) => boolean): TrainedPart {
  const { place } = adapter.snapshot();
  const only = <T>(own: ReadonlyMap<string, T>) => new Map([...own].filter(([path]) => isTrained(path)));
  const others = new Set(
    [...adapter.layers].flatMap(([path, { loraA, loraB, magnitude, bias }]) =>
      isTrained(path) ? [] : [loraA, loraB, magnitude, bias],
    ),
  );
  for (const [name, { node }] of adapter.whole) if (!isTrained(name)) others.add(node);
  for (const { rows } of adapter.tokens.values()) others.add(rows);
  return {
    graph: adapter.graph,
    layers: only(adapter.layers),
    whole: only(adapter.whole),
    params: () => adapter.params().filter((id) => !others.has(id)),
    applied() {
      const { config, layers, whole, tokens } = place();
      return {
        config,
        tokens,
        layers: new Map([...layers, ...only(adapter.layers)]),
        whole: new Map([...whole, ...only(adapter.whole)]),
      };
    },
  };
}

/** The part of a language model's adapter that is trained. */
interface Trained extends TrainedPart {
  /** Number of layers below the first trained one: no gradient goes through them. */
  readonly frozenLayers: number;
}

/**
 * The whole adapter, or what it changes in the model's last `count` layers and the output layer. Throws `ConfigError` if that is nothing.
 */
export function lastLayers(
  adapter: ModelAdapter,
  { config: { layers }, output }: Pick<Decoder, "config" | "output">,
  count: number | undefined,
): Trained {
  if (count === undefined) {
    const { graph, layers: own, whole: tensors } = adapter;
    return {
      graph,
      layers: own,
      whole: tensors,
      params: () => adapter.params(),
      applied: () => adapter,
      frozenLayers: 0,
    };
  }
  const frozenLayers = layers - whole("fit", "layers", count, 1, layers);
  // The first number in a path is the layer's index.
  const layerOf = (path: string) => Number(/(?:^|\.)(\d+)\./.exec(path)?.[1] ?? -1);
  const isOutput = (path: string) => path === output.path || path.startsWith(`${output.path}.`);
  const part = trainedPart(adapter, (path) => isOutput(path) || layerOf(path) >= frozenLayers);
  if (part.params().length > 0) return { ...part, frozenLayers };
  throw new ConfigError(`fit: adapter ${excerpt(adapter.name)} changes none of the last ${count} layers`, {
    op: "fit",
    option: "layers",
    value: count,
    name: adapter.name,
  });
}

type Parts = Pick<LanguageModelParts, "graph" | "model"> & { readonly adapterSet: AdapterSet };

/** How a batch is recorded. */
export interface Recording {
  readonly checkpointing: boolean;
  readonly frozenLayers?: number;
}

/** Training of an adapter on examples' targets. */
export function languageTask(
  parts: Parts,
  adapter: ModelAdapter,
  settings: Pick<LanguageFitSettings, "checkpointing" | "layers" | "loraPlus">,
): Task<TrainingTokens> {
  const { graph, model, adapterSet } = parts;
  const trained = lastLayers(adapter, model, settings.layers);
  const { frozenLayers } = trained;
  const { checkpointing } = settings;
  return {
    graph,
    ...parametersOf(trained, settings.loraPlus),
    loss(examples) {
      adapterSet.checkTrainable(adapter);
      return lossOf(parts, trained.applied(), examples, { checkpointing, frozenLayers });
    },
    memory: (examples) => {
      const tokens = examples.reduce((sum, { ids }) => sum + ids.length, 0);
      return model.stepMemory({ tokens, adapted: stepOfAdapter(model, adapter.config), checkpointing, frozenLayers });
    },
  };
}

/** The trained parameters, in groups if B has its own learning rate. */
export const parametersOf = (
  trained: Trained,
  loraPlus: LanguageFitSettings["loraPlus"],
): Pick<Task<never>, "params" | "groups"> => ({
  params: () => trained.params(),
  ...(loraPlus !== null && { groups: () => loraPlusInOrder(trained, loraPlus.ratio, loraPlus) }),
});

/** The sum of the targets' cross entropies, recorded. @internal exported for its tests */
export function lossOf(
  { graph, model }: Pick<Parts, "graph" | "model">,
  adapter: AppliedAdapter | null,
  examples: readonly TrainingTokens[],
  recording: Recording,
): BatchLoss {
  const batch = raggedBatch(examples.map(({ ids }) => ids));
  const selection = adapter === null ? [] : [{ adapter }];
  const hidden = model.forward(batch, selection, recording);
  const targets = targetsOf(examples, batch.offsets);
  const sum = completionLoss(graph, model, hidden, targets, selection);
  return { sum, targets: targets.rows.length, tokens: batch.ids.length };
}

/** Options of every training of a language model. */
export interface LanguageTrainingOptions extends Omit<FitOptions, "evaluate"> {
  /** Name of the adapter to train; default: the active one. */
  readonly adapter?: string;
  /** Train only the last so many layers of the adapter; default: all. */
  readonly layers?: number;
  /** Ratio of B's learning rate to A's (LoRA+; 16 in its paper); default 1. */
  readonly loraPlusRatio?: number;
  /**
   * Recompute each layer for its gradient: the same bits with less memory, in a third more time. "auto" (default): if the largest step
   * would need more than three quarters of the engine's remaining memory.
   */
  readonly checkpointing?: boolean | "auto";
}

/** Options of `CausalLanguageModel.fit`. */
export interface LanguageFitOptions extends LanguageTrainingOptions, ExampleOptions {
  /** Examples that are not trained on: their perplexity is measured, and the parameters with the lowest are kept. */
  readonly validation?: readonly LanguageExample[];
  /**
   * When to measure; see `FitOptions.evaluate`. With `validation`, `measure` defaults to its perplexity and `every` to a tenth of the steps.
   */
  readonly evaluate?: Partial<EvaluateEvery>;
}

/** The training options, checked. */
export interface LanguageFitSettings {
  readonly adapter: string | undefined;
  readonly layers: number | undefined;
  readonly loraPlus: (Pick<FitOptions, "learningRate" | "schedule" | "resume"> & { readonly ratio: number }) | null;
  readonly checkpointing: boolean;
}

const OWN = ["adapter", "layers", "loraPlusRatio", "checkpointing"] as const;
const OF_EXAMPLES = ["fields", "maxTokens", "validation"] as const;

/** The options, inherited ones too. Throws `ConfigError` for unknown names. */
export function readFitOptions<T extends LanguageTrainingOptions>(
  what: string,
  options: T,
  more: readonly string[],
): T {
  checkOptions(what, options, [...FIT_OPTIONS, ...OWN, ...more]);
  return copiedOptions(options);
}

/** `fit`'s options and those of a language model. Throws `ConfigError` for invalid ones. */
export function takeLanguageFit(options: LanguageFitOptions) {
  const { fields, maxTokens, validation, evaluate, adapter, layers, loraPlusRatio, checkpointing, ...rest } =
    readFitOptions("fit", options, OF_EXAMPLES);
  if (maxTokens !== undefined) whole("fit", "maxTokens", maxTokens, 2);
  const reading = { ...(fields !== undefined && { fields }), ...(maxTokens !== undefined && { maxTokens }) };
  return { reading, validation, evaluate, own: { adapter, layers, loraPlusRatio, checkpointing }, rest };
}

const EVALUATE = ["every", "measure", "better", "patience", "minimumChange"];

/**
 * `evaluate` for validation examples. Throws `ConfigError` for unknown names, and for two measures.
 * @param measure of the validation; null without one
 */
export function evaluateOn(
  what: string,
  evaluate: Partial<EvaluateEvery> | undefined,
  count: number,
  rest: FitOptions,
  measure: (() => Promise<number>) | null,
  better: "lower" | "higher",
): EvaluateEvery | undefined {
  if (evaluate !== undefined) checkOptions(`${what}: evaluate`, evaluate, EVALUATE);
  if (measure === null) return evaluate as EvaluateEvery | undefined;
  if (evaluate?.measure !== undefined)
    throw new ConfigError(`${what}: validation and evaluate.measure both say what is measured; leave one of them out`, {
      op: what,
      option: "validation",
    });
  const { steps } = takeFitOptions(count, rest);
  return { every: Math.max(1, Math.round(steps / 10)), better, ...evaluate, measure };
}

/** Share of the remaining memory that a step may need before layers are recomputed. */
const SHARE = 0.75;

/**
 * Resolves the options. @param sizes tokens of each example, to find the largest step
 * Throws `ConfigError` for invalid ones.
 */
export function settingsOf(
  { graph, model }: Pick<LanguageModelParts, "graph" | "model">,
  { adapter, layers, loraPlusRatio, checkpointing = "auto" }: Pick<LanguageTrainingOptions, (typeof OWN)[number]>,
  rest: FitOptions,
  sizes: readonly number[],
  adapted: AdapterStep,
): LanguageFitSettings {
  if (layers !== undefined) whole("fit", "layers", layers, 1, model.config.layers);
  if (loraPlusRatio !== undefined) loraPlusRatioOf(loraPlusRatio, rest);
  if (checkpointing !== "auto") flag("fit", 'checkpointing, where it is not "auto",', checkpointing);
  const { batchSize, accumulate, learningRate } = takeFitOptions(sizes.length, rest);
  const tokens = largestPart(sizes, Math.ceil(batchSize / accumulate));
  const { used, maximum } = graph.engine.info.memory;
  const frozenLayers = model.config.layers - (layers ?? model.config.layers);
  const again = () => model.stepMemory({ tokens, adapted, frozenLayers }) > SHARE * (maximum - used);
  const { schedule, resume } = rest;
  return {
    adapter,
    layers,
    loraPlus: loraPlusRatio === undefined ? null : { learningRate, schedule, resume, ratio: loraPlusRatio },
    checkpointing: checkpointing === "auto" ? again() : checkpointing,
  };
}

/** Tokens of the longest `count` examples: no micro-batch has more. */
const largestPart = (sizes: readonly number[], count: number) =>
  [...sizes].sort((a, b) => b - a).slice(0, count).reduce((sum, size) => sum + size, 0); // prettier-ignore
