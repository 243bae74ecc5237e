import { randomUUID } from "node:crypto";
import { ConfigError } from "../../errors/errors.js";
import type { Bucket } from "../../io/node/bucket/bucket.js";

/** How often a claim is renewed, and after how long without that it counts as left behind, milliseconds. */
const EVERY = 15_000;
const LEFT = 60_000;

/**
 * Makes a folder of a bucket one job's alone: an object that is written again and again, and counts as left behind where that has
 * not been done for a minute by the server's clock. Throws `ConfigError` where another job has it.
 * @returns gives it back
 */
export async function claimInBucket(bucket: Bucket, key: string): Promise<() => Promise<void>> {
  const mark = new TextEncoder().encode(`${JSON.stringify({ holder: randomUUID() })}\n`);
  let version = await bucket.put(key, mark, "new");
  for (let tried = 0; version === null && tried < 2; tried++) {
    const held = await bucket.head(key);
    if (held !== null && held.age < LEFT) break;
    version = await bucket.put(key, mark, held === null ? "new" : { version: held.version });
  }
  if (version === null)
    throw new ConfigError(
      `${bucket.place(key)}: another job trains there, or has died less than a minute ago; await it, or take another store`,
      { op: "bucketStore", reason: "running" },
    );
  let count = 0;
  let renewal: Promise<void> = Promise.resolve();
  const renew = async () => {
    if (version === null) return;
    const bytes = new TextEncoder().encode(`${new TextDecoder().decode(mark).trimEnd()} ${++count}\n`);
    // Where it is another job's by now, that one's list refuses what is written here.
    version = await bucket.put(key, bytes, { version });
  };
  const timer = setInterval(() => {
    renewal = renewal.then(renew).catch(() => undefined);
  }, EVERY);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await renewal;
    if (version !== null) await bucket.remove(key);
  };
}
