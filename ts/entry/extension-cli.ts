/** What the commands of packages that extend lowrank are made of; as `lowrank/extension`, it may change in any version. */
export { enableRelaxedSimd } from "../cli/engine-start.js";
export { absolutePath } from "../cli/options/absolute-path.js";
export type { AdapterOptions } from "../cli/options/adapter-settings.js";
export { exampleData } from "../cli/options/example-data.js";
export { port, real, whole } from "../cli/options/option-values.js";
export { classifierSettings, freshSettings, withAbsolutePaths } from "../cli/options/settings-of-options.js";
export type { SettingsOptions } from "../cli/options/settings-of-options.js";
export { addSpecOptions } from "../cli/options/spec-options.js";
export { runProcess } from "../cli/run-process.js";
export { runs } from "../cli/run-program.js";
export type { Program, Run } from "../cli/run-program.js";
export type { Session } from "../cli/session.js";
export { formatDuration, formatPercent } from "../cli/terminal/number-format.js";
export { oneLine } from "../cli/terminal/printable.js";
export { shellPath } from "../cli/terminal/shell-word.js";
export { tableLines } from "../cli/terminal/table.js";
export { sweepCurves } from "../pictures/sweep-curves.js";
