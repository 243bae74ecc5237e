import { throwIfAborted } from "../../waiting/abort.js";

/** The last in each queue, for runtimes without Web Locks, where nothing is shared with other tabs. */
const queues = new Map<string, Promise<unknown>>();

/** Runs `body` while no other call has the lock of that name, in this tab or another one of the same origin. */
export async function withLock<T>(name: string, signal: AbortSignal | undefined, body: () => Promise<T>): Promise<T> {
  throwIfAborted(signal);
  const { locks } = (globalThis as Partial<typeof globalThis>).navigator ?? {};
  try {
    if (locks !== undefined) return await locks.request(name, { ...(signal && { signal }) }, body);
    const turn = (queues.get(name) ?? Promise.resolve()).catch(() => undefined).then(body);
    queues.set(name, turn);
    return await turn;
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

/** Takes the lock of that name until the returned function is called, or the page or worker ends; null if it is locked. Needs Web Locks. */
export function takeLock(name: string): Promise<(() => void) | null> {
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock === null) return resolve(null);
      return new Promise<void>((release) => resolve(release));
    });
    held.catch(reject);
  });
}
