import { clip, excerpt } from "../errors/excerpt.js";
import { importing, newWorker, ownAddress, type TrustedAddress } from "./trusted-address.js";

/**
 * A worker of the page that runs the script at a URL. Browsers do not start workers from another origin (a CDN) or, in effect, from data
 * URLs, into which bundlers inline small files: for these, a one-line classic script of the page imports it.
 */
export function workerFrom(address: string | TrustedAddress, type: WorkerType = "classic"): Worker {
  const { href, origin, protocol } = new URL(String(address), location.href);
  const isText = typeof address === "string";
  if (origin === location.origin || !/^(https?|data):$/.test(protocol))
    return newWorker(isText ? href : address, { type });
  const script = new Blob([importing(href)], { type: "text/javascript" });
  const url = URL.createObjectURL(script);
  try {
    // A URL that was refused must not be passed in another form.
    return newWorker(isText ? url : ownAddress(url));
  } finally {
    // When it answers, the worker has fetched the script, or never will.
    setTimeout(() => URL.revokeObjectURL(url), 30_000);
  }
}

/** A worker of a page or of `node:worker_threads`; the parts used here. */
export interface WorkerLike {
  /** Sends it a message. */
  postMessage(message: unknown, transfer: never[]): void;
  /** Ends it. */
  terminate(): unknown;
}

/** The file of the pool's threads, or a function that returns a worker of it, or a promise of one. */
export type WorkerSource = URL | string | TrustedAddress | (() => WorkerLike | PromiseLike<WorkerLike>);

/** The worker from a caller's function. Rejects, with the reason, if it throws or returns something else. */
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
