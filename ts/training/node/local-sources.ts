import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join } from "node:path";
import { ggufAt, ggufFile, isRemote, resolveModel } from "../../io/node/index.js";
import { GGUF_WEIGHTS } from "../../io/gguf-name.js";
import { digestFile } from "../../io/node/save-stream.js";
import type { JobModel, JobSources } from "../sources/job-sources.js";
import { readData } from "./read-data.js";
import { readRemoteData } from "./remote-data.js";
import { remoteModel } from "./remote-model.js";

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
