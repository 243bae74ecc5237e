import { ConfigError } from "lowrank";
import { excerpt, takeBucketAddress } from "lowrank/extension";
import type { RunStore } from "lowrank/jobs";
import { bucketPlace } from "./bucket-place.js";
import { folderPlace } from "./folder-place.js";

/**
 * Where a job's attempts and its result go. A queue promises that each job is run at least once, so two workers may be at one
 * job: each attempt has a store of its own, and the first that is published is the result.
 */
export interface AttemptPlace {
  /** What messages call it. */
  readonly name: string;
  /** What the result's blobs are called; null where nothing is published. */
  names(): Promise<readonly string[] | null>;
  /** A blob of the result; null where nothing is published, or the result has none of that name. */
  result(blob: string): Promise<Uint8Array | null>;
  /** Names of the attempts that have left something. */
  attempts(): Promise<readonly string[]>;
  /** An attempt's store. */
  store(attempt: string): RunStore;
  /** Makes an attempt's blobs the result, in one step; where there is a result that one stays. */
  publish(attempt: string): Promise<void>;
  /** Removes what attempts have left. */
  tidy(): Promise<void>;
}

const PLACE = "a folder that every worker reaches, or a bucket's s3://bucket/folder";

const isBucket = (out: string) => /^s3:\/\//i.test(out);

/** Throws `ConfigError` for what is no place. */
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

/** The place of that name. */
export const placeAt = (out: string): AttemptPlace => (isBucket(out) ? bucketPlace(out) : folderPlace(out));
