import { signal } from "@preact/signals";

/** Ids of the runs that another tab trains now. */
export const elsewhere = signal<ReadonlySet<string>>(new Set());

/** The Web Lock of a run. The tab that trains it has it exclusively; tabs that wait for its end share it. */
const lockOf = (id: string) => `lowrank-studio training ${id}`;
/** Missing where the page is not served securely. Nothing is shared with other tabs there. */
const locksOf = () => (navigator as { readonly locks?: LockManager }).locks;
/** Milliseconds to wait for a lock. Tabs that share it let go of it at once. */
const SOON = 500;

/** Waits for the end of a training in another tab, which stored what there is of the run. */
function awaitEnd(id: string, onEnd: () => void): void {
  if (elsewhere.value.has(id)) return;
  elsewhere.value = new Set([...elsewhere.value, id]);
  void locksOf()!
    .request(lockOf(id), { mode: "shared" }, () => undefined)
    .then(() => {
      elsewhere.value = new Set([...elsewhere.value].filter((other) => other !== id));
      onEnd();
    });
}

/** Adds a run to `elsewhere` if another tab trains it. This tab must not. `onEnd` is called when that has ended. */
export async function lookElsewhere(id: string, onEnd: () => void): Promise<void> {
  const { held = [] } = (await locksOf()?.query()) ?? {};
  if (held.some(({ name, mode }) => name === lockOf(id) && mode === "exclusive")) awaitEnd(id, onEnd);
}

/**
 * Works on a run that no other tab trains or deletes meanwhile. If one does, nothing happens but that the run is `elsewhere` until `onEnd`,
 * and the result is null.
 */
export async function onlyHere<T>(id: string, onEnd: () => void, work: () => Promise<T>): Promise<T | null> {
  const locks = locksOf();
  if (locks === undefined) return work();
  let isMine = false;
  try {
    return await locks.request(lockOf(id), { signal: AbortSignal.timeout(SOON) }, () => {
      isMine = true;
      return work();
    });
  } catch (error) {
    if (isMine) throw error;
    awaitEnd(id, onEnd);
    return null;
  }
}
