import type { ReportedData, TaskReport } from "../../training/result/report.js";
import type { LanguageSettings } from "./settings.js";

/** How well a model foretells what is held out. */
export interface HeldOutLoss {
  /** Mean cross entropy of what would be trained on, in nats. */
  readonly loss: number;
  /** e to that. */
  readonly perplexity: number;
}

/** On what was held out: before training, and with the adapter of the step that is kept. */
export interface LanguageResult {
  /** The model as it is. */
  readonly before: HeldOutLoss;
  /** With the adapter. */
  readonly after: HeldOutLoss;
  /** The step that is kept. */
  readonly step: number;
}

/** What happened in a run on a language model: report.json. `result` is null, and there are no metrics, where nothing was held out. */
export interface LanguageReport extends TaskReport<LanguageSettings, LanguageResult | null> {
  readonly data: Omit<TaskReport["data"], "train" | "validation"> & {
    readonly train: CountedData;
    /** Without examples where nothing was held out; null in reports of earlier versions. */
    readonly validation: CountedData;
  };
}

/** A file of examples, with all their tokens, and those that were trained on or measured. */
type CountedData = ReportedData & { readonly tokens: number; readonly targets: number };

/** What a finished run on a language model gives. */
export interface LanguageJobResult {
  /** What happened: report.json. */
  readonly report: LanguageReport;
}
