export type { DataSummary } from "../io/examples/summary/data-summary.js";
export type { AbstentionShare, CalibrationErrors, CalibrationResult } from "../tasks/classify/calibrate.js";
export type { Abstention } from "../tasks/head/classifier-files.js";
export type { HeadComparison, Recommendation } from "../tasks/head/head-comparison.js";
export type {
  Baseline,
  ClassifierResult,
  JobResult,
  RunReport,
  Sample,
  UnseenTexts,
} from "../tasks/classify/report.js";
export type { ClassifierFold, FoldsReport } from "../tasks/classify/classifier-folds.js";
export type { JobSpec, TrainingSettings } from "../tasks/classify/settings.js";
export type { AnyJobSpec, JobSettings, TaskName } from "../tasks/index.js";
export type {
  HeldOutLoss,
  LanguageJobResult,
  LanguageReport,
  LanguageResult,
  LanguageJobSpec,
  LanguageSettings,
} from "../tasks/language/settings.js";
export type {
  PairsJobResult,
  PairsResult,
  PairsYardsticks,
  PairForm,
  PairLoss,
  PairsJobSpec,
  PairsSettings,
} from "../tasks/pairs/settings.js";
export type {
  RankJobResult,
  RankResult,
  RankYardsticks,
  RankJobSpec,
  RankLoss,
  RankSettings,
} from "../tasks/rank/settings.js";
export type { PreferenceMetrics } from "../models/language/training/preference-task.js";
export type {
  PreferenceJobResult,
  PreferenceReport,
  PreferenceResult,
  PreferenceJobSpec,
  PreferenceSettings,
} from "../tasks/preferences/settings.js";
export type {
  MultiLabelBaseline,
  MultiLabelJobResult,
  MultiLabelRunResult,
  MultiLabelSample,
  MultiLabelScores,
  MultiLabelJobSpec,
  MultiLabelSettings,
} from "../tasks/multi-label/settings.js";
export type {
  NumberSample,
  RegressBaseline,
  RegressJobResult,
  RegressJobSpec,
  RegressResult,
  RegressSettings,
} from "../tasks/regress/settings.js";
export type {
  TokenJobSpec,
  TokenSettings,
  TokenBaseline,
  TokenJobResult,
  TokenReport,
  TokenResult,
} from "../tasks/tokens/settings.js";
export type { JobEstimate } from "../training/job-events.js";
export type { JobSeconds } from "../training/job-events.js";
export type { MemoryNeed } from "../training/job-events.js";
export type { FoldResult, FoldSpread } from "../training/folds/fold-kind.js";
export type { TaskFoldsReport } from "../training/folds/fold-files.js";
export type { JobPhase, ReadyPart, PredictedValue, ShownExample, ShownPrediction } from "../training/job-events.js";
export type {
  LabelScores,
  ReportedData,
  ReportedFinalFit,
  ReportedMetric,
  ReportedMetrics,
  ReportedModel,
  TaskReport,
} from "../training/report.js";
export type {
  DataFile,
  FindModelOptions,
  JobModel,
  JobSources,
  ReadDataOptions,
} from "../training/sources/job-sources.js";
export type { KeptSourcesOptions, OwnData } from "../training/sources/own-data.js";
export { keptSources } from "../training/sources/kept-sources.js";
export { memoryStore, type MemoryStore, type RunStore } from "../training/store/run-store.js";
export { opfsStore } from "../training/store/opfs-store.js";
export type { OpfsStore } from "../training/store/opfs-store.js";
export { runFolds } from "./run-folds.js";
export type { AnyFoldsReport } from "./run-folds.js";
export { runJob } from "./run-job.js";
export type { AnyJobResult, JobEvent, JobListener, JobOptions, ReadyJob } from "./run-job.js";
export { runStatus, unfinishedSpec } from "./stored-runs.js";
export type { RunStatus } from "./stored-runs.js";
