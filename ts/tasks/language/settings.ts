import { flag } from "../../arguments/settings.js";
import { weightsOptions } from "../../models/stored-weights.js";
import type { ReportedData, TaskReport } from "../../training/report.js";
import {
  among,
  field,
  requiredField,
  textsByName,
  type ValuesOf,
  withDefaults,
  wordOr,
} from "../../training/spec/field.js";
import type { TaskPlan } from "../../training/spec/run-settings.js";
import { sharedFields } from "../../training/spec/shared-fields.js";

/** Training data of a language model: plain texts, or the assistant's messages in conversations. */
const languageTasks = ["text", "chat"] as const;

/** Language model that is used if a spec names none. */
export const DEFAULT_LANGUAGE_MODEL = "SmolLM2-135M-Instruct-GGUF";

/** Settings of a run on a language model. `validation` is measured by its perplexity, and the best step is always kept. */
export const languageFields = {
  ...withDefaults(sharedFields, {
    model: DEFAULT_LANGUAGE_MODEL,
    validationSplit: null,
    steps: null,
    batchSize: 8,
    patience: 3,
    learningRate: 5e-4,
    rank: 16,
    alpha: 32,
    targetModules: "all-linear",
  }),
  /**
   * "text": rows are `{ text }`, `{ prompt, completion }`, `{ instruction, input, output }` or `{ ids, mask }`, used as they are. "chat":
   * rows are `{ messages }`, `{ conversations }` or `{ instruction, input, output }`, written by the model's chat template.
   */
  task: requiredField(among(languageTasks)),
  /** Names of fields in the rows, by their standard names, as `fields` of `fit`: `{ prompt: "question", completion: "answer" }`. */
  fields: field(textsByName, {}),
  /** How the base is kept in memory, as in `CausalLanguageModel.load`. */
  weights: field(among(weightsOptions), "auto"),
  /** Recompute each layer for its gradient; "auto": only if memory is short. */
  checkpointing: field(wordOr("auto", flag), "auto"),
  /** Write the adapter as a GGUF LoRA too. */
  gguf: field<boolean>(flag, false),
};

/** Everything that the result of a run on a language model depends on, except the files it names. */
export type LanguageSettings = ValuesOf<typeof languageFields>;

/** A run on a language model as plain data. All fields except `task` and `data` have defaults. */
export type LanguageJobSpec = Pick<LanguageSettings, "task" | "data"> & Partial<LanguageSettings>;

/** Defaults of a run on a language model: the validation always chooses the step, and there is no separate test. */
export const languagePlan: TaskPlan = {
  length: { passes: 3, least: 50, most: 600 },
  heldOut: { validation: { share: 0.1, most: 200, least: 1 }, test: null },
  choosesStep: "always",
};

/** How well a model predicts held-out text. */
export interface HeldOutLoss {
  /** Mean cross entropy of the target tokens, in nats. */
  readonly loss: number;
  /** exp(loss) */
  readonly perplexity: number;
}

/** Results on held-out examples: before training, and with the adapter of the kept step. */
export interface LanguageResult {
  /** The base model. */
  readonly before: HeldOutLoss;
  /** Loss with the adapter. */
  readonly after: HeldOutLoss;
  /** The kept step. */
  readonly step: number;
}

/** The report of a run on a language model: report.json. If nothing was held out, `result` is null and there are no metrics. */
export interface LanguageReport extends TaskReport<LanguageSettings, LanguageResult | null> {
  readonly data: Omit<TaskReport["data"], "train" | "validation"> & {
    readonly train: CountedData;
    /** Examples to validate on: none if nothing was held out; null in reports of earlier versions. */
    readonly validation: CountedData;
  };
}

/** A file of examples, with the number of all tokens and of target tokens. */
type CountedData = ReportedData & { readonly tokens: number; readonly targets: number };

/** The result of a finished run on a language model. */
export interface LanguageJobResult {
  /** The report: report.json. */
  readonly report: LanguageReport;
}
