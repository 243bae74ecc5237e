import { memoryStore, opfsStore } from "lowrank/worker";

export type SavedFiles = Readonly<Record<string, Uint8Array>>;

/** Where a run's checkpoints and results are. */
export interface StudioStore {
  readonly store: ReturnType<typeof opfsStore> | ReturnType<typeof memoryStore>;
  files(): Promise<SavedFiles>;
  discard(): Promise<void>;
}

/** Whether what is kept outlives the page. */
export const storesLast = async (): Promise<boolean> => {
  try {
    await navigator.storage.getDirectory();
    return true;
  } catch {
    return false;
  }
};

const inMemory = new Map<string, ReturnType<typeof memoryStore>>();

/** The store of a run: in the private file system, else in the page's memory. */
export async function storeOf(id: string): Promise<StudioStore> {
  if (await storesLast()) {
    const store = opfsStore(id);
    return { store, files: () => store.files(), discard: () => store.discard() };
  }
  const store = inMemory.get(id) ?? memoryStore();
  inMemory.set(id, store);
  return { store, files: async () => store.files(), discard: async () => void inMemory.delete(id) };
}
