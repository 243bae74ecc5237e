import { FormatError } from "lowrank";
import {
  Bucket,
  isClaimed,
  isJsonObject,
  isUnfinished,
  type Json,
  parseJsonObject,
  storeIn,
  takeBucketAddress,
} from "lowrank/extension";
import type { AttemptPlace } from "./attempt-place.js";

/** The attempt whose files are the result, and their names. */
interface Published {
  readonly attempt: string;
  readonly files: readonly string[];
}

/**
 * A folder of a bucket with `attempts/`, `result/<attempt>/` with one object per file, and `result.json`, which names the attempt. A
 * conditional write of `result.json`, only if there is none, publishes the result.
 */
export function bucketPlace(address: string): AttemptPlace {
  const { bucket: name, prefix } = takeBucketAddress("a job's place", address);
  const bucket = new Bucket("a job's place", name);
  const [attempts, results] = [`${prefix}/attempts/`, `${prefix}/result/`];
  const key = `${prefix}/result.json`;
  const store = (attempt: string) => storeIn(bucket, `${attempts}${attempt}`);
  const published = async (): Promise<Published | null> => {
    const found = await bucket.get(key);
    return found && readPublished(found.bytes, bucket.place(key));
  };
  return {
    name: bucket.place(prefix),
    async names() {
      return (await published())?.files ?? null;
    },
    async result(blob) {
      const there = await published();
      if (there === null || !there.files.includes(blob)) return null;
      return (await bucket.get(`${results}${there.attempt}/${blob}`))?.bytes ?? null;
    },
    async attempts() {
      return (await bucket.list(attempts, true)).sort();
    },
    store,
    async publish(attempt) {
      // An attempt that was killed at its end may not have cleaned up.
      const files = Object.entries(await store(attempt).files()).filter(([blob]) => !isUnfinished(blob));
      for (const [blob, bytes] of files) await bucket.put(`${results}${attempt}/${blob}`, bytes, null);
      const result: Published = { attempt, files: files.map(([blob]) => blob) };
      // If it exists, another attempt was faster.
      await bucket.put(key, new TextEncoder().encode(`${JSON.stringify(result)}\n`), "new");
    },
    isLive: (attempt) => isClaimed(bucket, `${attempts}${attempt}`),
    async remove(attempt) {
      const copies = (await published())?.attempt === attempt ? [] : await bucket.list(`${results}${attempt}/`);
      // First the copies: the attempt is listed until all are removed.
      for (const key of [...copies, ...(await bucket.list(`${attempts}${attempt}/`))]) await bucket.remove(key);
    },
  };
}

function readPublished(bytes: Uint8Array, place: string): Published {
  const fail = (problem: string) => new FormatError(`${place}: ${problem}`, { file: place });
  const { attempt, files } = parseJsonObject(bytes, fail);
  const isName = (value: Json | undefined) => typeof value === "string" && value !== "";
  if (!isName(attempt) || !Array.isArray(files) || isJsonObject(files) || !files.every(isName))
    throw fail("it does not name the attempt of the result");
  return { attempt: attempt as string, files: files as string[] };
}
