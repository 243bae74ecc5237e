import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { Call } from "../crossings/crossing.js";
import { LowrankWorker } from "./living-worker.js";
import type { WorkerOptions } from "./worker-options.js";

/** An option of what begins something in a worker. */
export interface InWorker {
  /** The worker, from `startWorker`; default one that all share who name none. It is started when it is first needed. */
  readonly worker?: LowrankWorker | undefined;
}

/**
 * Starts a worker with an engine of its own, and waits until both are up. Each has its own memory and threads: threads where
 * the page is cross-origin isolated and the browser has workers in workers, else one (`info.threads`, `info.threadsRefused`).
 *
 * Throws `UnsupportedError` where the worker does not come up, with what to do about it: its file is not at its address, is
 * something else or of another version, or the page's security policy forbids it; errors of `init` for its engine.
 *
 * @example
 * const worker = await startWorker({ threads: 2 });
 * const encoder = await SentenceEncoder.load("/models/all-MiniLM-L6-v2", { worker });
 */
export async function startWorker(options: WorkerOptions = {}): Promise<LowrankWorker> {
  const worker = new LowrankWorker("startWorker", options);
  try {
    return await worker.up();
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

/** Calls a function in the worker that the options name. `argsOf` gives its arguments, of the options without it. */
export function ask(
  name: string,
  call: Call,
  options: unknown,
  argsOf: (rest: unknown) => readonly unknown[],
): Promise<unknown> {
  const { worker, rest } = workerOf(name, options);
  return worker.call(name, { kind: "named", name }, call, argsOf(rest));
}

let shared: LowrankWorker | undefined;

/** The worker that the options name, else the one that all share, and the options without it. */
export function workerOf(what: string, options: unknown): { worker: LowrankWorker; rest: unknown } {
  const { own: given, rest } = takeOwn(options, "worker");
  if (given === undefined) {
    if (shared === undefined || shared.lost) shared = new LowrankWorker(what, {});
    return { worker: shared, rest };
  }
  if (!(given instanceof LowrankWorker)) {
    const expected = "what startWorker gives";
    const details = { op: what, option: "worker", expected, value: given };
    throw new ConfigError(`${what}: worker is ${expected}, got ${excerpt(given)}`, details);
  }
  return { worker: given, rest };
}

/** An option that is the page's own, and the others. What are no options go as they are, for the call to refuse. */
export function takeOwn(options: unknown, own: string): { own: unknown; rest: unknown } {
  if (typeof options !== "object" || options === null || !(own in options)) return { own: undefined, rest: options };
  const rest: Record<string, unknown> = {};
  let found: unknown;
  for (const name in options) {
    const value = (options as Record<string, unknown>)[name];
    if (name === own) found = value;
    else rest[name] = value;
  }
  return { own: found, rest };
}
