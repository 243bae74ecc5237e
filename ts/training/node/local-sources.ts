import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { cpus } from "node:os";
import { basename, join } from "node:path";
import { ConfigError, ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { GGUF_WEIGHTS, isGgufName } from "../../io/gguf/index.js";
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
import { digestFile } from "../../io/node/save-stream.js";
import {
  type DataFile,
  type FindModelOptions,
  type JobModel,
  type JobSources,
  LONGEST_TEXT,
} from "../sources/job-sources.js";
import { readData } from "./read-data.js";

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
