import { throwIfAborted, timer, untilAborted } from "lowrank/extension";

/** Waits for some milliseconds. Throws `AbortError` as soon as the signal is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  let waiting: ReturnType<typeof timer>;
  const over = new Promise<void>((resolve) => (waiting = timer(milliseconds, resolve)));
  await untilAborted(over, signal);
  clearTimeout(waiting);
  throwIfAborted(signal);
}
