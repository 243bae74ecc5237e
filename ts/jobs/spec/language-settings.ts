import { resolveLoraOptions } from "../../adapters/lora-options.js";
import { flag } from "../../arguments/settings.js";
import { type WeightsOption, weightsOptions } from "../../models/stored-weights.js";
import { among, type Check, checkFields, textsByName } from "./field-checks.js";
import { checkLength, takeFields } from "./job-spec.js";
import { sharedChecks } from "./settings-check.js";
import { loraOptions, type SharedSettings } from "./training-settings.js";

/** What a language model learns: texts as they are, or what the assistant says in conversations. */
export const languageTasks = ["text", "chat"] as const;

/**
 * Everything that the result of a run on a language model depends on, apart from the files it names. What it shares with a
 * classifier's is as there, but that `validation` is measured by its perplexity and the best step is always kept.
 */
export interface LanguageSettings extends SharedSettings {
  /**
   * "text": rows are `{ text }`, `{ prompt, completion }`, `{ instruction, input, output }` or `{ ids, mask }`, and a text is what they
   * say. "chat": rows are `{ messages }`, `{ conversations }` or `{ instruction, input, output }`, written by the model's chat template.
   */
  readonly task: (typeof languageTasks)[number];
  /** Share of the data that is held out where there is no validation file; null for a tenth, at most about 200 examples; 0 for none. */
  readonly validationSplit: number | null;
  /** What the rows call a field, by its name here, as `fit`'s `fields`: `{ prompt: "question", completion: "answer" }`. */
  readonly fields: Readonly<Record<string, string>>;
  /** How the base is kept in memory, as `CausalLanguageModel.load` has it. */
  readonly weights: WeightsOption;
  /** Compute each layer again for its gradient; "auto": where memory would else be short. */
  readonly checkpointing: boolean | "auto";
  /** Write the adapter as a GGUF LoRA too. */
  readonly gguf: boolean;
}

/** A run on a language model as plain data. All but `task` and `data` has a default. */
export type LanguageJobSpec = Pick<LanguageSettings, "task" | "data"> & Partial<LanguageSettings>;

/** Language model that is taken where none is named. */
export const DEFAULT_LANGUAGE_MODEL = "SmolLM2-135M-Instruct-GGUF";

/** Steps where neither `steps` nor `epochs` says how many: so many passes over the examples, within these ends. */
const [PASSES, LEAST, MOST] = [3, 50, 600];

/** What is held out where nothing is said: a share, of a large file about so many examples. */
export const heldOutTexts = { share: 0.1, most: 200 } as const;

/** What stands for fields that a spec leaves out. */
export const languageDefaults: Omit<LanguageSettings, "task" | "data"> = {
  model: DEFAULT_LANGUAGE_MODEL,
  ...{ validation: null, validationSplit: null, maxTokens: null, fields: {} },
  ...{ steps: null, epochs: null, batchSize: 8, accumulate: 1, evaluateEvery: null, patience: 3 },
  ...{ learningRate: 5e-4, loraPlusRatio: null, warmup: null, schedule: "cosine", weightDecay: 0.01, maxGradNorm: 1 },
  ...{ rank: 16, alpha: 32, targetModules: "all-linear", rslora: false, dora: false, dropout: 0, lora: null },
  ...{ weights: "auto", checkpointing: "auto", gguf: false, seed: 0, build: "auto", threads: "auto" },
};

/** Every field of such a spec. */
export const languageFields: readonly string[] = [...Object.keys(languageDefaults), "task", "data"];

const checks: Readonly<Record<keyof LanguageSettings, Check>> = {
  ...sharedChecks,
  task: among(languageTasks),
  fields: textsByName,
  weights: among(weightsOptions),
  checkpointing: (what, name, value) => (value === "auto" ? value : flag(what, name, value)),
  gguf: flag,
};

/** As `checkSettings`, of such a run. */
export function checkLanguageSettings(
  what: string,
  value: unknown,
  place = "settings",
): asserts value is LanguageSettings {
  checkFields(what, value, place, checks);
  resolveLoraOptions(what, loraOptions(value as unknown as LanguageSettings)!, []);
}

/** As `takeSpec`, of such a run. */
export function takeLanguageSpec(what: string, spec: object): LanguageSettings {
  const given = takeFields(what, spec, languageFields);
  const settings = { ...languageDefaults, ...given };
  checkLanguageSettings(what, settings, "spec");
  checkLength(what, given);
  return settings;
}

/** Optimizer steps of a run that learns from so many examples. */
export function languageSteps({ steps, epochs, batchSize }: LanguageSettings, examples: number): number {
  if (steps !== null) return steps;
  if (epochs !== null) return Math.max(1, Math.round(epochs * Math.floor(examples / Math.min(batchSize, examples))));
  return Math.min(Math.max(Math.round((PASSES * examples) / batchSize), LEAST), MOST);
}

/** How long training lasts, in words. */
export const lengthInWords = `${PASSES} passes, ${LEAST} to ${MOST} steps`;
