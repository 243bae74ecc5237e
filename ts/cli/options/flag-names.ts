import type { OptionNames } from "../../training/spec/option-names.js";
import type { SettingName } from "./setting-flags.js";

/** A setting as the option of `finetune`: "maxGradNorm" → "--max-grad-norm". */
export function flagOf(setting: SettingName): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Options of adapters whose flag has another name. */
const flagsOfAdapters: Readonly<Record<string, string>> = { initLoraWeights: "--init", layersToTransform: "--layers" };

/** What a job's messages call things on the command line. */
export const flagNames: OptionNames = {
  setting: (name) => flagsOfAdapters[name] ?? flagOf(name as SettingName),
  resume: "--resume",
};
