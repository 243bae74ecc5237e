import { AbortError, FormatError } from "lowrank";
import { type JobSettings, parseJsonObject, readCheckpoint, runFiles } from "lowrank/extension";
import type { JobListener, RunReport, RunStore } from "lowrank/jobs";
import { type LowrankWorker, runJob } from "lowrank/worker";

/** How far a run has come, and its losses on what is held out. */
export interface Standing {
  /** Optimizer steps done. */
  readonly step: number;
  readonly finished: boolean;
  /** By steps done. */
  readonly measured: readonly { readonly step: number; readonly value: number }[];
}

/** How it is run. */
interface Running {
  readonly worker: LowrankWorker;
  readonly signal: AbortSignal;
  readonly onProgress: JobListener;
}

/**
 * Runs a job, from where it stands, until it has been measured after `until` steps; its checkpoint then lies in the store. Null: to its
 * end. Errors as `runJob`.
 */
export async function runUntil(
  settings: JobSettings,
  store: RunStore,
  until: number | null,
  { worker, signal, onProgress }: Running,
): Promise<void> {
  if (until !== null) {
    const there = await standingOf(store);
    if (there !== null && (there.finished || there.measured.some(({ step }) => step >= until))) return;
  }
  const enough = new AbortController();
  const heard: JobListener = (event) => {
    onProgress(event);
    if (event.type === "evaluation" && until !== null && event.step >= until) enough.abort();
  };
  try {
    // A worker that dies is the caller's matter: it may have another one, and another place.
    const both = AbortSignal.any([signal, enough.signal]);
    await runJob(settings, store, { worker, signal: both, onProgress: heard, restarts: 0 });
  } catch (error) {
    if (!(error instanceof AbortError) || !enough.signal.aborted || signal.aborted) throw error;
  }
}

/** How far the run in a store has come; null where it has no checkpoint and no result. Throws `FormatError` for damaged files. */
export async function standingOf(store: Pick<RunStore, "read" | "place">): Promise<Standing | null> {
  const resumed = await readCheckpoint(store);
  if (resumed !== null) {
    const { step, evaluation } = resumed.checkpoint;
    return { step, finished: false, measured: evaluation?.measured ?? [] };
  }
  const bytes = await store.read(runFiles.report);
  return bytes && standingIn(bytes, store.place(runFiles.report));
}

/** The same of a finished run, by its report. */
export function standingIn(report: Uint8Array, place: string): Standing {
  const fail = (problem: string) => new FormatError(`${place}: ${problem}`, { file: place });
  const { steps, evaluation } = parseJsonObject(report, fail) as unknown as Partial<RunReport>;
  if (!Array.isArray(steps)) throw fail("it has no list of steps");
  return { step: steps.length, finished: true, measured: evaluation?.measured ?? [] };
}

/** The lowest loss up to a step: what is kept by then; infinity where none was measured. */
export function lowestUpTo({ measured }: Pick<Standing, "measured">, until: number): number {
  const losses = measured.filter(({ step, value }) => step > 0 && step <= until && Number.isFinite(value));
  return losses.reduce((lowest, { value }) => Math.min(lowest, value), Infinity);
}
