import { FormatError } from "../../errors/errors.js";
import { runFiles, type RunStore } from "../../jobs/store/run-store.js";
import { runStatus } from "../../jobs/store/run-status.js";
import type { AttemptPlace } from "./attempt-place.js";

/**
 * Puts the last checkpoint that earlier attempts have left into an attempt's store, so that it goes on from there. Those
 * attempts may still be running somewhere: nothing of theirs is changed.
 * @returns the step it goes on after; null where it begins
 */
export async function goOnFromLast(place: AttemptPlace, attempt: string): Promise<number | null> {
  let last: { readonly store: RunStore; readonly step: number } | null = null;
  for (const name of await place.attempts()) {
    if (name === attempt) continue;
    const store = place.store(name);
    const step = (await unlessDamaged(() => runStatus(store)))?.step ?? null;
    if (step !== null && (last === null || step >= last.step)) last = { store, step };
  }
  if (last === null) return null;
  const blobs: Record<string, Uint8Array> = {};
  // The history first has what a checkpoint speaks of, so it is read behind it.
  for (const blob of [runFiles.checkpoint, runFiles.history, runFiles.record]) {
    const bytes = await last.store.read(blob);
    if (bytes !== null) blobs[blob] = bytes;
  }
  // Its attempt may have ended, and taken the checkpoint away.
  if (blobs[runFiles.checkpoint] === undefined) return null;
  await place.store(attempt).write(blobs);
  return last.step;
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
