import { QuotaError } from "../../errors/errors.js";

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Bytes that this origin has and may have; null where the browser does not tell. */
async function room(): Promise<{ readonly used: number; readonly maximum: number } | null> {
  const { storage } = (globalThis as Partial<typeof globalThis>).navigator ?? {};
  if (typeof storage?.estimate !== "function") return null;
  const { usage, quota } = await storage.estimate().catch((): StorageEstimate => ({}));
  return usage === undefined || quota === undefined ? null : { used: usage, maximum: quota };
}

function quotaError(requested: number, found: Awaited<ReturnType<typeof room>>, cause?: unknown): QuotaError {
  const free = found && Math.max(0, found.maximum - found.used);
  const left = free === null ? "the browser does not say how many are free" : `${megabytes(free)} are free`;
  return new QuotaError(
    `this browser's storage: ${megabytes(requested)} more are needed, ${left}; clearCache() frees what models take, persist asks the browser for more`,
    { requested, available: free, used: found?.used ?? null, maximum: found?.maximum ?? null },
    { cause },
  );
}

/** Throws `QuotaError` where the browser says that so many bytes more have no place. */
export async function checkRoom(bytes: number): Promise<void> {
  const found = await room();
  if (found !== null && bytes > found.maximum - found.used) throw quotaError(bytes, found);
}

/** A `QuotaError` in place of the browser's; any other error as it is. */
export async function asQuotaError(error: unknown, bytes: number): Promise<unknown> {
  if ((error as Partial<DOMException> | null)?.name !== "QuotaExceededError") return error;
  return quotaError(bytes, await room(), error);
}
