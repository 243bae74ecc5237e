import { ConfigError } from "lowrank";
import { excerpt, takeBucketAddress } from "lowrank/extension";
import type { AttemptPlace } from "./attempt-place.js";
import { bucketPlace } from "./bucket-place.js";
import { folderPlace } from "./folder-place.js";

const PLACE = "a folder that every worker reaches, or a bucket's s3://bucket/folder";

const isBucket = (out: string) => /^s3:\/\//i.test(out);

/** Checks a place. Throws `ConfigError` for invalid ones. */
export function checkPlace(what: string, out: string): string {
  if (isBucket(out)) {
    takeBucketAddress(`${what}: out`, out);
    return out;
  }
  const address = /^[a-z][a-z0-9+.-]+:\/\//i.test(out);
  if (!address && out.trim() !== "" && !out.includes("\0")) return out;
  const details = { op: what, option: "out", expected: PLACE, value: out };
  throw new ConfigError(`${what}: out is ${PLACE}, got ${excerpt(out)}`, details);
}

/** Opens a place. */
export const placeAt = (out: string): AttemptPlace => (isBucket(out) ? bucketPlace(out) : folderPlace(out));
