import { ConfigError } from "../errors/errors.js";

/**
 * Hands on what a body returned. Throws `ConfigError` where that is a promise: what an async body does after its first
 * `await` happens outside the step, with nodes that are gone.
 */
export function synchronous<T>(what: string, result: T): T {
  if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== "function") return result;
  // It will fail on stale nodes, which nobody waits for any more; this error says why.
  Promise.resolve(result).catch(() => {});
  const message = `${what}: the body returned a promise; await what it needs before`;
  throw new ConfigError(message, { op: what, reason: "promise" });
}
