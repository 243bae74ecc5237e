import { AbortError, ConfigError } from "./errors.js";
import { excerpt } from "./excerpt.js";

/** Throws `AbortError` where the caller has cancelled. */
export function throwIfAborted(signal: AbortSignal | undefined, details: Record<string, unknown> = {}): void {
  if (signal?.aborted) throw new AbortError("cancelled by its AbortSignal", details, { cause: signal.reason });
}

/** Throws `ConfigError` unless it is left out or an `AbortSignal`, of any realm: another would never be heard. */
export function checkSignal(what: string, signal: unknown): void {
  if (signal === undefined || signal === null) return;
  if (typeof signal === "object" && typeof (signal as Partial<AbortSignal>).aborted === "boolean") return;
  throw new ConfigError(`${what}: signal is an AbortSignal, got ${excerpt(signal)}`);
}
