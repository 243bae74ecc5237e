import { signal } from "@preact/signals";
import { clearCache, keepModel, type WorkerKeptModel } from "lowrank/worker";

/** What adapters name as their base. */
export const MODEL = "sentence-transformers/all-MiniLM-L6-v2";
/** Where whoever serves the studio may have put it. */
const beside = "models/all-MiniLM-L6-v2";

/** Where the model is fetched from: beside the studio where it is there, else the Hugging Face hub. */
export async function modelPlace(): Promise<string> {
  const address = new URL(beside, document.baseURI).href;
  const answer = await fetch(`${address}/config.json`, { method: "HEAD" }).catch(() => null);
  return answer?.ok && /json/.test(answer.headers.get("content-type") ?? "") ? address : MODEL;
}

export interface Download {
  readonly file: string;
  readonly received: number;
  readonly total: number;
}

/** What is being fetched now, whatever asked for it; null where nothing is. */
export const fetching = signal<Download | null>(null);

/** Takes a model away that cannot be read, so that the next call fetches it anew. */
export async function forgetModel(): Promise<void> {
  found = undefined;
  await clearCache({ name: MODEL });
}

let found: Promise<WorkerKeptModel> | undefined;

/** The model, fetched at the first visit and kept by the browser since. */
export function findModel(options: { signal?: AbortSignal; onDownload?: (progress: Download) => void } = {}) {
  const { signal: abort, onDownload } = options;
  found ??= (async () => {
    const place = await modelPlace();
    return keepModel(place, {
      ...(place !== MODEL && { name: MODEL }),
      ...(abort && { signal: abort }),
      onProgress: ({ file, done, total }) => {
        fetching.value = { file, received: done, total };
        onDownload?.(fetching.value);
      },
    });
  })().finally(() => (fetching.value = null));
  // A break is no answer for good: the next call goes on with the download.
  found.catch(() => (found = undefined));
  return found;
}
