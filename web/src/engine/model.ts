import type { WorkerCachedModel } from "lowrank/worker";
import { type Download, fetching } from "../state/download.js";
import { isCleared, isIncomplete } from "../state/training-errors.js";
import { client } from "./client.js";
import { downloadClock } from "./download-clock.js";
import { besideOf, type EncoderId, encoders } from "./encoders.js";
import { once } from "./once.js";

/** The English model's name in adapter files. */
export const MODEL = encoders.english.name;

/** The address to download a model from: beside the Studio if it exists there, otherwise the Hugging Face hub. */
export async function modelPlace(id: EncoderId = "english"): Promise<string> {
  const address = new URL(besideOf(id), document.baseURI).href;
  const answer = await fetch(`${address}/config.json`, { method: "HEAD" }).catch(() => null);
  return answer?.ok && /json/.test(answer.headers.get("content-type") ?? "") ? address : encoders[id].name;
}

/** Deletes a model that cannot be read, so that the next call downloads it again. */
async function forgetModel(id: EncoderId = "english"): Promise<void> {
  found.delete(id);
  await (await client()).clearCache({ name: encoders[id].name });
}

/**
 * Looks at the model after a training failed: one that cannot be read is deleted. Where the browser deleted files, the next call looks whether
 * the model is still there; that of a run with missing files usually is.
 */
export async function modelAfter(error: unknown, id: EncoderId): Promise<void> {
  if (isIncomplete(error)) found.delete(id);
  else if ((error as Error).name === "FormatError" || isCleared(error)) await forgetModel(id).catch(() => undefined);
}

const found = new Map<EncoderId, Promise<WorkerCachedModel>>();

interface Finding {
  readonly encoder?: EncoderId;
  readonly signal?: AbortSignal;
  readonly onDownload?: (progress: Download) => void;
}

/** A model, by default the English one. The first call downloads it into the browser's cache. */
export function findModel({ encoder = "english", signal: abort, onDownload }: Finding = {}) {
  const { name } = encoders[encoder];
  const download = async () => {
    const [place, { cacheModel }] = await Promise.all([modelPlace(encoder), client()]);
    const secondsLeft = downloadClock();
    return cacheModel(place, {
      ...(place !== name && { name }),
      ...(abort && { signal: abort }),
      onProgress: ({ file, done, total }) => {
        fetching.value = { file, received: done, total, secondsLeft: secondsLeft(file, done, total) };
        onDownload?.(fetching.value);
      },
    });
  };
  // After a failure, the next call continues the download.
  return once(found, encoder, () => download().finally(() => (fetching.value = null)));
}
