import { closeSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ConfigError, FormatError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { type OnnxModel, readOnnx } from "../../../io/onnx/model.js";
import type { FileBytes } from "../../../io/onnx/wire.js";

/** Protocol buffers hold no more. */
const MOST_BYTES = 2 ** 31 - 1;

/** An ONNX model of which only names and shapes are in memory. */
export interface OpenOnnx {
  readonly path: string;
  readonly model: OnnxModel;
  /** File, and those beside it that hold its constants, each with its bytes. */
  readonly files: ReadonlyMap<string, number>;
}

/** Bytes that the model takes with the files beside it. */
export const onnxSize = ({ files }: OpenOnnx) => [...files.values()].reduce((sum, size) => sum + size, 0);

/** A file's name in an open model's `files`. */
export const fileOf = ({ path }: OpenOnnx, location: string | null) => location ?? basename(path);

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
