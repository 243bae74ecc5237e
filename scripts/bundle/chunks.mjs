import { basename, dirname, relative, sep } from "node:path";
import { root } from "../setup/paths.mjs";

/**
 * Which script of the package a source file goes to: by the longest path here that it is or lies below. Files of other paths go to the
 * script of those that import them. package.json says that these scripts have no side effects, so a bundler leaves out those that a
 * program does not use; those marked "on demand" are fetched by an `import()`.
 */
export const places = {
  // What workers need too, and pages that have the engine in one.
  "ts/engine/features.ts": "pool",
  "ts/engine/instantiate.ts": "pool",
  "ts/engine/policy.ts": "pool",
  "ts/engine/pool.ts": "pool",
  "ts/engine/trusted-address.ts": "pool",
  "ts/engine/worker-from.ts": "pool",
  "ts/engine/worker-source.ts": "pool",
  // On demand: the engine on a GPU.
  "ts/engine/webgpu": "webgpu",
  // On demand: a later start of the default engine with options.
  "ts/engine/join.ts": "join",
  "ts/errors": "pool",
  "ts/arguments": "base",
  "ts/entry/script-address.ts": "base",
  "ts/io/byte-source.ts": "base",
  "ts/io/made-from.ts": "base",
  "ts/io/page/persist.ts": "base",
  "ts/training/sources/own-data.ts": "base",
  "ts/training/store/run-files.ts": "base",
  "ts/training/store/run-name.ts": "base",
  // Of servers too, which train nothing.
  "ts/training/store/run-store.ts": "stores",
  "ts/version.ts": "base",
  "ts/waiting": "base",

  // Apart, since its table of calls is made as it is loaded: a program without a worker leaves the file out.
  "ts/training/store/memory-store.ts": "client",
  "ts/worker": "client",
  "ts/worker/server": null,

  // Layers, ops and gradients.
  "ts/engine": "core",
  "ts/graph": "core",
  "ts/nn": "core",
  "ts/ops": "core",
  "ts/optim": "core",
  "ts/values": "core",

  // Apart, for packages that hash and train no jobs.
  "ts/training/sources/sha256.ts": "sha256",

  // Apart, since few programs use it.
  "ts/search": "search",

  // Models, and the training of adapters.
  "ts/adapters": "models",
  "ts/io": "io",
  "ts/io/node": null,
  "ts/io/page": "page-files",
  "ts/jobs": "jobs",
  "ts/training": "jobs",
  "ts/training/node": null,
  // For federations alone: in Node, and on demand in a page's worker.
  "ts/jobs/task-rounds.ts": null,
  "ts/training/rounds": null,
  "ts/worker/client/train-rounds.ts": null,
  "ts/worker/rounds-call.ts": null,
  "ts/models": "load",
  "ts/models/adapter-step.ts": "models",
  "ts/models/former-names.ts": "models",
  "ts/models/layer-checkpoint.ts": "models",
  "ts/models/model-options.ts": "models",
  "ts/models/ragged-batch.ts": "models",
  "ts/models/sentence": "models",
  "ts/tasks": "tasks",
  "ts/tasks/classify": "jobs",
  "ts/tasks/cross": "cross",
  "ts/tasks/index.ts": "jobs",
  "ts/tasks/tokens": "tokens",
  "ts/tasks/language/settings.ts": "jobs",
  "ts/tasks/preferences/settings.ts": "jobs",
  "ts/tasks/preferences/state-check.ts": "jobs",
  "ts/tasks/tokens/run/baseline-check.ts": "jobs",
  "ts/tasks/pairs/settings.ts": "jobs",
  "ts/tasks/pairs/state-check.ts": "jobs",
  "ts/tasks/rank/settings.ts": "jobs",
  "ts/tasks/rank/state-check.ts": "jobs",
  "ts/tasks/multi-label/listed-examples.ts": "tasks",
  "ts/tasks/multi-label/run/metric-names.ts": "jobs",
  "ts/tasks/multi-label/run/settings.ts": "jobs",
  "ts/tasks/multi-label/run/state-check.ts": "jobs",
  "ts/tasks/regress/settings.ts": "jobs",
  "ts/tasks/regress/state-check.ts": "jobs",
  "ts/tasks/tokens/run/settings.ts": "jobs",
  "ts/tokenize": "load",
  "ts/tokenize/pair-tokens.ts": "cross",
  "ts/train": "models",
  // Apart: few programs train sentence vectors by themselves, and the tables of losses keep all of them.
  "ts/train/losses": "losses",
  "ts/train/evaluators": "evaluators",

  // What servers and the AI SDK's provider share of a request.
  "ts/serve/batch-limits.ts": "requests",
  "ts/serve/finish-reason.ts": "requests",
  "ts/serve/request-seed.ts": "requests",

  // On demand: classifiers with several labels a text.
  "ts/tasks/multi-label": "multi-label",

  // On demand: what reads a model's files, and what those of a classifier.
  "ts/adapters/adapted-embedding.ts": "load",
  "ts/arguments/plain-copy.ts": "models",
  "ts/adapters/adapted-linear.ts": "load",
  "ts/graph/frozen/former-names.ts": "load",
  "ts/graph/frozen/quantize.ts": "load",
  "ts/graph/frozen/stored-matrix.ts": "load",
  "ts/graph/frozen/stored-weight.ts": "load",
  "ts/io/address-source.ts": "load",
  "ts/io/concatenated.ts": "load",
  "ts/io/fetched.ts": "load",
  "ts/io/gguf-name.ts": "load",
  "ts/io/model-config.ts": "load",
  "ts/io/model-files.ts": "load",
  "ts/io/model-locator.ts": "load",
  "ts/io/model-source.ts": "load",
  "ts/io/range-source.ts": "load",
  "ts/io/safetensors/open.ts": "load",
  "ts/io/safetensors/shards.ts": "load",
  "ts/io/tensor-range.ts": "load",
  "ts/io/watched-source.ts": "load",
  "ts/models/sentence/dense.ts": "load",
  "ts/models/sentence/head-layer.ts": "load",
  "ts/models/sentence/known-modules.ts": "load",
  "ts/models/sentence/layout.ts": "load",
  "ts/models/sentence/load-tokenizer.ts": "load",
  "ts/models/sentence/load-encoder.ts": "load",
  "ts/models/sentence/pooling.ts": "load",
  "ts/models/sentence/prompts.ts": "load",
  "ts/models/sentence/token-head.ts": "load",
  "ts/tasks/checkpoint.ts": "open",
  "ts/tasks/open-checkpoint.ts": "open",
  "ts/tasks/open-classifier.ts": "open",
  "ts/tasks/open-peft.ts": "open",
  "ts/tasks/opened-parts.ts": "open",

  // On demand: measures of predictions, and weighted sums of adapters.
  "ts/adapters/weighted/combine-elements.ts": "weighted",
  "ts/adapters/weighted/weighted-sum.ts": "weighted",
  "ts/nn/binomial.ts": "metrics",
  "ts/tasks/classify/calibrated": "calibrated",
  "ts/train/metrics": "metrics",
  "ts/train/metrics/class-probabilities.ts": "models",
  "ts/values/decompose/product-svd.ts": "weighted",

  // On demand: runs on labelled words, on several labels a text, on numbers, on pairs and on language models.
  "ts/tasks/language": "language-run",
  "ts/tasks/pairs": "pairs-run",
  "ts/tasks/rank": "pairs-run",
  "ts/tasks/preferences": "language-run",
  "ts/tasks/multi-label/run": "multi-label-run",
  "ts/tasks/regress": "regress-run",
  "ts/tasks/tokens/run": "tokens-run",

  // On demand: language models, when one is loaded.
  "ts/adapters/output-layer.ts": "language",
  "ts/graph/decoder-ops.ts": "language",
  "ts/graph/frozen/tied-matrix.ts": "language",
  "ts/models/decoder": "language",
  "ts/models/decoders.ts": "language",
  "ts/models/encoder-types.ts": "language",
  "ts/models/language": "language",
  "ts/models/language/causal-language-model.ts": "models",
  "ts/ops/attention/cached-attention.ts": "language",
  "ts/ops/attention/capped-attention.ts": "language",
  "ts/ops/attention/rotary-embedding.ts": "language",
  "ts/ops/elementwise/gated-unit.ts": "language",
  "ts/ops/experts": "language",
  "ts/ops/product/table-product.ts": "language",
  "ts/ops/recurrence": "language",
  "ts/values/common-length.ts": "language",
  "ts/values/same-values.ts": "language",

  // Apart, since language models as encoders generate nothing.
  "ts/constraint": "constraint",
  "ts/tokenize/token-text.ts": "constraint",

  // On demand: a model's chat template, and calls of functions.
  "ts/models/language/bounded-interpreter.ts": "chat",
  "ts/models/language/bounded-source.ts": "chat",
  "ts/models/language/bounded-template.ts": "chat",
  "ts/models/language/chat-parts.ts": "chat",
  "ts/models/language/tools": "chat",

  // On demand: reading GGUF files, and writing them.
  "ts/io/gguf": "gguf",
  "ts/io/gguf/index.ts": "io",
  "ts/models/gguf": "gguf",
  "ts/models/gguf/index.ts": "load",
  "ts/models/gguf/writing": "gguf-out",
  "ts/tokenize/gguf": "gguf",
  "ts/tokenize/gguf/gguf-pre-name.ts": "gguf-out",
  "ts/tokenize/gguf/gguf-tokenizer-values.ts": "gguf-out",
  "ts/tokenize/models/piece-merges.ts": "gguf",

  // On demand: tokenizers other than BERT's.
  "ts/tokenize/byte-characters.ts": "tokenizers",
  "ts/tokenize/graphemes.ts": "tokenizers",
  "ts/tokenize/inverted-split.ts": "tokenizers",
  "ts/tokenize/least-tokens.ts": "tokenizers",
  "ts/tokenize/library-tokenizer.ts": "tokenizers",
  "ts/tokenize/long-texts.ts": "tokenizers",
  "ts/tokenize/models": "tokenizers",
  "ts/tokenize/models/word-piece.ts": "load",
  "ts/tokenize/precompiled.ts": "tokenizers",
  "ts/tokenize/rust-steps.ts": "tokenizers",

  // On demand: encoders unlike BERT, and what has them all at once.
  "ts/models/deberta-v2": "deberta",
  "ts/models/estimate-memory.ts": "estimate",
  "ts/models/modernbert": "rotary",
  "ts/models/nomic-bert": "rotary",
  "ts/models/other-architectures.ts": "architectures",
  "ts/models/rotary": "rotary",

  // On demand: sentence-transformers' folders with an adapter, and writing such folders.
  "ts/merging": "sentence-files",
  "ts/merging/onnx": null,
  "ts/models/sentence/adapter-folder.ts": "sentence-files",
  "ts/models/sentence/saving": "sentence-files",
  "ts/tasks/cross/saving": "sentence-files",

  // On demand: cross-encoders that are language models.
  "ts/tasks/cross/answers": "answers",

  // On demand: tables and what is odd in them, Parquet, zip archives.
  "ts/io/examples/json": "tables",
  "ts/io/examples/table": "tables",
  "ts/io/examples/table/column-limit.ts": "io",
  "ts/io/examples/tokens": "tables",
  "ts/io/examples/tokens/located-tokens.ts": "io",
  "ts/io/examples/near": "summary",
  "ts/io/examples/summary": "summary",
  "ts/io/examples/summary/index.ts": "io",
  "ts/io/examples/summary/plain-text.ts": "io",
  "ts/io/examples/summary/summarise.ts": "io",
  "ts/io/examples/parquet": "parquet",
  "ts/io/page/zip-file.ts": "zip",

  // On demand: hard negatives.
  "ts/models/sentence/mining": "mining",
  "ts/models/sentence/mining/mine-hard-negatives.ts": "models",
  "ts/models/sentence/mining/mining-options.ts": "models",
  // On demand: the training of sentence encoders.
  "ts/models/sentence/training": "sentence-fit",
  "ts/models/sentence/training/copied-call.ts": "models",

  // On demand: the fit of a head.
  "ts/train/logistic": "head-fit",
  "ts/train/logistic/logistic-regression.ts": "models",
  "ts/train/logistic/scaled-vectors.ts": "models",
};

