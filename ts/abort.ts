import { AbortError } from "./errors.js";

/** Throws `AbortError` where the caller has cancelled. */
export function throwIfAborted(signal: AbortSignal | undefined, details: Record<string, unknown> = {}): void {
  if (signal?.aborted) throw new AbortError("cancelled by its AbortSignal", details, { cause: signal.reason });
}

/** Waits for `work`, but no longer than until the signal is aborted: what is awaited may never come to its end. */
export async function untilAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return void (await work);
  if (signal.aborted) return;
  let stop!: () => void;
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
