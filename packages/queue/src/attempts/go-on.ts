import { FormatError } from "lowrank";
import { runFiles } from "lowrank/extension";
import { runStatus, type RunStatus, type RunStore } from "lowrank/jobs";
import { ANEW } from "./job-attempts.js";
import type { AttemptPlace } from "./attempt-place.js";

/** Work of earlier attempts that an attempt can use. */
export type Left =
  /** Name of an attempt that finished training but did not publish its result. */
  | { readonly finished: string }
  /** The step after which the attempt continues; null if it starts from the beginning. */
  | { readonly finished: null; readonly step: number | null };

/**
 * Looks for the work of earlier attempts, and copies the last checkpoint into this attempt's store. Earlier
 * attempts may still be running, so their files are not changed.
 * @param isOwn whether a report, of that name in messages, belongs to this job's training; throws `FormatError` if it is damaged
 */
export async function goOnFromLast(
  place: AttemptPlace,
  attempt: string,
  isOwn: (report: Uint8Array, name: string) => boolean,
): Promise<Left> {
  for (;;) {
    let last: { readonly store: RunStore; readonly step: number; readonly finalStep: number } | null = null;
    for (const name of await place.attempts()) {
      if (name === attempt) continue;
      const store = place.store(name);
      const status = await unlessDamaged(() => runStatus(store));
      if (await isFinished(status, store, isOwn)) return { finished: name };
      const step = status?.step ?? null;
      const finalStep = status?.finalFit?.step ?? -1;
      // An attempt that started from the beginning counts more than earlier ones, even if they had more steps.
      const isFurther =
        last === null ||
        step! > last.step ||
        (step === last.step && finalStep >= last.finalStep) ||
        name.endsWith(ANEW);
      if (step !== null && isFurther) last = { store, step, finalStep };
    }
    if (last === null) return { finished: null, step: null };
    const blobs: Record<string, Uint8Array> = {};
    // The history is written before the checkpoint, so it is read after it.
    const { checkpoint, history, record, finalCheckpoint, finalHistory } = runFiles;
    for (const blob of [finalCheckpoint, finalHistory, checkpoint, history, record]) {
      const bytes = await last.store.read(blob);
      if (bytes !== null) blobs[blob] = bytes;
    }
    // Otherwise the attempt has just ended and removed its checkpoint.
    if (blobs[runFiles.checkpoint] !== undefined) {
      await place.store(attempt).write(blobs);
      return { finished: null, step: last.step };
    }
  }
}

async function isFinished(
  status: RunStatus | null,
  store: RunStore,
  isOwn: (report: Uint8Array, name: string) => boolean,
) {
  if (status?.status !== "finished") return false;
  const report = await store.read(runFiles.report);
  const name = store.place(runFiles.report);
  return report !== null && (await unlessDamaged(() => isOwn(report, name))) === true;
}

/** Damaged files of a killed attempt are ignored. */
async function unlessDamaged<T>(read: () => T | Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}
