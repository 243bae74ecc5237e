import { ConfigError } from "../../errors/errors.js";
import type { JobWords } from "../job-events.js";
import type { RunSettings } from "./run-settings.js";

/** Throws `ConfigError` where the learning rate would not come to its peak before the run's last step, whatever its schedule. */
export function checkWarmup(
  { warmup, headOnly = false }: Pick<RunSettings, "warmup" | "headOnly">,
  steps: number,
  { setting }: JobWords,
): void {
  if (headOnly || warmup === null || warmup <= steps) return;
  throw new ConfigError(
    `${setting("warmup")} ${warmup} is longer than the run, which has ${steps} ${steps === 1 ? "step" : "steps"}: give ${steps} or fewer, ` +
      `or more ${setting("steps")}`,
    { option: "warmup", warmup, steps },
  );
}
