import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { resolveModel } from "../../io/node/index.js";
import { digestFile } from "../../io/node/save-stream.js";
import type { JobSources } from "../sources/job-sources.js";
import { readData } from "./read-data.js";

/** Where Node's jobs find models and data: folders and files, the cache, the hub. */
export const localSources: JobSources = {
  async findModel(name, { signal, onDownload }) {
    const model = await resolveModel(name, { signal, onProgress: onDownload });
    return {
      ...model,
      async digest(file) {
        const path = join(model.directory, file);
        return existsSync(path) ? (await digestFile(path, signal)).sha256 : null;
      },
    };
  },
  readData: (path, { signal } = {}) => readData(path, signal),
  machine: () => ({
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
  }),
};
