import type { TaskName } from "../../tasks/index.js";
import type { ReadyJob } from "../../jobs/run-job.js";
import { languageIntroduction } from "./language-summary.js";
import { introduction } from "./run-summary.js";
import type { Terminal } from "./terminal.js";
import { tokenIntroduction } from "./token-summary.js";

type Introduction = (job: ReadyJob<never>, folder: string, colors: Terminal["colors"]) => string[];

/** What is about to run, before it does, by task. */
export const introductions: Readonly<Record<TaskName, Introduction>> = {
  classify: introduction,
  tokens: tokenIntroduction,
  text: languageIntroduction,
  chat: languageIntroduction,
};
