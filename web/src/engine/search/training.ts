import { runJob } from "lowrank/worker";
import type { PairsJobResult, PairsJobSpec, PairsResult } from "lowrank/jobs";
import { splitPairs, type TextPair } from "./split.js";
import { remove } from "../../storage/database.js";
import { findModel, forgetModel } from "../model.js";
import { type StoredRun, storedTraining } from "../stored-training.js";
import { type SavedFiles, storeOf } from "../stores.js";

/** A training of the search, stored for the next visit. */
export interface SearchRun extends StoredRun {
  readonly id: string;
  /** Name of its table. */
  readonly name: string;
  readonly spec: PairsJobSpec;
  /** Its pairs as JSON Lines, by the names in its spec. */
  readonly data: Readonly<Record<string, Uint8Array>>;
  /** Questions that it was tested with, and not trained on. */
  readonly heldOut: readonly string[];
  readonly result: PairsResult | null;
  /** The range in which NDCG@10 most likely lies on other questions (95 %). */
  readonly interval: readonly [number, number] | null;
  /** Whether no step was better than the base model on the pairs that choose it, so that the adapter changes nothing. */
  readonly isUnchanged: boolean;
  /** A folder of sentence-transformers with the adapter. */
  readonly files: SavedFiles | null;
}

/** How long to train: the recommended number of steps, or a few to see whether it works. */
export type Effort = "quick" | "normal";

const KEY = "search run";
const training = storedTraining<SearchRun>(KEY);
const { remember } = training;
export const { run: searchRun, progress: searchTraining, problem: trainProblem } = training;
export const { find: findSearchRun, pause: pauseSearch } = training;
/** Of the run's blobs, those that are no result. */
const NOT_SAVED = /^(checkpoint\.|run\.json|report\.json|loss\.svg)/;
const QUICK = { steps: 30, batchSize: 16, evaluateEvery: 10 };
const [TRAIN, HELD_OUT] = ["pairs.jsonl", "held-out.jsonl"];

/** Deletes the run and its adapter. */
export async function forgetSearchRun(): Promise<void> {
  const now = searchRun.value;
  if (now === null || searchTraining.value !== null) return;
  searchRun.value = null;
  trainProblem.value = null;
  await (await storeOf(now.id)).discard().catch(() => undefined);
  await remove("project", KEY).catch(() => undefined);
}

/** Trains on pairs, in place of an earlier run. */
export async function trainSearch(name: string, pairs: readonly TextPair[], effort: Effort): Promise<void> {
  if (searchTraining.value !== null) return;
  await forgetSearchRun();
  const { train, heldOut } = splitPairs(pairs);
  const lines = (rows: readonly TextPair[]) =>
    new TextEncoder().encode(
      rows.map(({ question, answer }) => `${JSON.stringify({ anchor: question, positive: answer })}\n`).join(""),
    );
  const spec: PairsJobSpec = {
    ...{ task: "pairs", model: "all-MiniLM-L6-v2", data: TRAIN, test: HELD_OUT },
    ...(effort === "quick" && QUICK),
  };
  await goOnSearch({
    ...{ id: `search-${Date.now().toString(36)}`, name, spec, status: "training" },
    data: { [TRAIN]: lines(train), [HELD_OUT]: lines(heldOut) },
    heldOut: [...new Set(heldOut.map(({ question }) => question))],
    ...{ training: [], validation: [], result: null, interval: null, isUnchanged: false, files: null },
  });
}

/** Starts or continues a run. */
export async function goOnSearch(given: SearchRun): Promise<void> {
  if (searchTraining.value !== null) return;
  const { started, signal } = training.start(given);
  try {
    await remember(started);
    const { store, files: filesOf } = await storeOf(given.id);
    const { report } = (await runJob(given.spec, store, {
      signal,
      onProgress: training.hear,
      sources: {
        // The worker finds a cached model by its name.
        findModel: async (_name, { onDownload }) => (await findModel({ signal, onDownload })) as never,
        readData: async (name) => ({ name, bytes: given.data[name]! }),
        machine: () => ({ userAgent: navigator.userAgent }),
      },
    })) as PairsJobResult;
    const saved = Object.entries(await filesOf()).filter(([file]) => !NOT_SAVED.test(file));
    const { result, metrics } = report;
    const { interval = null } = metrics["ndcg@10"] ?? {};
    const isUnchanged = report.evaluation?.best.step === 0;
    const files = Object.fromEntries(saved);
    await remember({ ...searchRun.value!, status: "finished", result, interval, isUnchanged, files });
  } catch (error) {
    if (!signal.aborted) trainProblem.value = error;
    // Otherwise every later call would find the damaged file again.
    if ((error as Error).name === "FormatError") await forgetModel().catch(() => undefined);
    await remember({ ...searchRun.value!, status: "paused" }).catch(() => undefined);
  } finally {
    searchTraining.value = null;
  }
}
