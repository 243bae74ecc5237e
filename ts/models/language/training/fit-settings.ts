import { checkOptions, copiedOptions } from "../../../arguments/options.js";
import { flag, whole } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import type { EvaluateEvery, FitOptions } from "../../../train/fit-options.js";
import { FIT_OPTIONS, takeFitOptions } from "../../../train/fit-settings.js";
import { loraPlusRatioOf } from "../../../train/lora-plus-in-order.js";
import type { AdapterStep } from "../../adapter-step.js";
import type { LanguageModelParts } from "../load-language-model.js";
import type { LanguageExample } from "./example-formats.js";
import type { ExampleOptions } from "./training-examples.js";

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
