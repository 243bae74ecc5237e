import { isCleared, isIncomplete } from "../state/training-errors.js";
import { storesLast, unstoredRuns } from "../storage/lasting.js";
import { type Client, client } from "./client.js";
import { storeForOffline } from "./offline-copy.js";

export type SavedFiles = Readonly<Record<string, Uint8Array>>;

/** The store of a run's checkpoints and results. */
export interface StudioStore {
  readonly store: ReturnType<Client["opfsStore" | "memoryStore"]>;
  files(): Promise<SavedFiles>;
  discard(): Promise<void>;
}

const inMemory = new Map<string, ReturnType<Client["memoryStore"]>>();

/** The store of a run: the origin private file system if available and not full, otherwise memory. */
export async function storeOf(id: string): Promise<StudioStore> {
  const [last, { memoryStore, opfsStore }] = await Promise.all([storesLast(), client()]);
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
 * can be downloaded, and are lost with the page. If the browser has deleted what the page stored, a later attempt can succeed. Returns the
 * job's result and all files of its store.
 */
export async function runIn<T>(
  id: string,
  job: (store: StudioStore["store"]) => Promise<T>,
): Promise<{ readonly result: T; readonly files: SavedFiles }> {
  const { store, files, discard } = await storeOf(id);
  try {
    return { result: await job(store), files: await files() };
  } catch (error) {
    if (isCleared(error)) await storeForOffline();
    // Otherwise every later attempt would fail as this one did. The next one starts at the first step.
    if (isIncomplete(error)) await discard().catch(() => undefined);
    // In memory already, there was no room for something else, such as the model.
    if ((error as Error).name !== "QuotaError" || inMemory.has(id)) throw error;
    const { memoryStore } = await client();
    inMemory.set(id, memoryStore(await files()));
    unstoredRuns.value = new Set([...unstoredRuns.value, id]);
    return runIn(id, job);
  }
}
