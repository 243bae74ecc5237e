export { cacheFolder } from "./cache-folder.js";
export { fileSource, openSafetensorsFile } from "./file-source.js";
export type { LocalModel } from "./model-folder.js";
export type { DownloadProgress } from "./progress.js";
export { nodeFileAccess, readFileMap } from "./read-files.js";
export { fetchModel, locateModel, resolveModel } from "./resolve-model.js";
export type { ResolveOptions } from "./resolve-model.js";
export { writeFileAtomically, writeFilesAtomically } from "./write-files.js";
