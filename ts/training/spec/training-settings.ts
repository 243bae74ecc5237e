import type { LoraOptions } from "../../adapters/lora-options.js";
import type { Schedule } from "../../optim/schedules.js";
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
