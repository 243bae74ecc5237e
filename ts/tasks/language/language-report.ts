import type { ReportedData, TaskReport } from "../../training/result/report.js";
import type { LanguageSettings } from "./settings.js";

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
