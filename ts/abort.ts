import { AbortError } from "./errors.js";

/** Throws `AbortError` where the caller has cancelled. */
export function throwIfAborted(signal: AbortSignal | undefined, details: Record<string, unknown> = {}): void {
  if (signal?.aborted) throw new AbortError("cancelled by its AbortSignal", details, { cause: signal.reason });
}
