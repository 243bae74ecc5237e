import { QuotaError } from "../../errors/errors.js";
import { throwIfAborted } from "../../waiting/abort.js";

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Bytes that this origin uses and may use; null if the browser does not say. */
async function room(): Promise<{ readonly used: number; readonly maximum: number } | null> {
  const { storage } = (globalThis as Partial<typeof globalThis>).navigator ?? {};
  if (typeof storage?.estimate !== "function") return null;
  const { usage, quota } = await storage.estimate().catch((): StorageEstimate => ({}));
  return usage === undefined || quota === undefined ? null : { used: usage, maximum: quota };
}

function quotaError(requested: number, found: Awaited<ReturnType<typeof room>>, cause?: unknown): QuotaError {
  const available = found && Math.max(0, found.maximum - found.used);
  const free = available === null ? "how many are free it does not say" : `${megabytes(available)} are free`;
  // Browsers report round numbers to hide a disk's size, so they may refuse less than this.
  const given = cause === undefined || available === null ? free : `and no more are given, though it says that ${free}`;
  return new QuotaError(
    `this browser's storage: ${megabytes(requested)} more are needed, ${given}; clearCache() frees what models take`,
    { requested, available, used: found?.used ?? null, maximum: found?.maximum ?? null },
    { cause },
  );
}

/** Throws `QuotaError` if the browser reports no space for this many more bytes. */
export async function checkRoom(bytes: number): Promise<void> {
  const found = await room();
  if (found !== null && bytes > found.maximum - found.used) throw quotaError(bytes, found);
}

/** Replaces the browser's quota error, or ours for fewer bytes, by a `QuotaError`; returns other errors unchanged. */
export async function asQuotaError(error: unknown, bytes: number): Promise<unknown> {
  const cause = error instanceof QuotaError ? error.cause : error;
  if ((cause as Partial<DOMException> | null | undefined)?.name !== "QuotaExceededError") return error;
  return quotaError(bytes, await room(), cause);
}

/**
 * Asks the browser, which may ask the user, not to evict stored data when space is short. Not awaited: a user may never answer. Workers
 * cannot ask; their page does.
 */
export function askToPersist(): void {
  const { storage } = (globalThis as { navigator?: { storage?: Partial<StorageManager> } }).navigator ?? {};
  void storage?.persist?.().catch(() => undefined);
}

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
