import { throwIfAborted } from "../../waiting/abort.js";
import { nextTask } from "../../waiting/next-task.js";
import type { Sequence } from "./sequence.js";

/** Pieces of preparing a token between two pauses. */
const PIECES = 8;

/** Prepares a text's next token, with pauses for other work. Throws `AbortError` after one if the signal is aborted. */
export async function prepared(text: Pick<Sequence, "prepare">, signal: AbortSignal | undefined): Promise<void> {
  while (!text.prepare(PIECES)) {
    await nextTask();
    throwIfAborted(signal);
  }
}
