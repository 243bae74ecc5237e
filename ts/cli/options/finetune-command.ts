import { isAbsolute, relative, sep } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import { isRemote } from "../../io/node/index.js";
import type { FurtherLora } from "../../training/spec/shared-fields.js";
import { fieldsOfTasks, type JobSettings, taskOf } from "../../tasks/index.js";
import { defaultsOf, type Fields } from "../../training/spec/field.js";
import type { TrainingSettings } from "../../tasks/classify/settings.js";
import { shellPath, shellWord } from "../terminal/terminal.js";
import { inits } from "./adapter-settings.js";
import { exampleData, settingsFrom } from "./spec-options.js";
import { adapterSettingNames, flagOf } from "./setting-flags.js";

/** How a run differs from another one. */
export interface Change {
  readonly headOnly?: true;
  readonly folds?: number;
  readonly classWeights?: "balanced";
}

/** What a run of other settings is begun by: a line for a shell, with the paths as they are from this folder. */
export function finetuneCommand(self: string, settings: JobSettings, change: Change): string {
  const dropped = new Set<string>([
    ...Object.keys(change),
    ...(change.headOnly === true ? [...adapterSettingNames, "baseline", "lora"] : []),
    ...(change.folds === undefined ? [] : ["validation", "test", "testSplit"]),
  ]);
  const usual = { ...defaultsFor(settings), recipe: "default" } as Readonly<Record<string, unknown>>;
  const { data, ...others } = settings;
  const given = Object.entries({ data, ...others }).filter(
    ([name, value]) => !dropped.has(name) && JSON.stringify(value) !== JSON.stringify(usual[name]),
  );
  const words = [...given, ...Object.entries(change)].flatMap(([name, value]) => optionOf(name, value));
  return [self, "finetune", ...words].join(" ");
}

/** What stands for options that are not given; also the data, where they are those that come with the package. */
function defaultsFor(settings: JobSettings): Readonly<Record<string, unknown>> {
  const task = taskOf(settings);
  const { recipe = "default" } = settings as Partial<TrainingSettings>;
  try {
    const bundled = settingsFrom({ task, recipe }, exampleData);
    if (bundled.data === settings.data) return { ...bundled };
  } catch (error) {
    // There are no such data.
    if (!(error instanceof ConfigError)) throw error;
  }
  return defaultsOf<Fields>(fieldsOfTasks[task], recipe);
}

/** The words of an option; none for what no option says. */
function optionOf(name: string, value: unknown): string[] {
  const flag = flagOf(name as keyof TrainingSettings);
  if (name === "lora") return value === null ? [] : adapterWords(value as FurtherLora);
  if (value === true) return [flag];
  if (value === false) return ["baseline", "finalFit", "calibrate"].includes(name) ? [flag.replace("--", "--no-")] : [];
  if (value === null) return name === "patience" ? [flag, "none"] : name === "maxGradNorm" ? [flag, "0"] : [];
  if (Array.isArray(value)) return value.length === 0 ? [] : [flag, shellWord(value.join(","))];
  if (typeof value === "object") {
    const pairs = Object.entries(value).map(([key, own]) => `${key}=${String(own)}`);
    return pairs.length === 0 ? [] : [flag, shellWord(pairs.join(","))];
  }
  const text = String(value);
  return [flag, isAbsolute(text) ? shellPath(fromHere(text)) : shellWord(text)];
}

/** Options of the adapter by their own names; what a file alone can say is told behind them. */
function adapterWords(lora: FurtherLora): string[] {
  const { excludeModules, bias, initLoraWeights, modulesToSave, layersToTransform, ...rest } = lora;
  const init = Object.keys(inits).find((name) => inits[name] === initLoraWeights);
  const named = { excludeModules, bias, init, modulesToSave, layers: layersToTransform };
  const words = Object.entries(named).flatMap(([name, value]) => (value == null ? [] : optionOf(name, value)));
  const others = Object.values(rest).some((value) => value != null);
  return others ? [...words, "--adapter-config", "FILE"] : words;
}

function fromHere(text: string): string {
  if (!isAbsolute(text) || isRemote(text)) return text;
  const path = relative(process.cwd(), text);
  return path === "" || path.startsWith(`..${sep}..`) || isAbsolute(path) ? text : path;
}
