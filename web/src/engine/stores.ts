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

/** The store of a run: the origin private file system if available, otherwise memory. */
export async function storeOf(id: string): Promise<StudioStore> {
  if (await storesLast()) {
    const store = opfsStore(id);
    return { store, files: () => store.files(), discard: () => store.discard() };
  }
  const store = inMemory.get(id) ?? memoryStore();
  inMemory.set(id, store);
  return { store, files: async () => store.files(), discard: async () => void inMemory.delete(id) };
}
