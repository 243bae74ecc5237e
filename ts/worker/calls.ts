import { runFiles } from "../training/store/run-store.js";
import type { CachedPlace } from "../io/page/cached-model.js";
import {
  again,
  againOr,
  call,
  data,
  either,
  ended,
  handedOver,
  lasting,
  listOf,
  living,
  nothing,
  orNull,
  picked,
} from "./crossings/crossing.js";
import { callback, listener, release } from "./crossings/functions.js";
import { options, refused, signal, tabulated } from "./crossings/options.js";
import { streaming } from "./crossings/stream.js";
import { remote } from "./crossings/remote.js";
import type { Progress } from "./protocol/progress-queue.js";
import type { Crossing } from "./protocol/scope.js";

// All calls between a page and its worker: their parameters, their results, and how each of these is sent. A method of a class in the
// worker is one row; nothing else needs to be written.

type Event = Readonly<Record<string, unknown>>;

/** Progress of which only the newest value matters: of a count, or of events of the same type, phase and file. */
const newest: Progress = {
  passing: (event) =>
    typeof event !== "object" || ["progress", "download", undefined].includes((event as Event)["type"] as "progress"),
  replaces: (waiting, next) =>
    typeof next !== "object" ||
    ["type", "phase", "file"].every((name) => (waiting as Event)[name] === (next as Event)[name]),
};
const onProgress = listener(newest);
const noEngine = refused(
  "is not of this thread: a worker has an engine of its own, `startWorker({ threads })` says which",
);

const byteSource = remote({
  values: ["size"],
  functions: { read: call({ offset: data, length: data }, data) },
  optional: { close: call({}, nothing) },
});
const open = call({ file: data }, orNull(byteSource));
const source = remote({ values: ["name"], functions: { open } });
const hasRead = (value: unknown) => typeof Object(value).read === "function";
const hasOpen = (value: unknown) => typeof Object(value).open === "function";
const isKept = (from: unknown, model: unknown) => (from as CachedPlace).storage === "opfs" || !hasOpen(model);
const cachedModel = again("cached model");
/** A model's name, its files, or where they come from: one that the browser keeps is read where it is wanted. */
const model = againOr("cached model", either(hasOpen, source, data), isKept);

const inference = options({ signal, onProgress });
const loading = { signal, onProgress, engine: noEngine };

const adapterMethods = {
  addAdapter: call({ name: data, options: data }, nothing),
  loadAdapter: call({ name: data, files: data, options: data }, nothing),
  addWeightedAdapter: call({ name: data, options: options({ signal }) }, nothing),
  hotswapAdapter: call({ name: data, files: data, options: data }, nothing),
  removeAdapter: call({ name: data }, nothing),
  renameAdapter: call({ from: data, to: data }, nothing),
  scaleAdapter: call({ name: data, factor: data }, nothing),
  setAdapter: call({ name: data }, nothing),
  mergeAdapter: call({ name: data }, nothing),
  unmergeAdapter: call({ name: data }, nothing),
  saveAdapter: call({ name: data }, handedOver),
  adapters: call({}, data),
  dispose: call({}, ended),
};

/** Parameters and optimizer are copies made for it; the measurements belong to the run. */
const checkpoint: Crossing = {
  pack(value, scope, name) {
    const { parameters, optimizer } = value as { parameters: unknown; optimizer: unknown };
    handedOver.pack([parameters, optimizer], scope, name);
    return value;
  },
  unpack: (wire) => wire,
};
const fitting = {
  signal,
  onProgress,
  schedule: tabulated,
  order: tabulated,
  checkpoint: options({ save: callback(call({ checkpoint }, nothing)) }),
  evaluate: options({ measure: callback(call({ step: data }, data)) }),
};
const training = options(fitting);

const encoder = living("SentenceEncoder");

const encoderMethods = {
  encode: call({ texts: data, options: inference }, handedOver),
  encodeQuery: call({ texts: data, options: inference }, handedOver),
  encodeDocument: call({ texts: data, options: inference }, handedOver),
  fit: call({ examples: data, options: options({ ...fitting, lossOptions: options({ guide: encoder }) }) }, data),
  tokenize: call({ texts: data }, data),
  save: call({ options: options({ signal }) }, handedOver),
  ...adapterMethods,
};

const cancellable = options({ signal });
const session = living("GenerationSession");
const languageModel = living("CausalLanguageModel");
const generating = { prompt: data, options: options({ signal, assistantModel: languageModel }) };
const sessionMethods = {
  generate: streaming(generating, data),
  generateTokens: streaming(generating, data),
  fork: call({}, session),
  dispose: call({}, ended),
};
const languageMethods = {
  applyChatTemplate: call({ messages: data, options: data }, data),
  chat: call({ messages: data, options: generating.options }, data),
  generate: streaming(generating, data),
  generateTokens: streaming(generating, data),
  generateBatch: streaming(
    { requests: listOf(options({ assistantModel: languageModel })), options: cancellable },
    data,
  ),
  session: call({}, session),
  logits: call({ ids: data, options: cancellable }, handedOver),
  score: call({ prompt: data, completions: data, options: cancellable }, data),
  perplexity: call({ texts: data, options: cancellable }, data),
  fit: call({ examples: data, options: training }, data),
  fitPreferences: call({ examples: data, options: training }, data),
  evaluate: call({ examples: data, options: inference }, data),
  saveGguf: call({ name: data }, handedOver),
  loadGguf: call({ name: data, file: either(hasRead, byteSource, data) }, nothing),
  ...adapterMethods,
};

