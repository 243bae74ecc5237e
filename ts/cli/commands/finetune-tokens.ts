import { type JobOptions, runJob, type RunStore } from "../../entry/jobs-node.js";
import type { TokenSettings } from "../../training/spec/token-settings.js";
import { exitCodes } from "../exit-codes.js";
import { followRun, printRun } from "../followed-run.js";
import type { FinetuneOptions } from "../options/finetune-options.js";
import type { Session } from "../session.js";
import { runReporter } from "../terminal/run-reporter.js";
import { tokenIntroduction, tokenNext, tokenResult } from "../terminal/token-summary.js";

/** Trains a classifier of tokens in a run's folder, and tells of it. */
export async function finetuneTokens(
  store: RunStore,
  settings: TokenSettings,
  options: Pick<FinetuneOptions, "json" | "quiet">,
  session: Session,
): Promise<void> {
  const { terminal, self } = session;
  const { name: folder } = store;
  const reporter = runReporter(terminal, options);
  const { colors, say } = reporter;
  const run = (job: JobOptions) => runJob(settings, store, job);
  const { report } = await followRun(settings, session, reporter, run, (event) => {
    if (event.type === "ready-tokens") say(...tokenIntroduction(event.job, folder, colors), "");
  });
  say("", ...tokenResult(self, report, colors), "", ...tokenNext(self, folder, report, colors));
  if (report.training.diverged) session.exitCode = exitCodes.error;
  printRun(terminal, options, folder, report);
}
