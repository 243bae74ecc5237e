import { closeSync, existsSync, openSync, readSync, realpathSync, statSync, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Engine } from "../../../engine/running.js";
import { ConfigError, FormatError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { fileSource, writeFileAtomically, writeFilesAtomically } from "../../../io/node/index.js";
import { type OnnxModel, readOnnx } from "../../../io/onnx/model.js";
import type { FileBytes } from "../../../io/onnx/wire.js";
import { encodeTensor } from "../../../io/safetensors/index.js";
import type { MergePlan } from "../../../merging/merge-plan.js";
import { mergedValues } from "../../../merging/merged-pieces.js";
import {
  type Blocks,
  blocksIn,
  inWindows,
  type Match,
  matrixOf,
  transposedData,
  windowsOf,
} from "../../../merging/onnx/find-by-value.js";
import { planOnnx } from "../../../merging/onnx/plan-onnx.js";
import type { Pause } from "../../../merging/stored-tensor.js";
import { sizeOf } from "../../../values/tensor.js";
import { breather } from "../../../waiting/next-task.js";
import { companionsOfAdapter, copyCompanions } from "../../files/adapter-folder.js";
import type { BaseWeights } from "../../files/base-model.js";
import type { Session } from "../../session.js";
import { formatBytes } from "../../terminal/number-format.js";
import { reporterOf } from "../../terminal/progress-bar.js";
import type { MergedParts } from "../merged-folder.js";

/** Files that are open at a time: old exporters write one for each constant. */
const MOST_OPEN = 32;

/** Files of a folder, read and changed in blocks; those that were used last are open. Close it when done. */
class FolderBytes {
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

/** Bytes that are copied at a time. */
const PIECE = 1024 * 1024;

/** What is written, and who hears of it. */
interface Work {
  readonly onnx: OpenOnnx;
  readonly plan: MergePlan;
  readonly pause: Pause;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Writes the model with the adapter's update in its constants, the files beside it, and what the base has beside its weights: first
 * copies, then the constants in them, so that a model of any size takes the same memory. A model in a folder "onnx", as
 * transformers.js has it, is written into one.
 */
export async function writeOnnxFolder(
  scratch: string,
  { onnx, base, plan, parts }: { onnx: OpenOnnx; base: BaseWeights; plan: MergePlan; parts: MergedParts },
  engine: Engine,
  session: Session,
): Promise<void> {
  const from = dirname(onnx.path);
  const folder = basename(from) === "onnx" ? join(scratch, "onnx") : scratch;
  const pause = breather(session.signal);
  const changed = [...plan.changes.keys()].reduce((sum, name) => sum + 4 * sizeOf(plan.base.info(name).shape), 0);
  const bar = reporterOf(session.terminal).start("merge", { total: onnxSize(onnx) + changed, format: formatBytes });
  let done = 0;
  const work = { onnx, plan, pause, onBytes: (bytes: number) => bar.update((done += bytes)) };
  try {
    const found = await constantsOf(work);
    for (const file of onnx.files.keys()) await copyPieces(join(from, file), join(folder, file), work);
    await replaceConstants(folder, found, engine, work);
  } finally {
    bar.stop();
  }
  await copyCompanions(parts.folder, scratch, session.signal, companionsOfAdapter(parts.folder));
  await copyCompanions(modelFolder(from, base), scratch, session.signal);
  await writeFilesAtomically(scratch, parts.head);
}

async function constantsOf({ onnx, plan, pause }: Work): Promise<ReadonlyMap<string, readonly Match[]>> {
  const bytes = new FolderBytes(dirname(onnx.path), "r", pause);
  try {
    const read = ({ location, offset }: Match["tensor"]["place"], blocks: Parameters<FolderBytes["read"]>[2]) =>
      bytes.read(fileOf(onnx, location), offset, blocks);
    return await planOnnx(onnx.model, read, plan, pause);
  } finally {
    await bytes.close();
  }
}

/** A copy that may be written to, whatever the file's own permissions are. */
async function copyPieces(from: string, to: string, { pause, onBytes }: Work): Promise<void> {
  const source = await fileSource(from);
  const room = new Uint8Array(Math.min(PIECE, source.size));
  try {
    await writeFileAtomically(to, async (sink) => {
      for (let at = 0; at < source.size; at += room.length) {
        await pause();
        const length = Math.min(room.length, source.size - at);
        await sink.write(await source.read(at, length, room.subarray(0, length)));
        onBytes(length);
      }
    });
  } finally {
    await source.close();
  }
}

async function replaceConstants(
  folder: string,
  found: ReadonlyMap<string, readonly Match[]>,
  engine: Engine,
  { onnx, plan, pause, onBytes }: Work,
): Promise<void> {
  const files = new FolderBytes(folder, "r+", pause);
  try {
    for (const [name, matches] of found) {
      const matrix = matrixOf(plan.base.info(name).shape);
      const parts = mergedValues(engine, plan.base, name, plan.changes.get(name)!, pause);
      for await (const { window, values } of inWindows(parts, windowsOf(matrix))) {
        for (const { tensor, transposed } of matches) {
          const { dtype, place } = tensor;
          const encoded = encodeTensor(transposed ? transposedData(window, values) : values, dtype, name);
          const blocks = blocksIn(matrix, window, transposed, encoded.byteLength / values.length);
          await files.write(fileOf(onnx, place.location), place.offset, blocks, encoded);
        }
        onBytes(4 * values.length);
      }
    }
  } finally {
    await files.close();
  }
}

/** Where tokenizer and configuration are: with the base, else with the ONNX model. */
function modelFolder(onnxFolder: string, base: BaseWeights): string {
  if (base.config !== null) return base.model.directory;
  const above = basename(onnxFolder) === "onnx" ? dirname(onnxFolder) : onnxFolder;
  return existsSync(join(above, "config.json")) ? above : base.model.directory;
}

/** Protocol buffers hold no more. */
const MOST_BYTES = 2 ** 31 - 1;

/** An ONNX model of which only names and shapes are in memory. */
interface OpenOnnx {
  readonly path: string;
  readonly model: OnnxModel;
  /** File, and those beside it that hold its constants, each with its bytes. */
  readonly files: ReadonlyMap<string, number>;
}

/** Bytes that the model takes with the files beside it. */
export const onnxSize = ({ files }: OpenOnnx) => [...files.values()].reduce((sum, size) => sum + size, 0);

/** A file's name in an open model's `files`. */
const fileOf = ({ path }: OpenOnnx, location: string | null) => location ?? basename(path);

/**
 * Reads what an ONNX model consists of.
 * @throws `ConfigError` where there is none, `FormatError` for what is damaged, and where a file beside it is missing, too short or
 *   elsewhere
 */
export function openOnnx(path: string): OpenOnnx {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true)
    throw new ConfigError(`--onnx ${path}: there is no such file`, { option: "--onnx", value: path });
  const { size } = found;
  if (size > MOST_BYTES)
    throw new FormatError(
      `${path}: expected an ONNX model of less than 2 GiB, with more in files beside it, got ${size} bytes`,
      { file: path, size },
    );
  const model = parse(path, size);
  const files = new Map([[basename(path), size]]);
  for (const { name, place } of model.beside) {
    const { location, offset, length } = place as { location: string; offset: number; length: number };
    const fail = (problem: string, cause?: unknown) =>
      new FormatError(
        `${path}: tensor ${clip(name)} lies in ${clip(location)}, which ${problem}`,
        { file: path, tensor: name, location },
        { cause },
      );
    const bytes = files.get(location) ?? sizeBeside(path, location, fail);
    if (location === basename(path)) throw fail("is the model itself");
    files.set(location, bytes);
    if (!(offset + length <= bytes)) throw fail(`is too short: it has ${bytes} bytes, not ${offset + length}`);
  }
  return { path, model, files };
}

function parse(path: string, size: number): OnnxModel {
  const file = openSync(path, "r");
  const bytes: FileBytes = {
    size,
    read(begin, end) {
      const read = new Uint8Array(end - begin);
      for (let done = 0; done < read.length;) {
        const count = readSync(file, read, done, read.length - done, begin + done);
        if (count === 0)
          throw new FormatError(`${path}: it ended at ${begin + done} of ${size} bytes while being read`, {
            file: path,
            length: size,
          });
        done += count;
      }
      return read;
    },
  };
  try {
    return readOnnx(bytes, path);
  } finally {
    closeSync(file);
  }
}

/**
 * Size of a file beside a model. A link must lead to where the model's folder or its own file is, as in the hub's cache: a
 * stranger's might lead to anything, which a merge would copy.
 */
function sizeBeside(path: string, location: string, fail: (problem: string, cause?: unknown) => FormatError): number {
  let real: string;
  try {
    real = realpathSync(join(dirname(path), location));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw fail(code === "ENOENT" || code === "ENOTDIR" ? "is missing" : `cannot be opened: ${code}`, error);
  }
  const homes = [realpathSync(dirname(path)), dirname(realpathSync(path))];
  if (!homes.some((home) => real.startsWith(join(home, "/"))))
    throw fail("is a link that leads out of the model's folder");
  if (real === realpathSync(path)) throw fail("is the model itself");
  const found = statSync(real);
  if (!found.isFile()) throw fail("is no file");
  return found.size;
}