const tokenMethods = {
  fit: call({ examples: data, options: training }, data),
  fitHead: call({ examples: data, options: inference }, data),
  predict: call({ texts: data, options: inference }, data),
  evaluate: call({ examples: data, options: inference }, data),
  logits: call({ texts: data, options: inference }, handedOver),
  save: call({}, handedOver),
  dispose: call({}, ended),
};
const classifierMethods = {
  ...tokenMethods,
  chooseThresholds: call({ examples: data, options: inference }, nothing),
  savePeft: call({}, handedOver),
};

const crossMethods = {
  predict: call({ pairs: data, options: inference }, data),
  logits: call({ pairs: data, options: inference }, handedOver),
  rank: call({ query: data, texts: data, options: inference }, data),
  tokenize: call({ pairs: data }, data),
  fit: call({ examples: data, options: training }, data),
  save: call({ options: options({ signal }) }, handedOver),
  dispose: call({}, ended),
};

const crossEncoder = living("CrossEncoder");
const classifier = living("TextClassifier");
const tokenClassifier = living("TokenClassifier");
const regressor = living("TextRegressor");

/** Classes whose objects live in the worker: static methods, methods, and fields that are sent with an object. */
export const classes = {
  SentenceEncoder: {
    statics: { load: call({ source: model, options: options({ ...loading, model }) }, encoder) },
    methods: encoderMethods,
    fields: { name: data, hiddenSize: data },
  },
  TextClassifier: {
    statics: {
      create: call({ encoder, options: data }, classifier),
      load: call({ encoder, files: data, options: data }, classifier),
      open: call({ source: model, options: options({ ...loading, model }) }, classifier),
    },
    methods: classifierMethods,
    fields: { labels: data, adapter: data, encoder },
  },
  TokenClassifier: {
    statics: {
      create: call({ encoder, options: data }, tokenClassifier),
      load: call({ encoder, files: data, options: data }, tokenClassifier),
      open: call({ source: model, options: options({ ...loading, model }) }, tokenClassifier),
    },
    methods: tokenMethods,
    fields: { labels: data, adapter: data, encoder },
  },
  CrossEncoder: {
    statics: {
      create: call({ encoder, options: data }, crossEncoder),
      load: call({ source: model, options: options({ ...loading, model }) }, crossEncoder),
    },
    methods: crossMethods,
    fields: { labels: data, adapter: data, activation: data, encoder },
  },
  TextRegressor: {
    statics: {
      load: call({ encoder, files: data, options: data }, regressor),
      open: call({ source: model, options: options({ ...loading, model }) }, regressor),
    },
    methods: {
      predict: call({ texts: data, options: inference }, data),
      evaluate: call({ examples: data, options: inference }, data),
      save: call({}, handedOver),
      dispose: call({}, ended),
    },
    fields: { name: data, encoder },
  },
  CausalLanguageModel: {
    statics: { load: call({ source: model, options: options(loading) }, languageModel) },
    methods: languageMethods,
    fields: { name: data, maxTokens: data },
  },
  GenerationSession: { statics: {}, methods: sessionMethods, fields: {} },
} as const;

export type ClassName = keyof typeof classes;

/** Locations of a store's blobs, which messages name; they are needed synchronously. */
const blobs = Object.values(runFiles).flat();
const storeHere = remote({
  values: ["name"],
  functions: {
    has: call({ blob: data }, data),
    read: call({ blob: data, length: data }, data),
    write: lasting({ blobs: data }, nothing),
    append: lasting({ blob: data, length: data, bytes: data }, nothing),
    remove: lasting({ blob: data }, nothing),
    claim: call({}, release),
  },
  needs: ["place"],
  beforehand: (object) => {
    const place = object["place"] as (blob: string) => unknown;
    return Object.fromEntries(blobs.map((blob) => [blob, place.call(object, blob)]));
  },
  afterwards: (places) => ({ place: (blob: string) => places[blob] ?? blob }),
});

const store = againOr("OPFS store", storeHere);

const modelHere = remote({
  values: ["name", "origin"],
  functions: { open },
  optional: { digest: call({ file: data }, data), gguf: call({}, byteSource) },
});
const jobModel = againOr("cached model", modelHere, isKept);
const sourcesHere = remote({
  values: [],
  functions: {
    findModel: call({ name: data, options: options({ signal, onDownload: listener(newest) }) }, jobModel),
    readData: call({ name: data, options: options({ signal }) }, data),
  },
  needs: ["machine"],
  beforehand: (object) => ({ machine: (object["machine"] as () => unknown)() }),
  afterwards: ({ machine }) => ({ machine: () => machine }),
});
const job = options({ signal, onProgress, sources: againOr("kept sources", sourcesHere) });

/** Functions that run in the worker. */
export const functions = {
  clearCache: call({ options: data }, data),
  engineInfo: call({}, data),
  cacheModel: call({ from: picked, options: inference }, cachedModel),
  cachedModel: call({ name: data }, orNull(cachedModel)),
  cachedModels: call({}, data),
  "opfsStore.discard": call({ store }, nothing),
  "opfsStore.files": call({ store }, handedOver),
  predictEach: call({ requests: listOf(options({ classifier })), options: inference }, data),
  runFolds: call({ spec: data, folds: data, store, options: job }, data),
  runJob: call({ spec: data, store, options: job }, data),
  runStatus: call({ store }, data),
  unfinishedSpec: call({ store }, data),
} as const;

export type FunctionName = keyof typeof functions;
