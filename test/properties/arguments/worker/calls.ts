import * as local from "../../../../ts/index.js";
import { runFolds, runJob, runStatus } from "../../../../ts/jobs/index.js";
import * as remote from "../../../../ts/worker/index.js";
import { classes } from "../../../../ts/worker/calls.js";
import { tinyEncoder } from "../../../models/tiny-encoder.js";
import { start } from "../../../worker/in-worker.js";
import { jobCalls } from "../jobs/calls.js";
import { classifierCalls, encoderCalls, modelCalls, tokenFiles } from "../models/calls.js";
import { ground, type ModelScene } from "../models/scene.js";
import type { Call } from "../refusals.js";
import type { Pair, Stage } from "./pairs.js";

interface RemoteScene {
  readonly encoder: remote.RemoteEncoder;
  readonly classifier: remote.RemoteClassifier;
  readonly tokens: remote.RemoteTokenClassifier;
}
interface LocalScene extends ModelScene {
  readonly tokens: local.TokenClassifier;
}
type Both = LocalScene | RemoteScene;
type AnyFunction = (...args: unknown[]) => unknown;

let worker: remote.LowrankWorker | undefined;
/** Set by `setStage`. */
export let stage: Stage<LocalScene, RemoteScene>;
let files: Readonly<Record<"adapter" | "classifier", local.FileMap>>;
const lora = { rank: 1, targetModules: ["query"] };

/** Starts a worker, and models in it and here. */
export async function setStage(): Promise<void> {
  worker = await start();
  const makeHere = async (): Promise<LocalScene> => ({
    ...(await ground.make()),
    tokens: await local.TokenClassifier.open(tokenFiles),
  });
  const makeThere = async (): Promise<RemoteScene> => {
    const encoder = await remote.SentenceEncoder.load(await tinyEncoder(), { seed: 3, worker });
    await encoder.addAdapter("plain", lora);
    const labels = ["bad", "good"];
    const classifier = await remote.TextClassifier.create(encoder, { labels, lora, adapter: "own" });
    return { encoder, classifier, tokens: await remote.TokenClassifier.open(tokenFiles, { worker }) };
  };
  stage = {
    here: await makeHere(),
    there: await makeThere(),
    async renew() {
      ground.end(stage.here);
      stage.here.tokens.dispose();
      await stage.there.encoder.dispose();
      await stage.there.tokens.dispose();
      [stage.here, stage.there] = [await makeHere(), await makeThere()];
    },
    async state() {
      const { encoder, classifier } = stage.there;
      const weights = (await classifier.save())["head.safetensors"]!;
      return JSON.stringify([await encoder.adapters(), await encoder.tokenize(["a film"]), weights.join()]);
    },
  };
  const { encoder, classifier } = stage.here;
  files = { adapter: encoder.saveAdapter("plain"), classifier: classifier.save() };
}

export const endWorker = () => worker?.terminate();

/** In the worker under test, where the options are such that it can be named. */
const within = (options: unknown) =>
  typeof options === "object" && options !== null && !Array.isArray(options) && !ArrayBuffer.isView(options)
    ? { ...options, worker }
    : options;

const onObject = (object: "encoder" | "classifier" | "tokens", method: string, args: () => unknown[]) =>
  ({
    args,
    here: (scene, ...given) => (scene[object] as unknown as Record<string, AnyFunction>)[method]!(...given),
    there: (scene, ...given) =>
      (scene[object] as unknown as Record<string, AnyFunction>)[method]!(...given) as Promise<unknown>,
  }) satisfies Pair<LocalScene, RemoteScene>;

/** Calls whose rows of the other tables ask a scene for what only one that is here has at once. */
const ownArgs: Readonly<Record<string, () => unknown[]>> = {
  hotswapAdapter: () => ["plain", { ...files.adapter }, { allowNonFinite: true }],
  loadAdapter: () => ["new", { ...files.adapter }, { allowNonFinite: true }],
  unmergeAdapter: () => ["plain"],
  savePeft: () => [],
};

function methodsOf(
  kind: "SentenceEncoder" | "TextClassifier",
  table: Readonly<Record<string, readonly Call<never>[]>>,
) {
  const object = kind === "SentenceEncoder" ? "encoder" : "classifier";
  return Object.keys(classes[kind].methods).flatMap((method): [string, Pair<LocalScene, RemoteScene>][] => {
    const rows =
      method in ownArgs
        ? [ownArgs[method]!]
        : table[method]!.map(
            ({ args }) =>
              () =>
                args({} as never),
          );
    return rows.map((args, i) => [`${kind}.${method}${i === 0 ? "" : ` (${i + 1})`}`, onObject(object, method, args)]);
  });
}

const encoderOf = (scene: Both) => scene.encoder as never;
const classifierOf = (scene: Both) => scene.classifier as never;
const disposing = async (made: Promise<{ dispose: () => unknown }>) => void (await (await made).dispose());
const loading = () => ({ ...(encoderCalls.load[0]!.args(undefined as never)[1] as object) });

