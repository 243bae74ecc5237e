import type { OptionNames } from "./option-names.js";
import { ConfigError } from "../../errors/errors.js";
import type { RunSettings } from "./run-settings.js";

/** Throws `ConfigError` if the learning rate would not reach its peak before the run's last step. */
export function checkWarmup(
  { warmup, headOnly = false }: Pick<RunSettings, "warmup" | "headOnly">,
  steps: number,
  { setting }: OptionNames,
): void {
  if (headOnly || warmup === null || warmup <= steps) return;
  throw new ConfigError(
    `${setting("warmup")} ${warmup} is longer than the run of ${steps} ${steps === 1 ? "step" : "steps"}: pass ${steps} or fewer, ` +
      `or more ${setting("steps")}`,
    { option: "warmup", warmup, steps },
  );
}
