import { ConfigError } from "../errors/errors.js";

/**
 * Returns a body's result. Throws `ConfigError` for a promise: the rest of an async body would run after the step, with stale nodes.
 */
export function synchronous<T>(what: string, result: T): T {
  if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== "function") return result;
  // It will fail on stale nodes; nobody awaits it, and this error says why.
  Promise.resolve(result).catch(() => {});
  const message = `${what}: the body returned a promise; await what it needs before`;
  throw new ConfigError(message, { op: what, reason: "promise" });
}