const statics: Readonly<Record<string, Pair<LocalScene, RemoteScene>>> = {
  "SentenceEncoder.load": {
    args: () => [{ ...files.adapter }, loading()],
    here: (_, ...given) => disposing(local.SentenceEncoder.load(...(given as [never]))),
    there: (_, source, options) => disposing(remote.SentenceEncoder.load(source, within(options) as never)),
  },
  "TextClassifier.create": {
    args: (scene) => [encoderOf(scene), { labels: ["a", "b"], lora: { ...lora }, adapter: "new" }],
    here: (_, ...given) => local.TextClassifier.create(...(given as [never, never])),
    there: (_, ...given) => remote.TextClassifier.create(...(given as [never, never])),
  },
  "TextClassifier.load": {
    args: (scene) => [encoderOf(scene), { ...files.classifier }, { adapter: "copy", allowNonFinite: true }],
    here: (_, ...given) => local.TextClassifier.load(...(given as [never, never])),
    there: (_, ...given) => remote.TextClassifier.load(...(given as [never, never])),
  },
  "TextClassifier.open": {
    args: () => [{ ...files.classifier }, { seed: 1, weights: "f16", packedCopies: 1, adapter: "copy" }],
    here: (_, ...given) => disposing(local.TextClassifier.open(...(given as [never]))),
    there: (_, source, options) => disposing(remote.TextClassifier.open(source, within(options) as never)),
  },
  "TokenClassifier.open": {
    args: () => modelCalls.TokenClassifier[0]!.args({} as never),
    here: (_, ...given) => disposing(local.TokenClassifier.open(...(given as [never]))),
    there: (_, source, options) => disposing(remote.TokenClassifier.open(source, within(options) as never)),
  },
  "TokenClassifier.predict": onObject("tokens", "predict", () => modelCalls.TokenClassifier[1]!.args({} as never)),
  "TokenClassifier.create": {
    args: (scene) => [encoderOf(scene), { labels: ["O", "A"], lora: { ...lora }, adapter: "new" }],
    here: (_, ...given) => local.TokenClassifier.create(...(given as [never, never])),
    there: (_, ...given) => remote.TokenClassifier.create(...(given as [never, never])),
  },
  "TokenClassifier.load": {
    args: (scene) => [encoderOf(scene), modelCalls.TokenClassifier[4]!.args({} as never)[1], { adapter: "copy" }],
    here: (_, ...given) => local.TokenClassifier.load(...(given as [never, never])),
    there: (_, ...given) => remote.TokenClassifier.load(...(given as [never, never])),
  },
  "TokenClassifier.fit": onObject("tokens", "fit", () => modelCalls.TokenClassifier[5]!.args({} as never)),
  "TokenClassifier.evaluate": onObject("tokens", "evaluate", () => modelCalls.TokenClassifier[6]!.args({} as never)),
  "TokenClassifier.save": onObject("tokens", "save", () => []),
  "TokenClassifier.logits": onObject("tokens", "logits", () => modelCalls.TokenClassifier[2]!.args({} as never)),
  predictEach: {
    args: (scene) => [
      ["a good film", "bad"].map((text) => ({ classifier: classifierOf(scene), text })),
      { signal: new AbortController().signal, onProgress: () => undefined },
    ],
    here: (_, ...given) => local.predictEach(...(given as [never, never])),
    there: (_, ...given) => remote.predictEach(...(given as [never, never])),
  },
};

const jobs: Readonly<Record<string, Pair<LocalScene, RemoteScene>>> = {
  runJob: {
    args: () => jobCalls.runJob[0]!.args(),
    here: (_, ...given) => runJob(...(given as [never, never])),
    there: (_, spec, store, options) => remote.runJob(spec, store, within(options) as never),
  },
  "runJob, its sources": {
    args: () => jobCalls.runJob[1]!.args(),
    here: (_, sources) => runJob(jobSpec(), remote.memoryStore(), { sources }),
    there: (_, sources) => remote.runJob(jobSpec(), remote.memoryStore(), { sources, worker }),
  },
  "runJob, its store": {
    args: () => [{ ...remote.memoryStore() }],
    here: (_, store) => runJob(jobSpec(), store, { signal: AbortSignal.abort() }),
    there: (_, store) => remote.runJob(jobSpec(), store, { signal: AbortSignal.abort(), worker }),
  },
  runFolds: {
    args: () => [{ ...jobSpec(), classWeights: { good: 1 } }, ...jobCalls.runFolds[0]!.args().slice(1)],
    here: (_, ...given) => runFolds(...(given as [never, never, never])),
    there: (_, spec, folds, store, options) => remote.runFolds(spec, folds, store, within(options) as never),
  },
  runStatus: {
    args: () => jobCalls.runStatus[0]!.args(),
    here: (_, store) => runStatus(store),
    there: (_, store) => remote.runStatus(store, { worker }),
  },
};
/** That its data are missing is told before anything is loaded. */
const jobSpec = () => ({ model: "tiny", data: "none.csv", steps: 1 });

/** Every call that a worker answers, by its name. */
export const workerCalls = [
  ...methodsOf("SentenceEncoder", encoderCalls),
  ...methodsOf("TextClassifier", classifierCalls),
  ...Object.entries(statics),
  ...Object.entries(jobs),
];
