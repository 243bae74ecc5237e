import type { LoraOptions } from "../../adapters/lora-options.js";
import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { Schedule } from "../../optim/schedules.js";
import type { OptionNames } from "../job-events.js";
import { schedules, type SharedSettings } from "./shared-fields.js";

export type { SharedSettings } from "./shared-fields.js";

/** Steps of warm-up. */
export function warmupOf({ warmup }: Pick<SharedSettings, "warmup">, steps: number): number {
  return warmup ?? Math.round(steps / 10);
}

/** Learning rate by step. Throws `ConfigError` if the warm-up is longer than the run. */
export function scheduleOf(settings: SharedSettings, total: number): Schedule {
  const { schedule: name, learningRate: peak, minLearningRateRatio: least } = settings;
  const warmup = warmupOf(settings, total);
  const schedule = schedules[name]({ peak, warmup, total });
  if (least === 0 || name === "constant") return schedule;
  return (step) => (step < warmup ? schedule(step) : peak * least + (1 - least) * schedule(step));
}

/** Options of the new adapter; null for none. */
export function loraOptions(settings: SharedSettings & { readonly headOnly?: boolean }): LoraOptions | null {
  const { headOnly = false, rank, alpha, targetModules, rslora, dora, dropout, lora } = settings;
  if (headOnly) return null;
  return { rank, alpha, ...(targetModules === null ? {} : { targetModules }), rslora, dora, dropout, ...lora };
}

/** Target modules as `--target-modules` accepts them; the default as text. */
export function formatTargets(targetModules: SharedSettings["targetModules"]): string {
  if (targetModules === null) return "query, key, value";
  return typeof targetModules === "string" ? targetModules : targetModules.join(", ");
}

/** Options of an adapter that a message may begin with. */
const adapterSettings = [
  "targetModules",
  "excludeModules",
  "bias",
  "initLoraWeights",
  "modulesToSave",
  "layersToTransform",
];

/**
 * An error about an adapter's options, with the names that the user knows: `TextClassifier.create: targetModules ["foo"] matches …` becomes
 * `--target-modules foo matches …` on the command line. Other errors, and those of a program, stay as they are.
 */
export function settingError(error: unknown, { setting }: OptionNames): unknown {
  if (!(error instanceof ConfigError)) return error;
  const { message, details } = error;
  const [start = "", option = ""] = /^[\w.]+: (\w+)/.exec(message) ?? [];
  if (!adapterSettings.includes(option) || setting(option) === option) return error;
  const rest = message.slice(start.length);
  const { value } = details;
  const asCode = ` ${excerpt(value)}`;
  const asOption = rest.startsWith(asCode) ? ` ${clip([value].flat().join(","))}${rest.slice(asCode.length)}` : rest;
  return new ConfigError(`${setting(option)}${asOption}`, { ...details }, { cause: error });
}
