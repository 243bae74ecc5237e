import { checkOptions } from "../../../arguments/options.js";
import { flag, whole } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import type { EvaluateEvery, FitOptions } from "../../../train/fit-options.js";
import { FIT_OPTIONS, takeFitOptions } from "../../../train/fit-settings.js";
import { loraPlusRatioOf } from "../../../train/lora-plus-in-order.js";
import type { AdapterStep } from "../../adapter-step.js";
import type { LanguageModelParts } from "../load-language-model.js";
import type { LanguageExample } from "./example-formats.js";
import type { ExampleOptions } from "./training-examples.js";

/** How a language model is trained, whatever it learns from. */
export interface LanguageTrainingOptions extends Omit<FitOptions, "evaluate"> {
  /** Name of the adapter that is trained; default the active one. */
  readonly adapter?: string;
  /** Train what the adapter changes in the last so many layers alone; default all. */
  readonly layers?: number;
  /** B's learning rate over A's, as LoRA+ has it (16 in its paper); default 1. */
  readonly loraPlusRatio?: number;
  /**
   * Compute each layer again for its gradient: the same bits in less memory and a third more time. Default "auto": where the largest
   * step would else take more than three quarters of the memory that the engine may still have.
   */
  readonly checkpointing?: boolean | "auto";
}

/** How a language model is trained on examples. */
export interface LanguageFitOptions extends LanguageTrainingOptions, ExampleOptions {
  /** Examples that are not learnt from: their perplexity is measured, and the parameters that give the least are kept. */
  readonly validation?: readonly LanguageExample[];
  /**
   * As `FitOptions.evaluate`. With `validation`, `measure` is by default its perplexity, and `every` a tenth of the steps.
   */
  readonly evaluate?: Partial<EvaluateEvery>;
}

/** Options of training, as it takes them. */
export interface LanguageFitSettings {
  readonly adapter: string | undefined;
  readonly layers: number | undefined;
  readonly loraPlus: (Pick<FitOptions, "learningRate" | "schedule" | "resume"> & { readonly ratio: number }) | null;
  readonly checkpointing: boolean;
}

const OWN = ["adapter", "layers", "loraPlusRatio", "checkpointing"] as const;
const OF_EXAMPLES = ["fields", "maxTokens", "validation"] as const;

/** The options, each read once, inherited ones too. Throws `ConfigError` for unknown names. */
export function readFitOptions<T extends LanguageTrainingOptions>(
  what: string,
  options: T,
  more: readonly string[],
): T {
  checkOptions(what, options, [...FIT_OPTIONS, ...OWN, ...more]);
  const taken: Record<string, unknown> = {};
  for (const name in options) taken[name] = options[name];
  return taken as T;
}

/** `fit`'s options, and what is only said here. Throws `ConfigError` for what makes no sense. */
export function takeLanguageFit(options: LanguageFitOptions) {
  const { fields, maxTokens, validation, evaluate, adapter, layers, loraPlusRatio, checkpointing, ...rest } =
    readFitOptions("fit", options, OF_EXAMPLES);
  if (maxTokens !== undefined) whole("fit", "maxTokens", maxTokens, 2);
  if (evaluate !== undefined) checkOptions("fit: evaluate", evaluate, EVALUATE);
  const reading = { ...(fields !== undefined && { fields }), ...(maxTokens !== undefined && { maxTokens }) };
  return { reading, validation, evaluate, own: { adapter, layers, loraPlusRatio, checkpointing }, rest };
}

const EVALUATE = ["every", "measure", "better", "patience", "minimumChange"];

/** `evaluate` where examples are held out. */
export function evaluateOn(
  evaluate: Partial<EvaluateEvery> | undefined,
  count: number,
  rest: FitOptions,
  perplexity: (() => Promise<number>) | null,
): EvaluateEvery | undefined {
  if (perplexity === null) return evaluate as EvaluateEvery | undefined;
  if (evaluate?.measure !== undefined)
    throw new ConfigError("fit: validation and evaluate.measure both say what is measured; leave one of them out", {
      ...{ op: "fit", option: "validation" },
    });
  const { steps } = takeFitOptions(count, rest);
  return { every: Math.max(1, Math.round(steps / 10)), ...evaluate, measure: perplexity };
}

/** Share of the memory that is left which a step may take before layers are computed again. */
const SHARE = 0.75;

/**
 * What training takes of its options. @param sizes tokens of each example, by which the largest step is found
 * Throws `ConfigError` for what makes no sense.
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
    ...{ adapter, layers },
    loraPlus: loraPlusRatio === undefined ? null : { learningRate, schedule, resume, ratio: loraPlusRatio },
    checkpointing: checkpointing === "auto" ? again() : checkpointing,
  };
}

/** Tokens of the longest `count` examples: no part of a step has more. */
const largestPart = (sizes: readonly number[], count: number) =>
  [...sizes].sort((a, b) => b - a).slice(0, count).reduce((sum, size) => sum + size, 0); // prettier-ignore
