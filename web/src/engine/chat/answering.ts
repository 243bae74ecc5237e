import { signal } from "@preact/signals";

/** Whether the model writes an answer. */
export const answering = signal(false);
let stopping: AbortController | null = null;

/** Ends what the model writes. */
export const stop = () => stopping?.abort();

/** Runs what `stop` ends. There is one at a time. */
export async function whileAnswering(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  answering.value = true;
  stopping = new AbortController();
  try {
    await work(stopping.signal);
  } finally {
    answering.value = false;
  }
}
