import { QuotaError } from "../../errors/errors.js";

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
