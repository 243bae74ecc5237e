import { close, constants, existsSync, open as openFile, realpathSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Socket } from "node:net";
import { isAbsolute, relative } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { promisify } from "node:util";
import { AbortError, ConfigError } from "../../errors/errors.js";
import { isFolder } from "../../io/node/folders.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { type DataFile, LONGEST_TEXT } from "../sources/job-sources.js";

/** Opens a bare descriptor, which a socket then owns: a `FileHandle` would close it a second time when collected. */
const open = promisify(openFile);

const STANDARD_INPUT = "/dev/stdin";

/**
 * Reads a file of texts. Named pipes and /dev/stdin are read to their end without blocking. Throws `ConfigError` if it cannot be read or is
 * too long, and `AbortError` when cancelled.
 */
export async function readData(path: string, signal?: AbortSignal): Promise<DataFile> {
  throwIfAborted(signal);
  if (isFolder(path))
    throw new ConfigError(`${path}: a file of examples is expected, this is a folder`, { file: path });
  const kind = kindOf(path);
  try {
    return { name: shownPath(path), bytes: await readers[kind](path, signal) };
  } catch (cause) {
    throwIfAborted(signal);
    if (cause instanceof ConfigError) throw cause;
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new ConfigError(
      missing ? `${path}: there is no such file` : `${path} cannot be read: ${String(cause)}`,
      { path },
      { cause },
    );
  }
}

/** A path for messages: relative if it is below the working folder. */
function shownPath(path: string): string {
  const shorter = relative(process.cwd(), path);
  return shorter === "" || shorter.startsWith("..") || isAbsolute(shorter) ? path : shorter;
}

type Kind = "file" | "input" | "pipe";

/** Status of a file. Rejects files longer than a string can be, and devices, which may be endless. */
function kindOf(path: string): Kind {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return "file";
  if (status.isFile()) {
    if (status.size > LONGEST_TEXT) throw tooLong(path, status.size);
    return "file";
  }
  if (existsSync(STANDARD_INPUT) && realpathSync(path) === realpathSync(STANDARD_INPUT)) return "input";
  if (status.isFIFO()) return "pipe";
  throw new ConfigError(`${path}: a file of examples is expected, this is a device`, { file: path });
}

function tooLong(path: string, size: number): ConfigError {
  return new ConfigError(
    `${path} has ${size} bytes; at most ${LONGEST_TEXT} can be read at once: split it into several`,
    { path, size },
  );
}

const readers: Readonly<Record<Kind, (path: string, signal: AbortSignal | undefined) => Promise<Uint8Array>>> = {
  file: (path, signal) => readFile(path, { signal }),
  input: (path, signal) => readToEnd(path, process.stdin, signal),
  async pipe(path, signal) {
    const fd = await openPipe(path, signal);
    // A socket polls; reading a file would block a thread, and the end of the process, until data arrive.
    const socket = new Socket({ fd, readable: true, writable: false });
    try {
      return await readToEnd(path, socket, signal);
    } finally {
      socket.destroy();
    }
  },
};

/** Opens a pipe once it has a writer; an abort opens and closes it as a writer without data. */
async function openPipe(path: string, signal: AbortSignal | undefined): Promise<number> {
  const wake = () => {
    open(path, constants.O_WRONLY | constants.O_NONBLOCK).then(
      (writer) => close(writer),
      // The reader has gone.
      () => undefined,
    );
  };
  signal?.addEventListener("abort", wake, { once: true });
  try {
    const fd = await open(path, constants.O_RDONLY);
    if (signal?.aborted) close(fd);
    throwIfAborted(signal);
    return fd;
  } finally {
    signal?.removeEventListener("abort", wake);
  }
}

async function readToEnd(path: string, stream: Readable, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of signal === undefined ? stream : addAbortSignal(signal, stream)) {
      chunks.push(chunk as Uint8Array);
      size += (chunk as Uint8Array).length;
      if (size > LONGEST_TEXT) throw tooLong(path, size);
    }
  } catch (cause) {
    if (signal?.aborted)
      throw new AbortError(`interrupted while reading ${path}`, { file: path, reason: signal.reason }, { cause });
    throw cause;
  }
  return Buffer.concat(chunks);
}
