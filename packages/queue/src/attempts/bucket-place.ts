import { FormatError } from "lowrank";
import {
  Bucket,
  isJsonObject,
  isUnfinished,
  type Json,
  parseJsonObject,
  storeIn,
  takeBucketAddress,
} from "lowrank/extension";
import type { AttemptPlace } from "./attempt-place.js";

/** Which attempt's blobs are the result, and what they are called. */
interface Published {
  readonly attempt: string;
  readonly files: readonly string[];
}

/**
 * A folder of a bucket with `attempts/`, `result/<attempt>/` with an object a blob, and `result.json`, which says whose is the result. It
 * is written where there is none yet: that publishes.
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
      // One that was killed at its end has left what it would have removed.
      const files = Object.entries(await store(attempt).files()).filter(([blob]) => !isUnfinished(blob));
      for (const [blob, bytes] of files) await bucket.put(`${results}${attempt}/${blob}`, bytes, null);
      const result: Published = { attempt, files: files.map(([blob]) => blob) };
      // Where there is one, another attempt was faster.
      await bucket.put(key, new TextEncoder().encode(`${JSON.stringify(result)}\n`), "new");
    },
    async tidy() {
      const there = await published();
      if (there === null) return;
      const all = [...(await bucket.list(attempts)), ...(await bucket.list(results))];
      for (const left of all.filter((one) => !one.startsWith(`${results}${there.attempt}/`))) await bucket.remove(left);
    },
  };
}

function readPublished(bytes: Uint8Array, place: string): Published {
  const fail = (problem: string) => new FormatError(`${place}: ${problem}`, { file: place });
  const { attempt, files } = parseJsonObject(bytes, fail);
  const isName = (value: Json | undefined) => typeof value === "string" && value !== "";
  if (!isName(attempt) || !Array.isArray(files) || isJsonObject(files) || !files.every(isName))
    throw fail("it does not say which attempt is the result");
  return { attempt: attempt as string, files: files as string[] };
}
