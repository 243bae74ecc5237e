import { AbortError, FormatError } from "lowrank";
import { type JobSettings, parseJsonObject, readCheckpoint, runFiles } from "lowrank/extension";
import type { JobListener, RunReport, RunStore } from "lowrank/jobs";
import { type LowrankWorker, runJob } from "lowrank/worker";

/** Progress of a run, and its validation losses. */
export interface Standing {
  /** Finished optimizer steps. */
  readonly step: number;
  readonly finished: boolean;
  /** Validation losses by step. */
  readonly measured: readonly { readonly step: number; readonly value: number }[];
}

/** Options of the run. */
interface Running {
  readonly worker: LowrankWorker;
  readonly signal: AbortSignal;
  readonly onProgress: JobListener;
}

/**
 * Starts or continues a job until its validation after `until` steps, and leaves its checkpoint in the store. Null: to its
 * end. Throws like `runJob`.
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
    // The caller handles a lost worker, because it may have another one.
    const both = AbortSignal.any([signal, enough.signal]);
    await runJob(settings, store, { worker, signal: both, onProgress: heard, restarts: 0 });
  } catch (error) {
    if (!(error instanceof AbortError) || !enough.signal.aborted || signal.aborted) throw error;
  }
}

/** Progress of the run in a store; null without checkpoint and result. Throws `FormatError` for damaged files. */
export async function standingOf(store: Pick<RunStore, "read" | "place">): Promise<Standing | null> {
  const resumed = await readCheckpoint(store);
  if (resumed !== null) {
    const { step, evaluation } = resumed.checkpoint;
    return { step, finished: false, measured: evaluation?.measured ?? [] };
  }
  const bytes = await store.read(runFiles.report);
  return bytes && standingIn(bytes, store.place(runFiles.report));
}

/** Progress of a finished run, from its report. */
export function standingIn(report: Uint8Array, place: string): Standing {
  const fail = (problem: string) => new FormatError(`${place}: ${problem}`, { file: place });
  const { steps, evaluation } = parseJsonObject(report, fail) as unknown as Partial<RunReport>;
  if (!Array.isArray(steps)) throw fail("it has no list of steps");
  return { step: steps.length, finished: true, measured: evaluation?.measured ?? [] };
}

/** The lowest validation loss up to a step; infinity without a validation. */
export function lowestUpTo({ measured }: Pick<Standing, "measured">, until: number): number {
  const losses = measured.filter(({ step, value }) => step > 0 && step <= until && Number.isFinite(value));
  return losses.reduce((lowest, { value }) => Math.min(lowest, value), Infinity);
}
