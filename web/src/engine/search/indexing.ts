import { computed, effect, signal, untracked } from "@preact/signals";
import { type EncoderId, encoderNamed } from "../encoders.js";
import { isSearchable, texts } from "./collection.js";
import { choice, encoder } from "./encoder.js";
import { addVectors, createIndex } from "./indexes.js";
import { recordOf } from "./saved-search.js";
import { searchRun } from "./training.js";
import { forgetAdapter, type SearchAdapter, vectorsOf } from "./vectors.js";

/** Progress of making an index. */
export interface Indexing {
  readonly index: "base" | "adapted";
  readonly done: number;
  readonly total: number;
  /** Estimated from the texts so far; null at first. */
  readonly secondsLeft: number | null;
}

export const indexing = signal<Indexing | null>(null);
export const indexProblem = signal<unknown>(null);
/** Whether the base model's index is there. */
export const indexed = signal(false);
/** The adapter whose index is there too; null for none. */
export const indexedAdapter = signal<SearchAdapter | null>(null);
/** The adapter of the finished run. */
const trained = computed((): SearchAdapter | null => {
  const run = searchRun.value;
  if (run?.status !== "finished" || run.files === null) return null;
  return { name: run.id, encoder: encoderNamed(run.spec.model), files: run.files };
});
/** Whether the finished run adapts another model than the one that reads the texts, so that it cannot be used with it. */
export const isOfOtherModel = computed(() => trained.value !== null && trained.value.encoder !== encoder.value);
/** The adapter of the finished run, if it is one of the model that reads the texts. */
export const adapter = computed(() => (isOfOtherModel.value ? null : trained.value));

/** Texts per call of the encoder. */
const CHUNK = 256;
let making: AbortController | null = null;

/** Encodes the texts with the base model, unless that is done, and with the adapter if there is one; nothing before a model is chosen. */
export async function makeIndexes(): Promise<void> {
  making?.abort();
  if (choice.value !== "made") return;
  const own = new AbortController();
  making = own;
  indexProblem.value = null;
  try {
    if (isSearchable.value && !indexed.value) {
      await fill("base", encoder.value, own.signal);
      indexed.value = true;
    }
    const now = adapter.value;
    if (indexed.value && now !== null) {
      await fill("adapted", now, own.signal);
      indexedAdapter.value = now;
    }
  } catch (error) {
    if (!own.signal.aborted) indexProblem.value = error;
  } finally {
    if (making === own) indexing.value = making = null;
  }
}

export const stopIndexing = (): void => making?.abort();

/** Signal values that the effects below have seen. */
let [known, reader, used]: [typeof texts.value, EncoderId | null, SearchAdapter | null] = [null, null, null];
let isMade = false;

// Other texts, another model, or another adapter: a run has finished, was restored or was deleted. Or a model was chosen.
effect(() => {
  const [now, by, own, made] = [texts.value, encoder.value, adapter.value, choice.value === "made"];
  untracked(() => {
    if (now === known && by === reader && own?.name === used?.name && made === isMade) return;
    if (now !== known || by !== reader) indexed.value = false;
    if (used !== null && used.name !== own?.name) forgetAdapter(used.name);
    [known, reader, used, isMade] = [now, by, own, made];
    indexedAdapter.value = null;
    indexing.value = null;
    void makeIndexes();
  });
});

async function fill(index: Indexing["index"], by: EncoderId | SearchAdapter, signal: AbortSignal): Promise<void> {
  const all = texts.value!.texts;
  const total = all.length;
  const began = performance.now();
  const show = (done: number) => {
    if (signal.aborted) return;
    const seconds = (performance.now() - began) / 1000;
    const secondsLeft = seconds > 3 && done > 0 ? (seconds / done) * (total - done) : null;
    indexing.value = { index, done, total, secondsLeft };
  };
  show(0);
  for (let at = 0; at < total; at += CHUNK) {
    const some = all.slice(at, at + CHUNK);
    const vectors = await vectorsOf(some, by, { signal, onProgress: (done) => show(at + done) });
    signal.throwIfAborted();
    if (at === 0) await createIndex(index, vectors[0]!.length, await recordOf(by));
    signal.throwIfAborted();
    await addVectors(index, at, vectors);
    signal.throwIfAborted();
    show(at + some.length);
  }
}
