import { FormatError } from "lowrank";
import { runFiles } from "lowrank/extension";
import { runStatus, type RunStatus, type RunStore } from "lowrank/jobs";
import type { AttemptPlace } from "./attempt-place.js";

/** What earlier attempts have left to an attempt. */
export type Left =
  /** The name of one that trained to its end, and was ended before it made that the result. */
  | { readonly finished: string }
  /** The step that the attempt goes on after; null where it begins. */
  | { readonly finished: null; readonly step: number | null };

/** What the name of an attempt ends with that could not go on from the checkpoint before it, and began anew. */
export const ANEW = "-anew";

/**
 * Looks for what earlier attempts have left. The last checkpoint is put into the attempt's store, so that it goes on from there. Those
 * attempts may still be running somewhere: nothing of theirs is changed.
 * @param isOwn whether a report is of this job's training
 */
export async function goOnFromLast(
  place: AttemptPlace,
  attempt: string,
  isOwn: (report: Uint8Array) => boolean,
): Promise<Left> {
  for (;;) {
    let last: { readonly store: RunStore; readonly step: number } | null = null;
    for (const name of await place.attempts()) {
      if (name === attempt) continue;
      const store = place.store(name);
      const status = await unlessDamaged(() => runStatus(store));
      if (await isFinished(status, store, isOwn)) return { finished: name };
      const step = status?.step ?? null;
      // What was begun anew counts for more than what lies before it, however far that had come.
      if (step !== null && (last === null || step >= last.step || name.endsWith(ANEW))) last = { store, step };
    }
    if (last === null) return { finished: null, step: null };
    const blobs: Record<string, Uint8Array> = {};
    // The history first has what a checkpoint speaks of, so it is read behind it.
    for (const blob of [runFiles.checkpoint, runFiles.history, runFiles.record]) {
      const bytes = await last.store.read(blob);
      if (bytes !== null) blobs[blob] = bytes;
    }
    // Else its attempt has just ended, and taken the checkpoint away.
    if (blobs[runFiles.checkpoint] !== undefined) {
      await place.store(attempt).write(blobs);
      return { finished: null, step: last.step };
    }
  }
}

async function isFinished(status: RunStatus | null, store: RunStore, isOwn: (report: Uint8Array) => boolean) {
  if (status?.status !== "finished") return false;
  const report = await store.read(runFiles.report);
  return report !== null && isOwn(report);
}

/** What an attempt left that was killed in an odd moment is no reason to fail. */
async function unlessDamaged<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}
