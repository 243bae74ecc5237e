import { type RemoteClassifier, type RemoteEncoder, SentenceEncoder, TextClassifier } from "lowrank/worker";
import type { Run } from "../state/runs.js";
import { type Download, findModel } from "./model.js";
import type { Example } from "./parts.js";
import type { SavedFiles } from "./stores.js";

export interface Prediction {
  readonly text: string;
  readonly label: string;
  readonly probability: number;
  readonly probabilities: Readonly<Record<string, number>>;
}

let encoder: Promise<RemoteEncoder> | undefined;

/** The encoder that all classifiers on this page share. */
export function sharedEncoder(onDownload?: (progress: Download) => void): Promise<RemoteEncoder> {
  encoder ??= findModel({ ...(onDownload && { onDownload }) }).then((model) => SentenceEncoder.load(model));
  encoder.catch(() => (encoder = undefined));
  return encoder;
}

/** Calls `work`, and once more if the worker was lost: a browser may end a worker, and then everything in it is loaded again. */
export async function recovering<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as Error).name !== "WorkerLostError") throw error;
    encoder = undefined;
    adapted.clear();
    heads.clear();
    return work();
  }
}

/** Classifiers by their run. */
const adapted = new Map<string, Promise<RemoteClassifier>>();
const heads = new Map<string, Promise<RemoteClassifier>>();

function once(known: typeof adapted, id: string, make: () => Promise<RemoteClassifier>): Promise<RemoteClassifier> {
  const there = known.get(id);
  if (there !== undefined) return there;
  const made = make();
  known.set(id, made);
  made.catch(() => known.delete(id));
  return made;
}

/** The run's adapted classifier (adapter and head). */
export const adaptedOf = (run: Run): Promise<RemoteClassifier> =>
  once(adapted, run.id, async () => TextClassifier.load(await sharedEncoder(), run.files!, { adapter: run.id }));

/** All examples of a run, in the order of the file. */
export function examplesOf({ data }: Run): Example[] {
  const lines = new TextDecoder().decode(data).split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Example);
}

/** The examples that were not used for the test. */
function learntOf(run: Run): Example[] {
  const tested = new Set(run.predictions.map(({ text }) => text));
  return examplesOf(run).filter(({ text }) => !tested.has(text));
}

/**
 * The untrained model's answer: the cosine similarity between a text's vector and that of each label's name,
 * the most similar first.
 */
export async function nearestNames(
  labels: readonly string[],
  text: string,
): Promise<[label: string, cosine: number][]> {
  const encoder = await sharedEncoder();
  const vectors = await encoder.encode([text, ...labels], { normalize: true, adapter: null });
  const [asked, ...names] = vectors;
  const cosine = (name: Float32Array) => name.reduce((sum, value, i) => sum + value * asked![i]!, 0);
  return labels.map((label, i): [string, number] => [label, cosine(names[i]!)]).sort(([, a], [, b]) => b - a);
}

/** The head-only model, trained on the run's training examples. */
export const headOf = (run: Run, onProgress?: (done: number, total: number) => void): Promise<RemoteClassifier> =>
  once(heads, run.id, async () => {
    const labels = [...run.report!.data.labels];
    const classifier = await TextClassifier.create(await sharedEncoder(), {
      labels,
      lora: null,
      adapter: `${run.id}-head`,
    });
    const told = (event: unknown) => {
      const { done, total } = event as { done?: number; total?: number };
      if (done !== undefined && total !== undefined) onProgress?.(done, total);
    };
    await classifier.fitHead(learntOf(run), { onProgress: told });
    return classifier;
  });

/** Whether a head-only model can be trained. A loaded adapter has no examples. */
export const hasHead = (run: Run): boolean => run.report !== null && run.data.length > 0;

/** Texts per call of the worker. Between calls, progress is reported and cancelling takes effect. */
const CHUNK = 64;

/** A classifier's predictions, in the order of the texts. */
export async function predictAll(
  classifier: RemoteClassifier,
  texts: readonly string[],
  onProgress: (done: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Prediction[]> {
  const all: Prediction[] = [];
  for (let at = 0; at < texts.length; at += CHUNK) {
    signal?.throwIfAborted();
    all.push(...(await classifier.predict(texts.slice(at, at + CHUNK), { ...(signal && { signal }) })));
    onProgress(all.length);
  }
  return all;
}

/** Checks that files are a classifier for this model. Throws like `TextClassifier.load`. */
export async function checkFiles(id: string, files: SavedFiles): Promise<readonly string[]> {
  const load = () => once(adapted, id, async () => TextClassifier.load(await sharedEncoder(), files, { adapter: id }));
  return (await recovering(load)).labels;
}

/** Disposes a run's classifiers. */
export async function disposeRun(id: string): Promise<void> {
  for (const known of [adapted, heads]) {
    const there = known.get(id);
    known.delete(id);
    await there?.then((classifier) => classifier.dispose()).catch(() => undefined);
  }
}
