import { runJob, type RunStore } from "../../entry/jobs-node.js";
import type { LanguageSettings } from "../../jobs/spec/language-settings.js";
import { startEngine } from "../engine-start.js";
import type { FinetuneOptions } from "../options/finetune-options.js";
import { flagWords } from "../options/job-words.js";
import type { Session } from "../session.js";
import { languageIntroduction, languageNext, languageResult } from "../terminal/language-summary.js";
import { runReporter } from "../terminal/run-reporter.js";

/** Trains a language model's adapter in a run's folder, and tells of it. */
export async function finetuneLanguage(
  store: RunStore,
  settings: LanguageSettings,
  { json, quiet }: Pick<FinetuneOptions, "json" | "quiet">,
  { terminal, self, signal }: Session,
): Promise<void> {
  const { name: folder } = store;
  const { colors, say, progress } = runReporter(terminal, { json, quiet });
  await startEngine(settings);
  const job = runJob(settings, store, {
    signal,
    words: flagWords,
    onProgress(event) {
      progress.show(event);
      if (event.type === "warning") terminal.error(event.message);
      if (event.type === "ready-language") say(...languageIntroduction(event.job, folder, colors), "");
    },
  });
  const { report } = await job.finally(() => progress.stop());
  say("", ...languageResult(report, colors), "", ...languageNext(self, folder, report, colors));
  const { steps: _, ...known } = report;
  if (json) terminal.print(JSON.stringify({ run: folder, ...known }));
  else if (quiet) terminal.print(folder);
}
