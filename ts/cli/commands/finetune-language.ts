import { type JobOptions, runJob, type RunStore } from "../../entry/jobs-node.js";
import type { LanguageSettings } from "../../tasks/language/settings.js";
import { runFiles } from "../../training/store/run-files.js";
import type { ReadyJob } from "../../jobs/run-job.js";
import { followRun, printRun } from "../followed-run.js";
import type { FinetuneOptions } from "../options/finetune-options.js";
import type { Session } from "../session.js";
import { languageIntroduction, languageNext, languageResult } from "../terminal/language-summary.js";
import { runReporter } from "../terminal/run-reporter.js";

/** Trains a language model's adapter in a run's folder, and tells of it. */
export async function finetuneLanguage(
  store: RunStore,
  settings: LanguageSettings,
  options: Pick<FinetuneOptions, "json" | "quiet">,
  session: Session,
): Promise<void> {
  const { terminal, self } = session;
  const { name: folder } = store;
  const reporter = runReporter(terminal, options);
  const { colors, say } = reporter;
  const run = (job: JobOptions) => runJob(settings, store, job);
  const { report } = await followRun(settings, session, reporter, run, (event) => {
    if (event.type === "ready")
      say(...languageIntroduction(event.job as ReadyJob<LanguageSettings>, folder, colors), "");
  });
  say(
    "",
    ...languageResult(report, colors),
    "",
    ...languageNext(self, folder, report, await store.has(runFiles.gguf), colors),
  );
  printRun(terminal, options, folder, report);
}
