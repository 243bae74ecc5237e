import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { Call } from "../protocol/scope.js";
import { LowrankWorker, type WorkerConstructor } from "./living-worker.js";
import type { WorkerOptions } from "./worker-options.js";

/** The option that selects a worker. */
export interface InWorker {
  /** The worker, from `startWorker`. Default: one that all such calls share, started on first use. */
  readonly worker?: LowrankWorker | undefined;
}

/**
 * Starts a worker with its own engine, and waits for both. Each worker has its own memory and threads: several threads if the page is
 * cross-origin isolated and the browser supports nested workers, else one (`info.threads`, `info.threadsRefused`).
 *
 * Throws `UnsupportedError`, with advice, if the worker does not start: its file is missing, another file, of another version, or forbidden
 * by the page's security policy. Throws the errors of `init` for its engine.
 *
 * @example
 * const worker = await startWorker({ threads: 2 });
 * const encoder = await SentenceEncoder.load("/models/all-MiniLM-L6-v2", { worker });
 */
export async function startWorker(options: WorkerOptions = {}): Promise<LowrankWorker> {
  const worker = new (LowrankWorker as unknown as WorkerConstructor)("startWorker", options);
  try {
    return await worker.up();
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

/** Calls a function in the worker that the options name. `argsOf` returns its arguments from the other options. */
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

/** The worker that the options name, or the shared one; and the other options. */
export function workerOf(what: string, options: unknown): { worker: LowrankWorker; rest: unknown } {
  const { own: given, rest } = takeOwn(options, "worker");
  if (given === undefined) {
    if (shared === undefined || shared.lost) shared = new (LowrankWorker as unknown as WorkerConstructor)(what, {});
    return { worker: shared, rest };
  }
  if (!(given instanceof LowrankWorker)) {
    const expected = "what startWorker gives";
    const details = { op: what, option: "worker", expected, value: given };
    throw new ConfigError(`${what}: worker is ${expected}, got ${excerpt(given)}`, details);
  }
  return { worker: given, rest };
}

/** Separates an option of the page from the others. Invalid options stay, for the call to refuse. */
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
