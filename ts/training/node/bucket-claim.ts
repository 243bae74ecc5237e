import { randomUUID } from "node:crypto";
import { ConfigError } from "../../errors/errors.js";
import type { Bucket } from "../../io/node/bucket/bucket.js";

/** Milliseconds between renewals of a claim, and after which a claim without renewal is abandoned. */
const EVERY = 15_000;
const LEFT = 60_000;

const keyIn = (folder: string) => `${folder}/claim`;

/** Whether a job that may still run has claimed a folder of a bucket. */
export async function isClaimed(bucket: Bucket, folder: string): Promise<boolean> {
  const held = await bucket.head(keyIn(folder));
  return held !== null && held.age < LEFT;
}

/**
 * Claims a folder of a bucket for one job: an object that is rewritten regularly, and counts as abandoned a minute after the last write by
 * the server's clock. Throws `ConfigError` if another job has it.
 * @returns releases the claim
 */
export async function claimInBucket(bucket: Bucket, folder: string): Promise<() => Promise<void>> {
  const key = keyIn(folder);
  const mark = new TextEncoder().encode(`${JSON.stringify({ holder: randomUUID() })}\n`);
  let version = await bucket.put(key, mark, "new");
  for (let tried = 0; version === null && tried < 2; tried++) {
    const held = await bucket.head(key);
    if (held !== null && held.age < LEFT) break;
    version = await bucket.put(key, mark, held === null ? "new" : { version: held.version });
  }
  if (version === null)
    throw new ConfigError(
      `${bucket.place(key)}: another job trains there, or ended without releasing it less than a minute ago; await it, or choose another store`,
      { op: "bucketStore", reason: "running" },
    );
  let count = 0;
  let renewal: Promise<void> = Promise.resolve();
  const renew = async () => {
    if (version === null) return;
    const bytes = new TextEncoder().encode(`${new TextDecoder().decode(mark).trimEnd()} ${++count}\n`);
    // If another job has claimed it by now, that job's list rejects writes from here.
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
