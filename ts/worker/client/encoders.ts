import { checkOptions } from "../../arguments/options.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { FileMap } from "../../io/file-access.js";
import type {
  ClassifierOptions,
  ClassifyOptions,
  LoadClassifierOptions,
  MultiLabelClassifierOptions,
} from "../../tasks/head/classifier-parts.js";
import type { CrossEncoderOptions } from "../../tasks/cross/cross-options.js";
import type { TokenClassifierOptions } from "../../tasks/tokens/token-parts.js";
import type { Prediction } from "../../tasks/head/prediction.js";
import { type ClassName, classes, functions } from "../calls.js";
import type { Call } from "../protocol/scope.js";
import { RemoteObject } from "./remote-classes.js";
import { workerOf } from "./shared-worker.js";
import type {
  RemoteClassifier,
  RemoteCrossEncoder,
  RemoteEncoder,
  RemoteLanguageModel,
  RemoteRegressor,
  RemoteTokenClassifier,
  WorkerCrossEncoderOptions,
  WorkerLanguageModelOptions,
  WorkerLoadOptions,
  WorkerModel,
  WorkerOpenOptions,
  WorkerOpenRunOptions,
  WorkerOpenTokensOptions,
} from "./types.js";

/** Creates an object in the worker that the options name. */
async function make<T>(kind: ClassName, method: string, first: unknown, options: unknown): Promise<T> {
  const name = `${kind}.${method}`;
  const { worker, rest } = workerOf(name, options);
  const call = (classes[kind].statics as Readonly<Record<string, Call>>)[method]!;
  return (await worker.call(name, { kind: "named", name }, call, [first, rest])) as T;
}

/** The worker of an object. Throws `ConfigError` for another value. */
function workerOfObject(what: string, name: string, kind: ClassName, object: unknown) {
  if (object instanceof RemoteObject && object.kind === kind) return object.worker;
  const expected = `a ${kind} of lowrank/worker`;
  throw new ConfigError(`${what}: ${name} is ${expected}, got ${excerpt(object)}`, {
    op: what,
    option: name,
    expected,
    value: object,
  });
}

async function onEncoder<T>(
  kind: "TextClassifier" | "TokenClassifier" | "CrossEncoder" | "TextRegressor",
  method: "create" | "load",
  encoder: unknown,
  ...args: readonly unknown[]
): Promise<T> {
  const name = `${kind}.${method}`;
  const worker = workerOfObject(name, "encoder", "SentenceEncoder", encoder);
  const call = (classes[kind].statics as Readonly<Record<string, Call>>)[method]!;
  return (await worker.call(name, { kind: "named", name }, call, [encoder, ...args])) as T;
}

/** A sentence encoder in a worker. */
export type SentenceEncoder = RemoteEncoder;

/** A text classifier in a worker. */
export type TextClassifier<Label extends string = string, Multi extends boolean = false> = RemoteClassifier<
  Label,
  Multi
>;

/** `TextClassifier.create` in a worker. */
interface CreateClassifier {
  <Label extends string>(
    encoder: SentenceEncoder,
    options: MultiLabelClassifierOptions<Label>,
  ): Promise<TextClassifier<Label, true>>;
  <Label extends string>(encoder: SentenceEncoder, options: ClassifierOptions<Label>): Promise<TextClassifier<Label>>;
}

/** A token classifier in a worker. */
export type TokenClassifier<Label extends string = string> = RemoteTokenClassifier<Label>;

/** A cross-encoder in a worker. */
export type CrossEncoder<Score extends number | number[] = number> = RemoteCrossEncoder<Score>;

/** Cross-encoders in a worker. */
export const CrossEncoder = {
  /** A new cross-encoder on an encoder, in the encoder's worker; see `CrossEncoder.create` in `lowrank`. */
  create: <Score extends number | number[] = number>(
    encoder: SentenceEncoder,
    options: CrossEncoderOptions = {},
  ): Promise<CrossEncoder<Score>> => onEncoder("CrossEncoder", "create", encoder, options),
  /** A cross-encoder and its encoder in a worker; see `CrossEncoder.load` in `lowrank`. */
  load: <Score extends number | number[] = number>(
    source: WorkerModel,
    options: WorkerCrossEncoderOptions = {},
  ): Promise<CrossEncoder<Score>> => make("CrossEncoder", "load", source, options),
};

