/** The Studio's database: the open table, and the record of each run. The files of runs are in their stores. */
const NAME = "lowrank-studio";
const stores = ["project", "runs"] as const;
type StoreName = (typeof stores)[number];

let opened: Promise<IDBDatabase | null> | undefined;

/** Null if the browser stores nothing, as in some private windows. */
function database(): Promise<IDBDatabase | null> {
  opened ??= new Promise<IDBDatabase | null>((resolve) => {
    if (typeof indexedDB === "undefined") return resolve(null);
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => stores.forEach((name) => request.result.createObjectStore(name));
    request.onsuccess = () => resolve(request.result);
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

export const read = <T>(name: StoreName, key: string) =>
  within<T | undefined>(name, "readonly", (store) => store.get(key) as IDBRequest<T | undefined>);
export const readAll = async <T>(name: StoreName) =>
  (await within<T[]>(name, "readonly", (store) => store.getAll() as IDBRequest<T[]>)) ?? [];
export const write = (name: StoreName, key: string, value: unknown) =>
  within(name, "readwrite", (store) => store.put(value, key));
export const remove = (name: StoreName, key: string) =>
  within<undefined>(name, "readwrite", (store) => store.delete(key));
