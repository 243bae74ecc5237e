import { AbortError } from "../errors/errors.js";
import { unexpected } from "../arguments/settings.js";

/** Throws `AbortError` if the signal is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined, details: Record<string, unknown> = {}): void {
  if (!signal?.aborted) return;
  const reason: unknown = signal.reason;
  throw new AbortError("cancelled by its AbortSignal", { reason, ...details }, { cause: reason });
}

/** Waits for `work`, or until the signal is aborted: the work may never finish. */
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
 * The result of a call, or `AbortError` as soon as the signal is aborted, even if the call never finishes. A later result goes to `late`,
 * which can close it. If the signal is aborted already, the call is not made.
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
    // Work that listens to the signal fails by it too.
    throwIfAborted(signal);
    throw error;
  }
  if (signal?.aborted) work.then(late).catch(() => undefined);
  throwIfAborted(signal);
  return work;
}

/** Throws `ConfigError` unless the value is undefined, null, or an `AbortSignal` of any realm; another object would never abort. */
export function checkSignal(what: string, signal: unknown): void {
  if (signal === undefined || signal === null) return;
  const { aborted, addEventListener } = Object(signal) as Partial<AbortSignal>;
  if (typeof aborted === "boolean" && typeof addEventListener === "function") return;
  throw unexpected(what, "signal", "an AbortSignal", signal);
}

/** Reads an option `signal`; throws `ConfigError` unless it is an `AbortSignal`. */
export function readSignal(what: string, _name: string, value: unknown): AbortSignal | undefined {
  checkSignal(what, value);
  return (value as AbortSignal | null | undefined) ?? undefined;
}
