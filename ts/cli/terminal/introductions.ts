import type { TaskName } from "../../tasks/index.js";
import type { ReadyJob } from "../../jobs/run-job.js";
import { languageIntroduction } from "./language-summary.js";
import { introduction } from "./run-summary.js";
import type { Terminal } from "./terminal.js";
import { taskIntroduction } from "./task-summary.js";

type Introduction = (job: ReadyJob<never>, folder: string, colors: Terminal["colors"]) => string[];

const own: Readonly<Partial<Record<TaskName, Introduction>>> = {
  classify: introduction,
  text: languageIntroduction,
  chat: languageIntroduction,
};

/** Describes a run before it starts. */
export const introductionOf = (task: TaskName): Introduction => own[task] ?? taskIntroduction;
