import { signal } from "@preact/signals";

/** Progress of a model's download. */
export interface Download {
  readonly file: string;
  readonly received: number;
  readonly total: number;
  /** Estimated from the bytes of this visit; null at first. */
  readonly secondsLeft: number | null;
}

/** The current download; null if there is none. */
export const fetching = signal<Download | null>(null);
