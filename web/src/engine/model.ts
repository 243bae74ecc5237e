import { signal } from "@preact/signals";
import { clearCache, cacheModel, type WorkerCachedModel } from "lowrank/worker";
import { downloadClock } from "./download-clock.js";

/** The base model's name in adapter files. */
export const MODEL = "sentence-transformers/all-MiniLM-L6-v2";
/** Path beside the Studio where its host may put the model. */
const beside = "models/all-MiniLM-L6-v2";

/** The address to download the model from: beside the Studio if it exists there, otherwise the Hugging Face hub. */
export async function modelPlace(): Promise<string> {
  const address = new URL(beside, document.baseURI).href;
  const answer = await fetch(`${address}/config.json`, { method: "HEAD" }).catch(() => null);
  return answer?.ok && /json/.test(answer.headers.get("content-type") ?? "") ? address : MODEL;
}

export interface Download {
  readonly file: string;
  readonly received: number;
  readonly total: number;
  /** Estimated from the bytes of this visit; null at first. */
  readonly secondsLeft: number | null;
}

/** The current download; null if there is none. */
export const fetching = signal<Download | null>(null);

/** Deletes a model that cannot be read, so that the next call downloads it again. */
export async function forgetModel(): Promise<void> {
  found = undefined;
  await clearCache({ name: MODEL });
}

let found: Promise<WorkerCachedModel> | undefined;

/** The model. The first visit downloads it into the browser's cache. */
export function findModel(options: { signal?: AbortSignal; onDownload?: (progress: Download) => void } = {}) {
  const { signal: abort, onDownload } = options;
  found ??= (async () => {
    const place = await modelPlace();
    const secondsLeft = downloadClock();
    return cacheModel(place, {
      ...(place !== MODEL && { name: MODEL }),
      ...(abort && { signal: abort }),
      onProgress: ({ file, done, total }) => {
        fetching.value = { file, received: done, total, secondsLeft: secondsLeft(file, done, total) };
        onDownload?.(fetching.value);
      },
    });
  })().finally(() => (fetching.value = null));
  // After a failure, the next call continues the download.
  found.catch(() => (found = undefined));
  return found;
}
