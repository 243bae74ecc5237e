import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join } from "node:path";
import { ggufAt, ggufFile, isRemote, resolveModel, downloadWhole, remoteFile } from "../../io/node/index.js";
import { GGUF_WEIGHTS } from "../../io/gguf/index.js";
import { digestFile } from "../../io/node/save-stream.js";
import type { JobModel, JobSources, DataFile } from "../sources/job-sources.js";
import { readData } from "./read-data.js";
import { remoteModel } from "./remote-model.js";
import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { LONGEST_TEXT } from "../sources/text-file.js";

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
