import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { throwIfAborted } from "../../waiting/abort.js";
import { ModelError } from "../../errors/errors.js";
import type { PinnedFile } from "../known-models.js";

/** Size and SHA-256 of written or read bytes. */
export interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

/** Size and hash of a file. Throws `AbortError` when cancelled. */
export async function digestFile(path: string, signal?: AbortSignal): Promise<Digest> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    throwIfAborted(signal);
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Writes chunks to a new file as they arrive, and hashes them; on the disk when it returns. `onBytes` is called with the sum. */
export async function saveStream(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (received: number) => void = () => {},
): Promise<Digest> {
  const handle = await open(path, "wx");
  try {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of chunks) {
      await handle.writeFile(chunk);
      hash.update(chunk);
      bytes += chunk.length;
      onBytes(bytes);
    }
    await handle.sync();
    return { bytes, sha256: hash.digest("hex") };
  } finally {
    await handle.close();
  }
}

/** Throws `ModelError` if a file differs from the expected one; `from` is its origin. */
export function checkDigest(file: PinnedFile, got: Digest, from: string): void {
  const { name, bytes, sha256 } = file;
  if (got.bytes !== bytes)
    throw new ModelError(`${name} from ${from}: expected ${bytes} bytes, got ${got.bytes}`, {
      file: name,
      bytes,
      got: got.bytes,
    });
  if (got.sha256 !== sha256)
    throw new ModelError(
      `${name} from ${from}: expected SHA-256 ${sha256}, got ${got.sha256}: it is damaged or another version`,
      { file: name, sha256, got: got.sha256 },
    );
}
