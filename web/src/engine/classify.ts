import type { RemoteClassifier, RemoteEncoder, RemoteRegressor, RemoteTokenClassifier } from "lowrank/worker";
import type { Task } from "../data/target.js";
import type { Download } from "../state/download.js";
import { isOf, type Run, type RunOf, taskOf } from "../state/runs.js";
import { client } from "./client.js";
import { type EncoderId, encoderNamed } from "./encoders.js";
import { sourcesFrom } from "./job-sources.js";
import { findModel } from "./model.js";
import { once } from "./once.js";
import type { Example } from "./parts.js";
import type { SavedFiles } from "./stores.js";

export interface Prediction {
  readonly text: string;
  readonly label: string;
  readonly probability: number;
  readonly probabilities: Readonly<Record<string, number>>;
}

const loaded = new Map<EncoderId, Promise<RemoteEncoder>>();

/** The encoder that all classifiers on this page share, by default the English one. */
export function sharedEncoder(
  id: EncoderId = "english",
  onDownload?: (progress: Download) => void,
): Promise<RemoteEncoder> {
  return once(loaded, id, async () => {
    const model = await findModel({ encoder: id, ...(onDownload && { onDownload }) });
    return (await client()).SentenceEncoder.load(model);
  });
}

/** The encoder that a run is trained on. */
export const encoderOf = ({ spec }: Pick<Run, "spec">): EncoderId => encoderNamed(spec.model);

/** Calls `work`, and once more if the worker was lost: a browser may end a worker, and then everything in it is loaded again. */
export async function recovering<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as Error).name !== "WorkerLostError") throw error;
    loaded.clear();
    adapted.clear();
    heads.clear();
    headFiles.clear();
    return work();
  }
}

/** What a trained model is, by its task. */
interface Trained {
  readonly classify: RemoteClassifier;
  readonly "multi-label": RemoteClassifier<string, true>;
  readonly regress: RemoteRegressor;
  readonly tokens: RemoteTokenClassifier;
}
type AnyTrained = Trained[Task];

const loaders: { readonly [T in Task]: (on: EncoderId, files: SavedFiles, adapter: string) => Promise<Trained[T]> } = {
  classify: async (on, files, adapter) =>
    (await client()).TextClassifier.load(await sharedEncoder(on), files, { adapter }),
  "multi-label": async (on, files, adapter) =>
    (await client()).TextClassifier.load<string, true>(await sharedEncoder(on), files, { adapter }),
  regress: async (on, files, adapter) =>
    (await client()).TextRegressor.load(await sharedEncoder(on), files, { adapter }),
  tokens: async (on, files, adapter) =>
    (await client()).TokenClassifier.load(await sharedEncoder(on), files, { adapter }),
};

/** Trained models by their run. */
const adapted = new Map<string, Promise<AnyTrained>>();
const heads = new Map<string, Promise<AnyTrained>>();
/** Names of a head-only model's files. */
const HEAD = ["head.safetensors", "labels.json"];
/** Files of the simple models that were fitted. */
const headFiles = new Map<string, Promise<SavedFiles>>();

/** The run's adapted model (adapter and head). */
export const adaptedOf = <T extends Task>(run: RunOf<T>): Promise<Trained[T]> =>
  once<string, AnyTrained>(adapted, run.id, () => loaders[taskOf(run)](encoderOf(run), run.files!, run.id)) as Promise<
    Trained[T]
  >;

/** All examples of a run, in the order of the file. */
export function examplesOf({ data }: RunOf<"classify">): Example[] {
  const lines = new TextDecoder().decode(data).split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Example);
}

/**
 * The untrained model's answer: the cosine similarity between a text's vector and that of each label's name,
 * the most similar first.
 */
export async function nearestNames(run: RunOf<"classify">, text: string): Promise<[label: string, cosine: number][]> {
  const { labels } = run;
  const encoder = await sharedEncoder(encoderOf(run));
  const vectors = await encoder.encode([text, ...labels], { normalize: true, adapter: null });
  const [asked, ...names] = vectors;
  const cosine = (name: Float32Array) => name.reduce((sum, value, i) => sum + value * asked![i]!, 0);
  return labels.map((label, i): [string, number] => [label, cosine(names[i]!)]).sort(([, a], [, b]) => b - a);
}

