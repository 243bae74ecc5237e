export { createEngine, engineInfo, init } from "./engine/engine.js";
export type { Engine, EngineInfo } from "./engine/running.js";
export type { InitOptions } from "./engine/options.js";
export type { Features } from "./engine/features.js";
export type { TrustedAddress } from "./engine/trusted-address.js";
export type { WorkerLike, WorkerSource } from "./engine/worker-source.js";
export type { Build, WasmSource } from "./engine/source.js";
export type { Tile } from "./engine/tile.js";

export { Graph } from "./graph/graph.js";
export type { NodeId } from "./graph/node.js";
export type { Mark } from "./graph/steps.js";
export type { GraphOptions } from "./graph/tape.js";
export { tensor, zeros } from "./values/tensor.js";
export type { Tensor } from "./values/tensor.js";

export {
  gaussianInit,
  kaimingInit,
  type LoraInit,
  type LoraShape,
  type LoraConfig,
  type ResolvedLoraConfig,
  orthogonalInit,
  randomInit,
} from "./nn/lora-config.js";
export { embeddingInit, LoraEmbedding } from "./nn/lora-embedding.js";
export { LoraLinear } from "./nn/lora-linear.js";
export { normal, uniform } from "./nn/random.js";

export {
  Adam,
  AdamW,
  type AdamWOptions,
  Adagrad,
  RMSprop,
  type AdagradOptions,
  type RMSpropOptions,
  SGD,
  type SGDOptions,
} from "./optim/algorithms.js";
export { clipGradNorm, clipGradNormLater, clipGradValue, gradNorm } from "./optim/clipping.js";
export type { OptimizerState, ParameterGroup } from "./optim/optimizer.js";
export { loraPlusGroups } from "./optim/lora-plus.js";
export type { LoraFactors, LoraPlusOptions } from "./optim/lora-plus.js";
export {
  cosineAnnealingSchedule,
  cosineRestartsSchedule,
  exponentialSchedule,
  inverseSqrtSchedule,
  oneCycleSchedule,
  polynomialSchedule,
  stepSchedule,
  type CosineAnnealingOptions,
  type CosineRestartsOptions,
  type ExponentialOptions,
  type InverseSqrtOptions,
  type OneCycleOptions,
  type PolynomialOptions,
  type StepScheduleOptions,
  constantSchedule,
  cosineSchedule,
  linearSchedule,
  type Schedule,
  type ScheduleOptions,
} from "./optim/schedules.js";

