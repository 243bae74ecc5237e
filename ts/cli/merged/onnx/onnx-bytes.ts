import { readSync, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "../../../errors/errors.js";
import type { Blocks } from "../../../merging/onnx/find-by-value.js";
import type { Pause } from "../../../merging/stored-tensor.js";

/** Files that are open at a time: old exporters write one for each constant. */
const MOST_OPEN = 32;

/** Files of a folder, read and changed in blocks; those that were used last are open. Close it when done. */
export class FolderBytes {
  private readonly open = new Map<string, FileHandle>();

  /** @param flags "r" to read, "r+" to write too */
  constructor(
    private readonly folder: string,
    private readonly flags: "r" | "r+",
    private readonly pause: Pause,
  ) {}

  /** Bytes of a file, in blocks counted from `offset` on, one behind the other. Throws `FormatError` where it is shorter. */
  async read(name: string, offset: number, blocks: Blocks): Promise<Uint8Array> {
    const bytes = new Uint8Array(blocks.length * blocks.count);
    await this.each(name, offset, blocks, (file, done, length, at) => {
      const count = readSync(file, bytes, done, length, at);
      if (count === 0)
        throw new FormatError(`${join(this.folder, name)}: it ended at ${at} while being read`, { file: name });
      return count;
    });
    return bytes;
  }

  /** Replaces those bytes. */
  async write(name: string, offset: number, blocks: Blocks, bytes: Uint8Array): Promise<void> {
    await this.each(name, offset, blocks, (file, done, length, at) => writeSync(file, bytes, done, length, at));
  }

  /** Closes all; what was written is on the disk then. */
  async close(): Promise<void> {
    for (const name of this.open.keys()) await this.release(name);
  }

  private async each(
    name: string,
    offset: number,
    { first, length, count, step }: Blocks,
    move: (file: number, done: number, length: number, at: number) => number,
  ): Promise<void> {
    const { fd } = await this.handle(name);
    for (let block = 0; block < count; block++) {
      // Many short ones: each takes less than a turn of the event loop would.
      if (block % 256 === 255) await this.pause();
      for (let done = 0; done < length;)
        done += move(fd, block * length + done, length - done, offset + first + block * step + done);
    }
  }

  private async handle(name: string): Promise<FileHandle> {
    const known = this.open.get(name);
    this.open.delete(name);
    const [oldest] = this.open.keys();
    if (known === undefined && this.open.size >= MOST_OPEN) await this.release(oldest!);
    const handle = known ?? (await open(join(this.folder, name), this.flags));
    this.open.set(name, handle);
    return handle;
  }

  private async release(name: string): Promise<void> {
    const handle = this.open.get(name)!;
    this.open.delete(name);
    try {
      if (this.flags === "r+") await handle.sync();
    } finally {
      await handle.close();
    }
  }
}