/** Every so many examples, one chooses thresholds. */
const CHOOSING = 5;

/**
 * A head for several labels whose thresholds are chosen, as those of the report were: on a fifth of the examples that are not tested on,
 * which it is not fitted to.
 */
async function thresholdHead(run: RunOf<"multi-label">): Promise<SavedFiles> {
  const tested = new Set(run.predictions.map(({ text }) => text));
  const lines = new TextDecoder().decode(run.data).split("\n").filter(Boolean);
  const examples = lines
    .map((line) => JSON.parse(line) as { readonly text: string; readonly label: readonly string[] })
    .filter(({ text }) => !tested.has(text))
    .map(({ text, label }) => ({ text, labels: [...label] }));
  const { TextClassifier } = await client();
  const classifier = await TextClassifier.create(await sharedEncoder(encoderOf(run)), {
    labels: [...run.report!.data.labels],
    multiLabel: true,
    lora: null,
    adapter: `${run.id}-thresholds`,
  });
  try {
    await classifier.fitHead(examples.filter((_, i) => i % CHOOSING > 0));
    await classifier.chooseThresholds(examples.filter((_, i) => i % CHOOSING === 0));
    return await classifier.save();
  } finally {
    await classifier.dispose();
  }
}

/**
 * The files of the run's head-only model: another run with the same data, seed and test, which fits only the head, in seconds. It needs no
 * validation, so that its head is fitted to those examples too.
 */
export const headFilesOf = (run: Run): Promise<SavedFiles> =>
  once(headFiles, run.id, async () => {
    if (isOf("multi-label", run) && run.report?.result.thresholdsFrom === "validation") return thresholdHead(run);
    const { memoryStore, runJob } = await client();
    const store = memoryStore();
    const sources = sourcesFrom({ encoder: encoderOf(run), dataOf: () => run.data });
    await runJob({ ...(run as RunOf<"classify">).spec, headOnly: true, device: "wasm" }, store, { sources });
    const files = store.files();
    return Object.fromEntries(HEAD.map((name) => [name, files[name]!]));
  });

/** The run's head-only model. */
export const headOf = <T extends Task>(run: RunOf<T>): Promise<Trained[T]> =>
  once<string, AnyTrained>(heads, run.id, async () =>
    loaders[taskOf(run)](encoderOf(run), await headFilesOf(run as Run), `${run.id}-head`),
  ) as Promise<Trained[T]>;

/** The run's adapted model, or its head-only one. */
export const modelOf = <T extends Task>(run: RunOf<T>, byHead: boolean): Promise<Trained[T]> =>
  byHead ? headOf(run) : adaptedOf(run);

/** Whether there is a head-only model: the report compares with it, and the examples are there. A loaded adapter has none. */
export function hasHead({ report, data }: Run): boolean {
  if (report === null || data.length === 0) return false;
  const { result } = report;
  return ("yardsticks" in result ? result.yardsticks.headOnly : result.headOnly) !== null;
}

/** Texts per call of the worker. Between calls, progress is reported and cancelling takes effect. */
const CHUNK = 64;

/** A model's predictions, in the order of the texts. */
export async function predictAll<P>(
  model: { predict(texts: readonly string[], options: { signal?: AbortSignal }): Promise<readonly P[]> },
  texts: readonly string[],
  onProgress: (done: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<P[]> {
  const all: P[] = [];
  for (let at = 0; at < texts.length; at += CHUNK) {
    signal?.throwIfAborted();
    all.push(...(await model.predict(texts.slice(at, at + CHUNK), { ...(signal && { signal }) })));
    onProgress(all.length);
  }
  return all;
}

/** Checks that files are of a task and for this model. Throws like `TextClassifier.load`. Returns the labels; none for numbers. */
export async function checkFiles(id: string, task: Task, files: SavedFiles, on: EncoderId): Promise<readonly string[]> {
  const model = await recovering(() => once<string, AnyTrained>(adapted, id, () => loaders[task](on, files, id)));
  return "labels" in model ? model.labels : [];
}

/** Disposes a run's models. */
export async function disposeRun(id: string): Promise<void> {
  headFiles.delete(id);
  for (const known of [adapted, heads]) {
    const there = known.get(id);
    known.delete(id);
    await there?.then((model) => model.dispose()).catch(() => undefined);
  }
}
