import type { FileMap } from "../../io/file-map.js";
import { Bucket } from "../../io/node/bucket/bucket.js";
import { type BucketOptions, takeBucketAddress } from "../../io/node/bucket/bucket-access.js";
import { BlobLedger, copiedBlobs } from "../store/blob-ledger.js";
import type { RunStore } from "../store/run-store.js";
import { BucketFolder } from "./bucket-folder.js";
import { claimInBucket } from "./bucket-claim.js";

/** A store in a bucket. */
export interface BucketStore extends RunStore {
  /** A copy of every blob by name, to save a result elsewhere. */
  files(): Promise<FileMap>;
}

/**
 * A run's store in an S3-compatible bucket with conditional writes (`If-None-Match`, `If-Match`), as AWS has. Each blob has a new key, and
 * one conditional write of a list makes the new keys valid; `files` returns the blobs by name. A claim is renewed while its job runs, and
 * is free again a minute after the job has died. A job that has lost its claim cannot write.
 *
 * @param address s3://bucket/folder
 * @param options default: the environment's, by AWS's own names
 * Throws `ConfigError` for an invalid address and for missing keys; its methods throw it if the bucket refuses or does not answer.
 */
export function bucketStore(address: string, options: BucketOptions = {}): BucketStore {
  const { bucket: name, prefix } = takeBucketAddress("bucketStore", address);
  return storeIn(new Bucket("bucketStore", name, options), prefix);
}

/** The same in an open bucket. */
export function storeIn(bucket: Bucket, prefix: string): BucketStore {
  const area = `${prefix}/run`;
  const folder = new BucketFolder(bucket, area);
  const ledger = new BlobLedger(folder, bucket.place(area));
  /** One change at a time: each starts from the list of the one before. */
  let changes: Promise<void> = Promise.resolve();
  const change = (work: () => Promise<void>): Promise<void> => {
    const done = changes.then(work);
    changes = done.catch(() => undefined);
    return done;
  };
  return {
    name: bucket.place(prefix),
    place: (blob) => bucket.place(`${prefix}/${blob}`),
    has: async (blob) => (await ledger.names()).includes(blob),
    read: (blob, length) => ledger.read(blob, length),
    async write(blobs) {
      const copies = copiedBlobs("bucketStore", blobs);
      await change(() => ledger.write(copies));
    },
    append(blob, length, bytes) {
      const copy = bytes.slice();
      return change(() => ledger.append(blob, length, copy));
    },
    remove: (blob) => change(() => ledger.remove(blob)),
    async claim() {
      const release = await claimInBucket(bucket, prefix);
      const end = async () => {
        folder.own(false);
        await release();
      };
      try {
        folder.own(true);
        await change(() => ledger.renew());
        await change(() => ledger.sweep());
      } catch (error) {
        await end().catch(() => undefined);
        throw error;
      }
      return async () => {
        await changes;
        // Files of the claim are removed again if nothing was written.
        if ((await ledger.names()).length === 0) for (const part of await folder.names()) await folder.remove(part);
        await end();
      };
    },
    files: () => ledger.files(),
  };
}
