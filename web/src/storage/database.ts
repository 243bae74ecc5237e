import { signal } from "@preact/signals";

/** The Studio's database: the open table, and the record of each run. The files of runs are in their stores. */
const NAME = "lowrank-studio";
const stores = ["project", "runs"] as const;
type StoreName = (typeof stores)[number];

/** Whether the last write failed: storage is full, or it was cleared while the page is open. */
export const isUnstored = signal(false);

let opened: Promise<IDBDatabase | null> | undefined;

/** Null if the browser stores nothing, as in some private windows. */
function database(): Promise<IDBDatabase | null> {
  opened ??= new Promise<IDBDatabase | null>((resolve) => {
    if (typeof indexedDB === "undefined") return resolve(null);
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => stores.forEach((name) => request.result.createObjectStore(name));
    request.onsuccess = () => {
      // The browser closes it when the site's data are cleared. The next call makes a new one.
      request.result.onclose = () => (opened = undefined);
      resolve(request.result);
    };
    request.onerror = () => resolve(null);
    // If the browser denies storage, even the access throws.
  }).catch(() => null);
  return opened;
}

async function within<T>(name: StoreName, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>) {
  const db = await database();
  if (db === null) return undefined;
  return new Promise<T>((resolve, reject) => {
    const transaction = db.transaction(name, mode);
    const request = work(transaction.objectStore(name));
    let result!: T;
    request.onsuccess = () => void (result = request.result);
    // Writes commit at once, because a page that is being closed does not wait. Reads do not: a large value can arrive after the commit.
    if (mode === "readwrite") transaction.commit();
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
  });
}

/** What a browser that stores nothing has of this visit. */
const ofThisVisit: Readonly<Record<StoreName, Map<string, unknown>>> = { project: new Map(), runs: new Map() };

export const read = async <T>(name: StoreName, key: string) =>
  (await within<T | undefined>(name, "readonly", (store) => store.get(key) as IDBRequest<T | undefined>)) ??
  (ofThisVisit[name].get(key) as T | undefined);
export const readAll = async <T>(name: StoreName) =>
  (await within<T[]>(name, "readonly", (store) => store.getAll() as IDBRequest<T[]>)) ?? [];
export async function write(name: StoreName, key: string, value: unknown): Promise<void> {
  try {
    if ((await within(name, "readwrite", (store) => store.put(value, key))) === undefined)
      ofThisVisit[name].set(key, value);
    isUnstored.value = false;
  } catch (error) {
    isUnstored.value = true;
    throw error;
  }
}
export async function remove(name: StoreName, key: string): Promise<void> {
  ofThisVisit[name].delete(key);
  await within<undefined>(name, "readwrite", (store) => store.delete(key));
}
