import type { FileMap } from "../../io/file-map.js";
import { Bucket } from "../../io/node/bucket/bucket.js";
import { type BucketOptions, takeBucketAddress } from "../../io/node/bucket/bucket-access.js";
import { BlobLedger, copiedBlobs } from "../store/blob-ledger.js";
import type { RunStore } from "../store/run-store.js";
import { BucketFolder } from "./bucket-folder.js";
import { claimInBucket } from "./bucket-claim.js";

/** A store in a bucket. */
export interface BucketStore extends RunStore {
  /** A copy of every blob there is, by name: to save a result elsewhere. */
  files(): Promise<FileMap>;
}

/**
 * A run's store in an S3-compatible bucket that knows conditional writes (`If-None-Match`, `If-Match`), as AWS does. Blobs are written to
 * keys of their own, and one conditional write of a list says which count; `files` gives them by name. A claim is renewed while its
 * job runs; a minute after the job has died it is free again. Whoever has lost one can write nothing more.
 *
 * @param address s3://bucket/folder
 * @param options default: the environment's, by AWS's own names
 * Throws `ConfigError` for what is no such address, and where keys are missing; its methods throw it where the bucket refuses or
 * does not answer.
 */
export function bucketStore(address: string, options: BucketOptions = {}): BucketStore {
  const { bucket: name, prefix } = takeBucketAddress("bucketStore", address);
  return storeIn(new Bucket("bucketStore", name, options), prefix);
}

/** The same in a bucket that is open. */
export function storeIn(bucket: Bucket, prefix: string): BucketStore {
  const area = `${prefix}/run`;
  const folder = new BucketFolder(bucket, area);
  const ledger = new BlobLedger(folder, bucket.place(area));
  /** One change at a time: each goes from the list that the last one wrote. */
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
      const release = await claimInBucket(bucket, `${prefix}/claim`);
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
        // What was made to claim it goes again where nothing was written.
        if ((await ledger.names()).length === 0) for (const part of await folder.names()) await folder.remove(part);
        await end();
      };
    },
    files: () => ledger.files(),
  };
}
