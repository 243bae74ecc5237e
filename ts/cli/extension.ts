/** Parts for the commands of packages that extend lowrank. Like `lowrank/extension`, it may change in any version. */
export { enableRelaxedSimd, startEngine } from "./engine-start.js";
export type { EngineOptions } from "./engine-start.js";
export { findModel, loadEncoder } from "./files/base-model.js";
export { addEngineOptions } from "./files/classifier-folder.js";
export { checkEmptyFolder, checkOutFolder } from "./files/out-folder.js";
export { appearedMeanwhile } from "./merged/whole-folder.js";
export {
  absolutePath,
  exampleData,
  freshSettings,
  withAbsolutePaths,
  type SettingsOptions,
  addSettingOptions,
  addSpecOptions,
} from "./options/spec-options.js";
export type { AdapterOptions } from "./options/adapter-settings.js";
export { flagNames } from "./options/setting-flags.js";
export { port, real, targetModules, whole } from "./options/option-values.js";
export { packageRoot } from "./installed-package.js";
export { runProcess, runs, type Program, type Run } from "./run-program.js";
export type { Session } from "./session.js";
export { formatDuration, formatPercent } from "./terminal/number-format.js";
export { oneLine, shellPath, tableLines } from "./terminal/terminal.js";
export { sweepCurves } from "../pictures/sweep-curves.js";
export { readLabelled } from "../tasks/classify/read-labelled.js";
export { localSources } from "../training/node/local-sources.js";
export { DEFAULT_MODEL } from "../training/spec/shared-fields.js";