export { quantizeVectors } from "./search/vector-formats.js";
export { SearchIndex } from "./search/search-index.js";
export type { IndexFileSource, Similarity } from "./search/index-file.js";
export type { IndexFormat, VectorPrecision, VectorRanges } from "./search/vector-formats.js";
export type { SearchHit, SearchIndexOptions, SearchOptions } from "./search/search-index.js";
export type { VectorId } from "./search/id-table.js";
export type { Vectors } from "./search/vector-list.js";
export { setModelLocator } from "./io/model-locator.js";
export type { ModelSource, LoadProgress } from "./io/model-source.js";
export { ggufSource } from "./models/gguf/index.js";
export { estimateMemory, type MemoryEstimate, type MemoryOptions } from "./models/estimate-memory.js";
export type { LoraInitName, LoraOptions } from "./adapters/lora-options.js";
export type { WeightedAdapterOptions } from "./adapters/weighted-options.js";
export { predictEach, type PredictionFor, type PredictionRequest } from "./tasks/head/predict-each.js";
export { SentenceEncoder } from "./models/sentence/sentence-encoder.js";
export {
  type Judge,
  type MinedExample,
  type MinedPair,
  type MiningOptions,
  type VectorSource,
} from "./models/sentence/mining/mining-options.js";
export { mineHardNegatives } from "./models/sentence/mining/mine-hard-negatives.js";
export type { SaveEncoderOptions } from "./models/sentence/saved-encoder.js";
export { CausalLanguageModel } from "./models/language/causal-language-model.js";
export type { ChatTemplateOptions } from "./models/language/chat-template.js";
export type { ChatAnswer } from "./models/language/language-calls.js";
export type {
  ChatMessage,
  ToolCall,
  ToolCallPiece,
  Tool,
  ToolChoice,
  ToolOptions,
} from "./models/language/tools/tool-options.js";
export type { LogitsOptions, CompletionScore, Perplexity, PerplexityOptions } from "./models/language/scoring.js";
export type { GenerationRequestOptions, Prompt } from "./models/language/generate-options.js";
export type { BatchToken } from "./models/language/generate.js";
export type { GenerationSession } from "./models/language/generation-session.js";
export type { GeneratedToken, GenerationEnd } from "./models/language/sequence.js";
export type { GenerateOptions } from "./models/language/generate-options.js";
export type { TextFormat } from "./constraint/text-format.js";
export type { LanguageMemoryOptions } from "./models/language/estimate.js";
export type { LanguageModelOptions } from "./models/language/load-language-model.js";
export type {
  Completion,
  Conversation,
  ExampleFields,
  Instruction,
  LanguageExample,
  MaskedTokens,
  PlainText,
  SharedConversation,
} from "./models/language/training/example-formats.js";
export type { LanguageEvaluateOptions } from "./models/language/training/fit-language.js";
export type { LanguageFitOptions, LanguageTrainingOptions } from "./models/language/training/language-training.js";
export type { LanguageMetrics } from "./models/language/training/measure.js";
export type { PreferenceLossName } from "./models/language/training/preference-losses.js";
export type { LabelledAnswer, Preference } from "./models/language/training/preference-rows.js";
export type { PreferenceFitOptions, PreferenceLossOptions } from "./models/language/training/preferences.js";
export type { ExampleOptions } from "./models/language/training/training-examples.js";
export type { LoadOptions } from "./models/sentence/encoder-options.js";
export type { WeightsOption } from "./models/stored-weights.js";
export {
  TextClassifier,
  type ClassifierExample,
  type ClassifierMetrics,
  type ClassifierPrediction,
} from "./tasks/classify/text-classifier.js";
export { CrossEncoder } from "./tasks/cross/cross-encoder.js";
export type {
  CrossActivation,
  CrossCallOptions,
  CrossEncoderOptions,
  LoadCrossEncoderOptions,
  PredictPairsOptions,
  RankedText,
  RankOptions,
  SaveCrossEncoderOptions,
} from "./tasks/cross/cross-options.js";
export type {
  CrossExample,
  CrossFitOptions,
  ListExample,
  PairExample,
  PositiveExample,
} from "./tasks/cross/cross-examples.js";
export { type NumberExample, TextRegressor } from "./tasks/regress/text-regressor.js";
export { TokenClassifier } from "./tasks/tokens/token-classifier.js";
export type { LabelledSpans, LabelledWords, TokenExample } from "./tasks/tokens/token-examples.js";
export type { TokenMetrics, TokenSpan } from "./tasks/tokens/token-spans.js";
export type {
  OpenTokenClassifierOptions,
  TokenClassifierOptions,
  TokenClassifyOptions,
  TokenEvaluateOptions,
  TokenFitHeadOptions,
  TokenFitOptions,
} from "./tasks/tokens/token-parts.js";
export type { EntityMetrics, EntityScores } from "./train/metrics/entities.js";
export type { ClassWeights } from "./tasks/head/class-weights.js";
export type { ClassifierFitOptions } from "./tasks/head/classifier-training.js";
export type { FitHeadOptions, FitHeadProgress, FitHeadReport } from "./tasks/head/fit-head.js";
export type {
  ClassifierOptions,
  EvaluateOptions,
  LoadClassifierOptions,
  MultiLabelClassifierOptions,
  OpenClassifierOptions,
  OpenRunOptions,
} from "./tasks/head/classifier-parts.js";
export type { MultiLabelPrediction, Prediction } from "./tasks/head/prediction.js";
export type { MultiLabelExample } from "./tasks/multi-label/listed-examples.js";
export type { MultiLabelResult } from "./tasks/multi-label/multi-label-calls.js";
export { ClassificationHead } from "./nn/classification-head.js";
export { fit } from "./train/fit.js";
export type {
  Checkpoint,
  EvaluateEvery,
  EvaluationState,
  FitEvaluation,
  FitOptions,
  FitReport,
  Measurement,
  ProgressEvent,
  StepRecord,
} from "./train/fit-options.js";
export type { BootstrapOptions, Interval } from "./train/metrics/bootstrap.js";
export type { Cell, Confusion, ClassScores } from "./train/metrics/class-scores.js";
export type { LogisticRegression, LogisticRegressionOptions } from "./train/logistic/head-fit.js";
export { fitLogisticRegression } from "./train/logistic/logistic-regression.js";
export { metrics } from "./train/metrics/metrics.js";
export type { MetricIntervals, Metrics, MetricsOptions } from "./train/metrics/metrics.js";
export { pairedDifference } from "./train/metrics/paired-difference.js";
export type { Difference, PairedDifference, PairedOptions } from "./train/metrics/paired-difference.js";
export type { BatchLoss, Task } from "./train/task.js";
export { crossEncoderLoss } from "./train/losses/cross-encoder-loss.js";
export type { CrossEncoderLossName, CrossEncoderLossOptions } from "./train/losses/cross-encoder-loss.js";
export { binaryMetrics, type BinaryMetrics, type BinaryMetricsOptions } from "./train/evaluators/binary-metrics.js";
export { calibration, calibrationError } from "./train/evaluators/calibration.js";
export type {
  Calibration,
  CalibrationBin,
  CalibrationError,
  CalibrationOptions,
} from "./train/evaluators/calibration.js";
export { multiLabelMetrics } from "./train/evaluators/multi-label-metrics.js";
export type { MultiLabelMetrics, MultiLabelOptions } from "./train/evaluators/multi-label-metrics.js";
export { rerankingMetrics, type RerankingOptions, type RerankingSample } from "./train/evaluators/reranking-metrics.js";
export {
  retrievalMetrics,
  type RetrievalCuts,
  type RetrievalOptions,
  type ByQuery,
  type DocumentId,
  type RankedDocuments,
} from "./train/evaluators/retrieval-metrics.js";
export { regressionMetrics, type RegressionMetrics } from "./train/evaluators/regression-metrics.js";
export {
  similarityMetrics,
  type SimilarityMetrics,
  tripletMetrics,
  type TripletMetricsOptions,
} from "./train/evaluators/similarity-metrics.js";
export {
  cachedSentenceLoss,
  sentenceLoss,
  type SentenceLossName,
  type SentenceLossOptions,
} from "./train/losses/sentence-loss.js";
export type { BatchSampler } from "./models/sentence/training/batch-samplers.js";
export type { SentenceExample } from "./models/sentence/training/sentence-examples.js";
export type { SentenceFitOptions } from "./models/sentence/training/fit-options.js";
export type { FitLossOptions, GuideModel } from "./models/sentence/training/sentence-task.js";

