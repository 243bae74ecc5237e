export {
  CausalLanguageModel,
  CrossEncoder,
  predictEach,
  SentenceEncoder,
  TextClassifier,
  TextRegressor,
  TokenClassifier,
} from "./client/encoders.js";
export type { PredictionRequest } from "./client/encoders.js";
export { runFolds, runJob } from "./client/jobs.js";
export { cacheModel, cachedModel, cachedModels, clearCache } from "./client/cached-models.js";
export type { WorkerCachedModel } from "./client/known-objects.js";
export { keptSources, opfsStore, runStatus, unfinishedSpec } from "./client/kept-runs.js";
export type { WorkerSources, WorkerStore } from "./client/kept-runs.js";
export { LowrankWorker } from "./client/living-worker.js";
export { startWorker } from "./client/shared-worker.js";
export type { InWorker } from "./client/shared-worker.js";
export type {
  RemoteClassifier,
  RemoteCrossEncoder,
  RemoteEncoder,
  RemoteLanguageModel,
  RemoteRegressor,
  RemoteSession,
  RemoteTokenClassifier,
  WorkerCrossEncoderOptions,
  WorkerGenerateOptions,
  WorkerFitOptions,
  WorkerJobOptions,
  WorkerLanguageModelOptions,
  WorkerLoadOptions,
  WorkerModel,
  WorkerOpenOptions,
  WorkerOpenRunOptions,
  WorkerOpenTokensOptions,
} from "./client/types.js";
export type { TrustedAddress } from "../engine/trusted-address.js";
export type { WorkerOptions } from "./client/worker-options.js";
export { memoryStore } from "../training/store/run-store.js";
export {
  AbortError,
  AdapterError,
  ConfigError,
  EngineError,
  FormatError,
  LowrankError,
  MemoryError,
  ModelError,
  NonFiniteError,
  QuotaError,
  ShapeError,
  StaleNodeError,
  UnsupportedError,
  WorkerLostError,
} from "../errors/errors.js";
