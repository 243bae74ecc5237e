import type { JobWords } from "../../jobs/job-events.js";
import type { LanguageSettings } from "../../jobs/spec/language-settings.js";
import type { TokenSettings } from "../../jobs/spec/token-settings.js";
import type { TrainingSettings } from "../../jobs/spec/training-settings.js";

/** A setting as the option of `finetune`: "maxGradNorm" → "--max-grad-norm". */
export function flagOf(setting: keyof TrainingSettings | keyof TokenSettings | keyof LanguageSettings): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What a job's messages call things on the command line. */
export const flagWords: JobWords = { setting: flagOf, resume: "--resume" };
