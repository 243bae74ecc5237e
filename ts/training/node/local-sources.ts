import { createHash, randomUUID } from "node:crypto";
import { close, constants, existsSync, open as openFile, realpathSync, statSync } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { cpus } from "node:os";
import { basename, isAbsolute, join, relative } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { promisify } from "node:util";
import { AbortError, ConfigError, ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { GGUF_WEIGHTS, isGgufName } from "../../io/gguf/index.js";
import { isFolder } from "../../io/node/folders.js";
import {
  cacheFolder,
  download,
  downloadWhole,
  fileSource,
  ggufAt,
  ggufFile,
  isRemote,
  remoteFile,
  resolveModel,
} from "../../io/node/index.js";
import { digestFile } from "../../io/node/models/model-cache.js";
import { throwIfAborted } from "../../waiting/abort.js";
import {
  type DataFile,
  type FindModelOptions,
  type JobModel,
  type JobSources,
  LONGEST_TEXT,
} from "../sources/job-sources.js";

/** Where Node's jobs find models and data: folders and files, addresses of https and s3, the cache, the hub. */
export const localSources: JobSources = {
  async findModel(name, { signal, onDownload }) {
    if (isRemote(name)) return remoteModel(name, { signal, onDownload });
    const named = ggufFile(name);
    if (named !== null) return ggufModel(named, basename(named), "file");
    const model = await resolveModel(name, { signal, onProgress: onDownload });
    const only = ggufFile(model.directory);
    if (only !== null) return ggufModel(only, model.name, model.origin);
    return {
      ...model,
      async digest(file) {
        const path = join(model.directory, file);
        return existsSync(path) ? (await digestFile(path, signal)).sha256 : null;
      },
    };
  },
  readData: (name, { signal } = {}) => (isRemote(name) ? readRemoteData(name, signal) : readData(name, signal)),
  machine: () => ({
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
  }),
};

/** A model in one GGUF file, which determines everything that it computes. */
const ggufModel = (path: string, name: string, origin: string): JobModel => ({
  ...ggufAt(path, name),
  origin,
  digest: async (file, signal) => (file === GGUF_WEIGHTS ? (await digestFile(path, signal)).sha256 : null),
});

/**
 * A model at an http, https or s3 address: a folder, or one GGUF file. Its files are cached, and fetched again if the server's ETag has
 * changed. Throws `ConfigError` and `ModelError` if it cannot be fetched.
 */
async function remoteModel(address: string, options: FindModelOptions): Promise<JobModel> {
  const base = address.replace(/\/+$/, "");
  const origin = "address";
  if (isGgufName(base)) {
    const path = await cached(base, options);
    if (path === null) throw new ModelError(`model ${clip(base)}: there is no such file (404)`, { model: base });
    const digest = async (file: string, signal?: AbortSignal) =>
      file === GGUF_WEIGHTS ? (await digestFile(path, signal)).sha256 : null;
    return { ...ggufAt(path, base), origin, digest };
  }
  const files = new Map<string, Promise<string | null>>();
  const pathOf = (file: string) => {
    const known = files.get(file) ?? cached(`${base}/${file}`, options);
    files.set(file, known);
    return known;
  };
  return {
    name: base,
    origin,
    async open(file) {
      const path = await pathOf(file);
      return path === null ? null : fileSource(path);
    },
    async digest(file, signal) {
      const path = await pathOf(file);
      return path === null ? null : (await digestFile(path, signal)).sha256;
    },
  };
}

/** The cached path of a file at an address, fetched if necessary; null if the server does not have it. */
async function cached(address: string, { signal, onDownload }: FindModelOptions): Promise<string | null> {
  const { name, ask } = remoteFile("model", address);
  const folder = join(cacheFolder(), "addresses");
  const pathOf = (version: string) => {
    const key = createHash("sha256").update(`${address}\n${version}`).digest("hex");
    return join(folder, `${key.slice(0, 32)}-${basename(name)}`);
  };
  let [known, total]: [string | null, number] = [null, NaN];
  const check = ({ headers, status }: Response) => {
    if (status === 200) total = Number(headers.get("content-length") ?? NaN);
    const version = headers.get("etag");
    if (version === null || !existsSync(pathOf(version))) return;
    known = pathOf(version);
    throw new AlreadyThere();
  };
  await mkdir(folder, { recursive: true });
  const part = join(folder, `${randomUUID()}.part`);
  const handle = await open(part, "wx");
  try {
    const write = async (offset: number, bytes: Uint8Array) => {
      if (offset === 0) await handle.truncate(0);
      for (let done = 0; done < bytes.length;)
        done += (await handle.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
      onDownload({ file: basename(name), received: offset + bytes.length, total });
    };
    const found = await download(name, ask, write, { signal, check });
    if (found === null) return null;
    await handle.sync();
    // Without an ETag a change cannot be detected.
    const path = pathOf(found.version ?? randomUUID());
    await rename(part, path);
    return path;
  } catch (error) {
    if (error instanceof AlreadyThere) return known;
    throw error;
  } finally {
    await handle.close();
    await rm(part, { force: true });
  }
}

/** Ends the download of a cached file. */
class AlreadyThere extends Error {}

/** A file of examples at an http, https or s3 address. Throws `ConfigError` if there is none, or it is too long. */
async function readRemoteData(address: string, signal?: AbortSignal): Promise<DataFile> {
  const { name, ask } = remoteFile("data", address);
  const check = ({ headers }: Response) => {
    if (!/^text\/html\b/i.test(headers.get("content-type") ?? "")) return;
    throw new ConfigError(
      `${clip(name)} returned an HTML page instead of a file of examples; does the address need a login?`,
      {
        name,
      },
    );
  };
  const found = await downloadWhole(name, ask, { most: LONGEST_TEXT, signal, check });
  if (found !== null) return { name, bytes: found.bytes };
  throw new ConfigError(`${clip(name)}: there is no such file (404)`, { name });
}

/** Opens a bare descriptor, which a socket then owns: a `FileHandle` would close it a second time when collected. */
const openDescriptor = promisify(openFile);

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
    openDescriptor(path, constants.O_WRONLY | constants.O_NONBLOCK).then(
      (writer) => close(writer),
      // The reader has gone.
      () => undefined,
    );
  };
  signal?.addEventListener("abort", wake, { once: true });
  try {
    const fd = await openDescriptor(path, constants.O_RDONLY);
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
