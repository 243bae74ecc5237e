import { signal } from "@preact/signals";
import { memoryStore, opfsStore } from "lowrank/worker";

export type SavedFiles = Readonly<Record<string, Uint8Array>>;

/** The store of a run's checkpoints and results. */
export interface StudioStore {
  readonly store: ReturnType<typeof opfsStore> | ReturnType<typeof memoryStore>;
  files(): Promise<SavedFiles>;
  discard(): Promise<void>;
}

/** Whether stored data outlive the page. */
export const storesLast = async (): Promise<boolean> => {
  try {
    await navigator.storage.getDirectory();
    return true;
  } catch {
    return false;
  }
};

const inMemory = new Map<string, ReturnType<typeof memoryStore>>();
/** Runs that are in memory because the browser's storage was full. */
export const unstoredRuns = signal<ReadonlySet<string>>(new Set());

/** The store of a run: the origin private file system if available and not full, otherwise memory. */
export async function storeOf(id: string): Promise<StudioStore> {
  const last = await storesLast();
  if (last && !inMemory.has(id)) {
    const store = opfsStore(id);
    return { store, files: () => store.files(), discard: () => store.discard() };
  }
  const store = inMemory.get(id) ?? memoryStore();
  inMemory.set(id, store);
  const discard = async () => {
    inMemory.delete(id);
    unstoredRuns.value = new Set([...unstoredRuns.value].filter((one) => one !== id));
    if (last) await opfsStore(id).discard();
  };
  return { store, files: async () => store.files(), discard };
}

/**
 * Runs a job in the store of its run. If the browser's storage is full, the job continues in memory from its last checkpoint: the results
 * can be downloaded, and are lost with the page. Returns the job's result and all files of its store.
 */
export async function runIn<T>(
  id: string,
  job: (store: StudioStore["store"]) => Promise<T>,
): Promise<{ readonly result: T; readonly files: SavedFiles }> {
  const { store, files } = await storeOf(id);
  try {
    return { result: await job(store), files: await files() };
  } catch (error) {
    // In memory already, there was no room for something else, such as the model.
    if ((error as Error).name !== "QuotaError" || inMemory.has(id)) throw error;
    inMemory.set(id, memoryStore(await files()));
    unstoredRuns.value = new Set([...unstoredRuns.value, id]);
    return runIn(id, job);
  }
}
