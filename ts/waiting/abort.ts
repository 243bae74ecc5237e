import { AbortError } from "../errors/errors.js";
import { unexpected } from "../arguments/settings.js";

/** Throws `AbortError` where the caller has cancelled. */
export function throwIfAborted(signal: AbortSignal | undefined, details: Record<string, unknown> = {}): void {
  if (!signal?.aborted) return;
  const reason: unknown = signal.reason;
  throw new AbortError("cancelled by its AbortSignal", { reason, ...details }, { cause: reason });
}

/** Waits for `work`, but no longer than until the signal is aborted: what is awaited may never come to its end. */
export async function untilAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return void (await work);
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

/**
 * What a call gives; `AbortError` as soon as the signal is aborted, though the call may never come to its end. What it gives
 * after that goes to `late`, which may have to close it. Where the signal came before, nothing is called.
 */
export async function orAborted<T>(
  call: () => T | Promise<T>,
  signal: AbortSignal | undefined,
  late: (value: T) => unknown = () => undefined,
): Promise<T> {
  throwIfAborted(signal);
  const work = (async () => call())();
  try {
    await untilAborted(work, signal);
  } catch (error) {
    // Work that hears the signal too fails by it.
    throwIfAborted(signal);
    throw error;
  }
  if (signal?.aborted) work.then(late).catch(() => undefined);
  throwIfAborted(signal);
  return work;
}

/** Throws `ConfigError` unless it is left out or an `AbortSignal`, of any realm: another would never be heard. */
export function checkSignal(what: string, signal: unknown): void {
  if (signal === undefined || signal === null) return;
  const { aborted, addEventListener } = Object(signal) as Partial<AbortSignal>;
  if (typeof aborted === "boolean" && typeof addEventListener === "function") return;
  throw unexpected(what, "signal", "an AbortSignal", signal);
}

/** The same as a reader of an option. */
export function readSignal(what: string, _name: string, value: unknown): AbortSignal | undefined {
  checkSignal(what, value);
  return (value as AbortSignal | null | undefined) ?? undefined;
}