export { foldExamples, readExamples, splitExamples } from "./io/examples/index.js";
export type {
  Column,
  Example,
  ExampleFormat,
  LocatedExample,
  ExampleColumns,
  ReadExamples,
  ReadOptions,
  SplitOptions,
} from "./io/examples/index.js";
export { summariseExamples } from "./io/examples/summary/summarise.js";
export type * from "./io/examples/summary/data-summary.js";
export type { SummaryOptions } from "./io/examples/summary/summarise.js";
export type { SurveyExample } from "./io/examples/summary/survey.js";
export type { TokenCounter } from "./io/examples/summary/script-tokens.js";
export type { FileMap, SavedFiles } from "./io/file-access.js";
export { cacheModel } from "./io/page/cache-model.js";
export type { CacheOptions } from "./io/page/cache-model.js";
export { cachedModel, cachedModels, clearCache } from "./io/page/cached-model.js";
export type { CachedModel, CachedModelInfo } from "./io/page/cached-model.js";
export type { ModelFiles } from "./io/page/file-origin.js";
export type { ModelOrigin } from "./io/page/cached-file.js";
export type { PickedFile, PickedFolder } from "./io/page/picked-files.js";
export type { PinnedFile } from "./io/known-models.js";
export { bytesSource, blobSource, type ByteSink, type ByteSource } from "./io/byte-source.js";
export { openGguf, type GgufFile, type GgufNumbers, type GgufTensorInfo, type GgufValue } from "./io/gguf/index.js";
export { adapterConfig, checkAdapter, readAdapter, writeAdapter } from "./io/peft/index.js";
export type { Adapter, AdapterConfig, AdapterLayer } from "./io/peft/index.js";
export { openSafetensors, readSafetensors, writeSafetensors } from "./io/safetensors/index.js";
export type { Dtype, OpenTensorFile, TensorFile, TensorInfo } from "./io/safetensors/index.js";

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
} from "./errors/errors.js";
