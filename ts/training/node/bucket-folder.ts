import { ConfigError } from "../../errors/errors.js";
import { concatenated } from "../../io/concatenated.js";
import type { Bucket, WriteCondition } from "../../io/node/bucket/bucket.js";
import type { BlobFolder } from "../../io/page/blob-folder.js";
import { LISTS } from "../store/blob-ledger.js";

/**
 * A folder of a bucket for a `BlobLedger` that detects other writers: a list is written only if it has not changed since it was read, and a
 * part only if its name is free.
 */
export class BucketFolder implements BlobFolder {
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
