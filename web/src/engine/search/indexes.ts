import { ownScript } from "../own-script.js";
import type { IndexAnswer, IndexCall } from "./index-calls.js";
import address from "../engine-worker.ts?worker&url";

/** A text that was found: its number, and the cosine similarity. */
export interface Hit {
  readonly id: number;
  readonly score: number;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

let worker: Worker | undefined;
const waiting = new Map<number, Waiting>();
let calls = 0;

const failed = (name: string, message: string) => Object.assign(new Error(message), { name });

function start(): Worker {
  let made: Worker;
  try {
    made = new Worker(ownScript(address), { type: "module", name: "search" });
  } catch (error) {
    // For example if the site's policy forbids the worker.
    throw failed("UnsupportedError", String(error));
  }
  made.onerror = ({ message }) => {
    worker = undefined;
    made.terminate();
    for (const { reject } of waiting.values()) reject(failed("EngineError", message || "the worker did not start"));
    waiting.clear();
  };
  made.onmessage = ({ data }: MessageEvent<IndexAnswer>) => {
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if ("error" in data) asked?.reject(failed(data.error.name, data.error.message));
    else asked?.resolve(data.result);
  };
  return made;
}

async function ask<T>(call: IndexCall, moved: Transferable[] = []): Promise<T> {
  worker ??= start();
  const id = calls++;
  return new Promise<T>((resolve, reject) => {
    waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
    worker!.postMessage({ id, call }, moved);
  });
}

/** Makes an empty index; `metadata` is saved with it. */
export const createIndex = (index: string, dimensions: number, metadata: Readonly<Record<string, string>>) =>
  ask<void>({ type: "create", index, dimensions, metadata });

/** Adds vectors, which are gone here afterwards. */
export const addVectors = (index: string, first: number, vectors: readonly Float32Array[]) =>
  ask<void>({ type: "add", index, first, vectors }, [...new Set(vectors.map(({ buffer }) => buffer as ArrayBuffer))]);

/** Finds the most similar texts for each vector, best first. */
export const searchIndex = (index: string, vectors: readonly Float32Array[], topK: number) =>
  ask<Hit[][]>({ type: "search", index, vectors, topK });

export const saveIndex = (index: string) => ask<Uint8Array>({ type: "save", index });