/** Packages that are a script each, so that a program goes without those that it does not use. Parquet's reader parts itself. */
const packages = ["@huggingface/tokenizers", "@huggingface/jinja", "papaparse", "fflate", "aws4fetch"];

/** The script that a module goes to; undefined where that follows from who imports it. */
export function chunkOf(id) {
  // Modules that the plugin for CommonJS makes begin with a zero.
  const file = relative(root, id.replace("\0", "")).split(sep).join("/");
  const bundled = packages.find((name) => file.startsWith(`node_modules/${name}/`));
  if (bundled !== undefined) return basename(bundled);
  for (let path = file; path !== "."; path = dirname(path)) if (path in places) return places[path] ?? undefined;
  return undefined;
}

/**
 * Scripts of a page's worker: the modules here, and those that an `import()` names, go to the script of the longest path here that they are or
 * lie below. What they import goes with the first of them, in this order, so that no script imports one that follows.
 */
const workerParts = {
  "ts/entry/lowrank-worker.ts": "lowrank-worker",
  "ts/engine/join.ts": "extra",
  "ts/worker/server/families/encoders.ts": "models",
  "ts/models/sentence/load-encoder.ts": "models",
  "ts/train/logistic": "extra",
  "ts/train/metrics": "extra",
  "ts/train/evaluators/regression-metrics.ts": "extra",
  "ts/tasks/opened-parts.ts": "extra",
  "ts/adapters/weighted": "extra",
  "ts/models": "encoders",
  "ts/models/estimate-memory.ts": "encoders",
  "ts/tokenize": "encoders",
  "ts/worker/server/families/tokens.ts": "tasks",
  "ts/worker/server/families/cross.ts": "tasks",
  "ts/models/sentence": "sentence",
  "ts/io/peft/check.ts": "sentence",
  "ts/tasks/cross/saving": "sentence",
  "ts/io/gguf": "gguf",
  "ts/models/gguf": "gguf",
  "ts/models/decoders.ts": "language",
  "ts/worker/server/families/language.ts": "language",
  "ts/models/language": "language",
  "ts/tasks/cross/answers": "language",
  "ts/worker/server/families/storage.ts": "storage",
  "ts/io/page": "storage",
  "ts/worker/server/families/jobs.ts": "jobs",
  "ts/tasks/classify": "jobs",
  "ts/io": "tables",
  node_modules: "tables",
  "ts/tasks": "runs",
  "ts/tasks/pairs": "pairs-run",
  "ts/tasks/rank": "pairs-run",
  "ts/tasks/language": "language-run",
  "ts/tasks/preferences": "language-run",
  // Last: what it shares with the others stays with them, as few pages ask for it.
  "ts/engine/webgpu": "webgpu",
};

const inWorker = new Map();

/** Which script of a page's worker a module goes to. */
export function workerScriptOf(id, { getModuleInfo, getModuleIds }) {
  if (inWorker.size === 0) {
    const parts = Object.keys(workerParts);
    const fileOf = (id) => relative(root, id.replace("\0", "")).split(sep).join("/");
    const partOf = (id) =>
      parts.filter((path) => `${fileOf(id)}/`.startsWith(`${path}/`)).sort((a, b) => b.length - a.length)[0];
    const add = (id, script) => {
      if (inWorker.has(id) || (workerParts[fileOf(id)] ?? script) !== script) return;
      inWorker.set(id, script);
      getModuleInfo(id).importedIds.forEach((imported) => add(imported, script));
    };
    const asked = [...getModuleIds()].filter(
      (id) => fileOf(id) in workerParts || getModuleInfo(id).dynamicImporters.length > 0,
    );
    for (const part of parts) for (const id of asked) if (partOf(id) === part) add(id, workerParts[part]);
  }
  return inWorker.get(id);
}
