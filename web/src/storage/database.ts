/** What the studio remembers by itself: the table that is worked on, and what is known of each run. Runs' files lie in their stores. */
const NAME = "lowrank-studio";
const stores = ["project", "runs"] as const;
type StoreName = (typeof stores)[number];

let opened: Promise<IDBDatabase | null> | undefined;

/** Null where the browser keeps nothing, as in some private windows: then all goes with the page. */
function database(): Promise<IDBDatabase | null> {
  opened ??= new Promise<IDBDatabase | null>((resolve) => {
    if (typeof indexedDB === "undefined") return resolve(null);
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => stores.forEach((name) => request.result.createObjectStore(name));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null);
    // Where a site may keep nothing, even asking for it throws.
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
    // A page that is about to be left waits for no answer; a large value that is read comes after its transaction was told to end.
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
