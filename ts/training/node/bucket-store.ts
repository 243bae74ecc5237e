import { randomUUID } from "node:crypto";
import { ConfigError } from "../../errors/errors.js";
import { concatenated } from "../../io/byte-source.js";
import type { FileMap } from "../../io/file-access.js";
import { Bucket, type BucketOptions, takeBucketAddress, type WriteCondition } from "../../io/node/bucket/bucket.js";
import type { BlobFolder } from "../../io/page/storage.js";
import { BlobLedger, copiedBlobs, LISTS } from "../store/blob-ledger.js";
import type { RunStore } from "../store/run-store.js";

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
async function claimInBucket(bucket: Bucket, folder: string): Promise<() => Promise<void>> {
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

/** A store in an open bucket. */
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

/**
 * A folder of a bucket for a `BlobLedger` that detects other writers: a list is written only if it has not changed since it was read, and a
 * part only if its name is free.
 */
class BucketFolder implements BlobFolder {
  /** The lists as last read or written. */
  private readonly lists = new Map<string, { readonly bytes: Uint8Array | null; readonly condition: WriteCondition }>();
  /** Whether this is the only writer, so that the lists cannot have changed. */
  private alone = false;

  constructor(
    private readonly bucket: Bucket,
    private readonly prefix: string,
  ) {}

  /** Sets whether this is the only writer; lists are then read once. */
  own(alone: boolean): void {
    this.alone = alone;
    this.lists.clear();
  }

  async read(name: string): Promise<Blob | null> {
    if (!LISTS.includes(name)) return blobOf((await this.bucket.get(this.key(name)))?.bytes ?? null);
    const known = this.alone ? this.lists.get(name) : undefined;
    if (known !== undefined) return blobOf(known.bytes);
    const found = await this.bucket.get(this.key(name));
    const condition = found === null ? "new" : { version: found.version ?? "" };
    this.lists.set(name, { bytes: found?.bytes ?? null, condition });
    return blobOf(found?.bytes ?? null);
  }

  async write(name: string, pieces: readonly Uint8Array[]): Promise<void> {
    const bytes = concatenated(pieces);
    const version = await this.bucket.put(this.key(name), bytes, this.lists.get(name)?.condition ?? "new");
    if (version === null) {
      const place = this.bucket.place(this.prefix);
      throw new ConfigError(`another job has written to ${place} meanwhile; this job stops writing`, {
        op: "bucketStore",
        reason: "running",
      });
    }
    if (LISTS.includes(name)) this.lists.set(name, { bytes, condition: { version } });
  }

  async remove(name: string): Promise<void> {
    await this.bucket.remove(this.key(name));
  }

  async names(): Promise<string[]> {
    const start = this.key("");
    return (await this.bucket.list(start)).map((key) => key.slice(start.length));
  }

  private key(name: string): string {
    return `${this.prefix}/${name}`;
  }
}

const blobOf = (bytes: Uint8Array | null) => bytes && new Blob([bytes as BlobPart]);
