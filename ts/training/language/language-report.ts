import type { FitEvaluation, StepRecord } from "../../train/fit-options.js";
import type { ReportedData, ReportedModel, RunReport } from "../result/run-report.js";
import type { LanguageSettings } from "../spec/language-settings.js";
import type { LanguageEstimate } from "./ready-language.js";
import type { TokenCount } from "./tokenized.js";

/** How well a model foretells what is held out. */
export interface HeldOutLoss {
  /** Mean cross entropy of what would be learnt, in nats. */
  readonly loss: number;
  /** e to that. */
  readonly perplexity: number;
}

/** What happened in a run on a language model: report.json. Losses are means in nats over what is learnt, memory is in bytes. */
export interface LanguageReport extends Pick<RunReport, "lowrank" | "created" | "engine"> {
  /** The whole spec. */
  readonly settings: LanguageSettings;
  /** The model that was trained on. */
  readonly model: ReportedModel;
  /** What was learnt from and measured on; null where nothing was held out. */
  readonly data: {
    readonly train: ReportedData & TokenCount;
    readonly validation: (ReportedData & TokenCount) | null;
  };
  /** Numbers that were trained. */
  readonly parameters: { readonly adapter: number };
  /** On what was held out: before training, and with the adapter of the step that is kept; null where nothing was held out. */
  readonly result: { readonly before: HeldOutLoss; readonly after: HeldOutLoss; readonly step: number } | null;
  /** Losses on what was held out by steps done; null where nothing was. */
  readonly evaluation: FitEvaluation | null;
  /** What was foretold before training: seconds and linear memory. */
  readonly estimate: LanguageEstimate;
  /** What training took: steps, tokens, seconds, and the most linear memory ever in use. */
  readonly training: Omit<RunReport["training"], "diverged">;
  /** Every step. */
  readonly steps: readonly StepRecord[];
}
