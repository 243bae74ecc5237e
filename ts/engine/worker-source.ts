import { clip, excerpt } from "../errors/excerpt.js";
import type { TrustedAddress } from "./trusted-address.js";

/** A worker of a page or of `node:worker_threads`: what of it is used to hand it over. */
export interface WorkerLike {
  /** Sends it a message. */
  postMessage(message: unknown, transfer: never[]): void;
  /** Ends it. */
  terminate(): unknown;
}

/** The file of a thread of the pool, or what starts a worker from it: a function that gives one, or a promise of one. */
export type WorkerSource = URL | string | TrustedAddress | (() => WorkerLike | PromiseLike<WorkerLike>);

/** The worker that a caller's function starts. Rejects, with the reason, where it throws or gives something else. */
export async function startedBy(start: () => unknown): Promise<WorkerLike> {
  let given: unknown;
  try {
    given = await start();
  } catch (cause) {
    throw new Error(`the function given as \`worker\` started none: ${clip(String(cause))}`, { cause });
  }
  if (isWorker(given)) return given;
  throw new Error(`the function given as \`worker\` gives a Worker of "lowrank/pool-worker", gave ${excerpt(given)}`);
}

function isWorker(given: unknown): given is WorkerLike {
  const { postMessage, terminate } = Object(given) as Partial<WorkerLike>;
  return typeof postMessage === "function" && typeof terminate === "function";
}
