import { setTimeout as sleep } from "node:timers/promises";

/** How long interrupted work may take to its end, milliseconds. */
const LAST = 20_000;

/**
 * Runs `work` until its end, or until this process is told to end, which its signal says; then `end`, which must end the processes that were
 * started.
 * @param {(told: AbortSignal) => Promise<void>} work
 * @param {() => Promise<void>} end
 */
export async function untilTold(work, end) {
  const told = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => told.abort());
  const aborted = new Promise((resolve) => told.signal.addEventListener("abort", resolve, { once: true }));
  const running = work(told.signal);
  try {
    await Promise.race([running, aborted.then(() => Promise.race([running, sleep(LAST)]))]);
  } catch (error) {
    if (!told.signal.aborted) throw error;
  } finally {
    await end();
  }
  if (told.signal.aborted) process.exit(130);
}
