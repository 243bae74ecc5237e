export type { DataSummary } from "../io/examples/summary/index.js";
export type { JobEvent, JobListener, JobPhase, ReadyJob } from "../training/job-events.js";
export type {
  DataFile,
  FindModelOptions,
  JobModel,
  JobSources,
  ReadDataOptions,
} from "../training/sources/job-sources.js";
export type { JobSpec } from "../training/spec/training-settings.js";
export type { LanguageJobSpec, LanguageSettings } from "../training/spec/language-settings.js";
export type { TokenJobSpec, TokenSettings } from "../training/spec/token-settings.js";
export type { ReadyTokenJob, TokenPart } from "../training/tokens/ready-tokens.js";
export type { TokenBaseline, TokenReport } from "../training/tokens/token-report.js";
export type { HeldOutLoss, LanguageReport } from "../training/language/language-report.js";
export type { LanguageEstimate, LanguagePart, ReadyLanguageJob } from "../training/language/ready-language.js";
export type { TokenCount } from "../training/language/tokenized.js";
export type { JobEstimate } from "../training/estimate/job-estimate.js";
export type { MemoryNeed } from "../training/estimate/memory-need.js";
export { memoryStore } from "../training/store/memory-store.js";
export type { MemoryStore } from "../training/store/memory-store.js";
export { opfsStore } from "../training/store/opfs-store.js";
export type { OpfsStore } from "../training/store/opfs-store.js";
export { keptSources } from "../training/sources/kept-sources.js";
export type { KeptSourcesOptions, OwnData } from "../training/sources/own-data.js";
export { runFolds } from "../training/folds/run-folds.js";
export type { FoldResult, FoldsReport, FoldSpread } from "../training/folds/folds-report.js";
export { runJob, unfinishedSpec } from "../training/run-job.js";
export type { AnyJobResult, JobOptions, JobResult, LanguageJobResult, TokenJobResult } from "../training/run-job.js";
export type { ReportedData, ReportedModel, RunReport } from "../training/result/run-report.js";
export { runStatus } from "../training/store/run-status.js";
export type { RunStatus } from "../training/store/run-status.js";
export type { RunStore } from "../training/store/run-store.js";
export type { Sample } from "../training/result/sample-predictions.js";
export type { Recommendation } from "../training/result/recommendation.js";
export type { UnseenTexts } from "../training/result/unseen-texts.js";
export type { Baseline } from "../training/result/baseline.js";
export type { TrainingSettings } from "../training/spec/training-settings.js";