/** Sentence encoders in a worker. */
export const SentenceEncoder = {
  /** Loads an encoder into a worker; see `SentenceEncoder.load` in `lowrank`. URLs are relative to the page. */
  load: (source: WorkerModel, options: WorkerLoadOptions = {}): Promise<SentenceEncoder> =>
    make("SentenceEncoder", "load", source, options),
};

/** Text classifiers in a worker. */
export const TextClassifier = {
  /** A new classifier on an encoder, in the encoder's worker; see `TextClassifier.create` in `lowrank`. */
  create: ((encoder: SentenceEncoder, options: unknown) =>
    onEncoder("TextClassifier", "create", encoder, options)) as CreateClassifier,
  /** A classifier from the files of `save`, in the encoder's worker; see `TextClassifier.load` in `lowrank`. */
  load: <Label extends string = string, Multi extends boolean = false>(
    encoder: SentenceEncoder,
    files: FileMap,
    options: LoadClassifierOptions = {},
  ): Promise<TextClassifier<Label, Multi>> => onEncoder("TextClassifier", "load", encoder, files, options),
  /** A classifier and its encoder in a worker; see `TextClassifier.open` in `lowrank`. */
  open: <Label extends string = string, Multi extends boolean = false>(
    source: WorkerModel,
    options: WorkerOpenOptions<Label> = {},
  ): Promise<TextClassifier<Label, Multi>> => make("TextClassifier", "open", source, options),
};

/** Token classifiers in a worker. */
export const TokenClassifier = {
  /** A new classifier on an encoder, in the encoder's worker; see `TokenClassifier.create` in `lowrank`. */
  create: <Label extends string>(
    encoder: SentenceEncoder,
    options: TokenClassifierOptions<Label>,
  ): Promise<TokenClassifier<Label>> => onEncoder("TokenClassifier", "create", encoder, options),
  /** A classifier from the files of `save`, in the encoder's worker; see `TokenClassifier.load` in `lowrank`. */
  load: (encoder: SentenceEncoder, files: FileMap, options: LoadClassifierOptions = {}): Promise<TokenClassifier> =>
    onEncoder("TokenClassifier", "load", encoder, files, options),
  /** A token classifier and its encoder in a worker; see `TokenClassifier.open` in `lowrank`. */
  open: <Label extends string = string>(
    source: WorkerModel,
    options: WorkerOpenTokensOptions<Label> = {},
  ): Promise<TokenClassifier<Label>> => make("TokenClassifier", "open", source, options),
};

/** A regressor in a worker. */
export type TextRegressor = RemoteRegressor;

/** Regressors in a worker. */
export const TextRegressor = {
  /** A regressor from the files of a run, in the encoder's worker; see `TextRegressor.load` in `lowrank`. */
  load: (encoder: SentenceEncoder, files: FileMap, options: LoadClassifierOptions = {}): Promise<TextRegressor> =>
    onEncoder("TextRegressor", "load", encoder, files, options),
  /** A regressor and its encoder in a worker; see `TextRegressor.open` in `lowrank`. */
  open: (source: WorkerModel, options: WorkerOpenRunOptions = {}): Promise<TextRegressor> =>
    make("TextRegressor", "open", source, options),
};

/** A language model in a worker. */
export type CausalLanguageModel = RemoteLanguageModel;

/** Language models in a worker. */
export const CausalLanguageModel = {
  /** Loads a language model into a worker; see `CausalLanguageModel.load` in `lowrank`. */
  load: (source: WorkerModel, options: WorkerLanguageModelOptions = {}): Promise<CausalLanguageModel> =>
    make("CausalLanguageModel", "load", source, options),
};

/** A text and the classifier for it. */
export interface PredictionRequest {
  /** A classifier; all requests of a call share one encoder. */
  readonly classifier: TextClassifier;
  /** The text. */
  readonly text: string;
}

/** The prediction of each text's own classifier, in shared batches; see `predictEach` in `lowrank`. */
export async function predictEach(
  requests: readonly PredictionRequest[],
  options: ClassifyOptions = {},
): Promise<Prediction[]> {
  const what = "predictEach";
  if (Array.isArray(requests) && requests.length === 0) {
    checkOptions(what, options, ["signal", "onProgress"]);
    return [];
  }
  const { classifier } = Object((Object(requests) as typeof requests)[0]) as Partial<PredictionRequest>;
  const worker = workerOfObject(what, "classifier", "TextClassifier", classifier);
  const target = { kind: "named", name: what } as const;
  return (await worker.call(what, target, functions.predictEach, [requests, options])) as Prediction[];
}
