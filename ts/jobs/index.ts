export type { DataSummary } from "../io/examples/summary/index.js";
export type { AbstentionShare, CalibrationErrors, CalibrationResult } from "../tasks/classify/calibrate.js";
export type { Abstention } from "../tasks/head/labels-file.js";
export type { Baseline } from "../tasks/classify/baseline.js";
export type { HeadComparison, Recommendation } from "../tasks/head/head-comparison.js";
export type { Sample, UnseenTexts, ClassifierResult, JobResult, RunReport } from "../tasks/classify/report.js";
export type { ClassifierFold, FoldsReport } from "../tasks/classify/folds/classifier-folds.js";
export type { JobSpec, TrainingSettings } from "../tasks/classify/settings.js";
export type { AnyJobSpec, JobSettings, TaskName } from "../tasks/index.js";
export type {
  HeldOutLoss,
  LanguageJobResult,
  LanguageReport,
  LanguageResult,
} from "../tasks/language/language-report.js";
export type { LanguageJobSpec, LanguageSettings } from "../tasks/language/settings.js";
export type { PairsJobResult, PairsResult, PairsYardsticks } from "../tasks/pairs/report.js";
export type { PairForm, PairLoss, PairsJobSpec, PairsSettings } from "../tasks/pairs/settings.js";
export type { RankJobResult, RankResult, RankYardsticks } from "../tasks/rank/report.js";
export type { RankJobSpec, RankLoss, RankSettings } from "../tasks/rank/settings.js";
export type {
  PreferenceJobResult,
  PreferenceMetrics,
  PreferenceReport,
  PreferenceResult,
} from "../tasks/preferences/preference-report.js";
export type { PreferenceJobSpec, PreferenceSettings } from "../tasks/preferences/settings.js";
export type {
  MultiLabelBaseline,
  MultiLabelJobResult,
  MultiLabelRunResult,
  MultiLabelSample,
  MultiLabelScores,
} from "../tasks/multi-label/report.js";
export type { MultiLabelJobSpec, MultiLabelSettings } from "../tasks/multi-label/settings.js";
export type { NumberSample, RegressBaseline, RegressJobResult, RegressResult } from "../tasks/regress/regress-model.js";
export type { RegressJobSpec, RegressSettings } from "../tasks/regress/settings.js";
export type { TokenJobSpec, TokenSettings } from "../tasks/tokens/settings.js";
export type { TokenBaseline, TokenJobResult, TokenReport, TokenResult } from "../tasks/tokens/token-report.js";
export type { JobEstimate } from "../training/estimate/job-seconds.js";
export type { JobSeconds } from "../training/estimate/job-seconds.js";
export type { MemoryNeed } from "../training/estimate/job-seconds.js";
export type { FoldResult, FoldSpread } from "../training/folds/fold-kind.js";
export type { TaskFoldsReport } from "../training/folds/folds-report.js";
export type { JobPhase, ReadyPart, PredictedValue, ShownExample, ShownPrediction } from "../training/job-events.js";
export type {
  LabelScores,
  ReportedData,
  ReportedFinalFit,
  ReportedMetric,
  ReportedMetrics,
  ReportedModel,
  TaskReport,
} from "../training/result/report.js";
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
