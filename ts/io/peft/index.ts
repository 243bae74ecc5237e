export { layerScalings, type Adapter, type AdapterLayer, lackingLayer, convertPissa } from "./adapter.js";
export { adapterProblems, checkAdapter, type BaseIndex } from "./check.js";
export { adapterConfig, type AdapterConfig } from "./config.js";
export { checkTogether, refuseInitialisation, startsFromBaseWeights } from "./config-file.js";
export { adapterFingerprint, checkNotMerged, MERGED_KEY, readMerged, withMerged } from "./merged-adapters.js";
export type { MergedModel } from "./merged-adapters.js";
export { inFileNames, lackingInFile } from "./base-names.js";
export {
  ADAPTER_FILES,
  readAdapter,
  readAdapterForBase,
  baseTensor,
  isOriginal,
  isTokenRows,
  tokenRows,
  withoutCopies,
  rowsOfTable,
  writeAdapter,
} from "./adapter-files.js";
export { savedWhole, targetTest } from "./targets.js";
