import { join } from "node:path";
import { throwIfAborted } from "../../waiting/abort.js";
import { ModelError } from "../../errors/errors.js";
import type { PinnedFile } from "./known-models.js";
import type { FetchOptions } from "./progress.js";
import { checkDigest, saveStream } from "./save-stream.js";

/** How long a server may take to begin an answer, and to go on with one. Without a network nobody should wait for long. */
const ANSWER_MS = 5_000;
const STALL_MS = 30_000;

/** Where a model stands on a hub. */
export interface HubPlace {
  /** As "sentence-transformers/all-MiniLM-L6-v2". */
  readonly repository: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** Address of the hub; undefined for the client's own. */
  readonly hubUrl: string | undefined;
}

/** `fetch` that gives up where no answer begins in time, and passes the caller's signal on. */
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

/** A stream's chunks; fails where none comes in time. */
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
    // Ends the download where the consumer stopped early; after the end it does nothing.
    await reader.cancel().catch(() => {});
  }
}

/**
 * Downloads a model's files from a Hugging Face hub into `folder`.
 * @param required names that must be there; @param optional names that may be
 * @param pinned what files must be; the others are checked by the SHA-256 that the hub states, where it does
 * @throws `ModelError` for a file that is missing or not what it should be; the client's own errors where the hub does not answer
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
  for (const file of [...required, ...optional]) {
    throwIfAborted(signal);
    const where = { repo: repository, path: file, revision, fetch: patientFetch(signal), ...(hubUrl && { hubUrl }) };
    const downloadInfo = await fileDownloadInfo(where);
    const blob = downloadInfo && (await downloadFile({ ...where, downloadInfo, xet: false }));
    if (!blob) {
      if (optional.includes(file)) continue;
      throw new ModelError(`${repository} has no ${file} at revision ${revision}`, { repository, revision, file });
    }
    const total = downloadInfo.size;
    onProgress?.({ from: "hub", file, received: 0, total });
    const digest = await saveStream(join(folder, file), steadily(blob.stream(), file), (received) =>
      onProgress?.({ from: "hub", file, received, total }),
    );
    // Of a large file the hub gives the SHA-256 as its tag; of a small one, git's own hash.
    const stated = /^"?([0-9a-f]{64})"?$/.exec(downloadInfo.etag)?.[1];
    const expected = pinned.find(({ name }) => name === file) ?? { bytes: total, sha256: stated ?? digest.sha256 };
    checkDigest({ ...expected, name: file }, digest, "the hub");
    fetched.push({ name: file, ...digest });
  }
  return fetched;
}
