export { cacheFolder } from "./models/cache-folder.js";
export { fileSource, openSafetensorsFile } from "./file-source.js";
export type { LocalModel } from "./models/model-folder.js";
export type { DownloadProgress } from "./models/progress.js";
export { nodeFileAccess, readFileMap } from "./read-files.js";
export { folderOrGguf, ggufAt, ggufFile } from "./models/gguf-file.js";
export { fetchModel, locateModel, resolveModel } from "./models/resolve-model.js";
export type { ResolveOptions } from "./models/resolve-model.js";
export { writeFileAtomically, writeFilesAtomically } from "./write-files.js";
