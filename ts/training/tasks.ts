import { classifierJob } from "./classifier-job.js";
import type { JobTask } from "./job-task.js";
import type { LanguageSettings } from "./spec/language-settings.js";
import type { TokenSettings } from "./spec/token-settings.js";
import { type JobSettings, type TaskName, taskOf } from "./spec/any-settings.js";

/** Its code is fetched when such a run begins: who trains classifiers needs none of it. */
const languageJob: JobTask = {
  async prepare(settings, context) {
    const { prepareLanguage } = await import("./language/prepare-language.js");
    return prepareLanguage(settings as LanguageSettings, context);
  },
};

/** So is that of runs on labelled words. */
const tokenJob: JobTask = {
  async prepare(settings, context) {
    const { prepareTokens } = await import("./tokens/prepare-tokens.js");
    return prepareTokens(settings as TokenSettings, context);
  },
};

/** Who does which run. */
const jobTasks: Readonly<Record<TaskName, JobTask>> = {
  classify: classifierJob,
  tokens: tokenJob,
  text: languageJob,
  chat: languageJob,
};

/** Who does the run with these settings. */
export const jobTaskOf = (settings: JobSettings): JobTask => jobTasks[taskOf(settings)];
