import { type JobOptions, runJob, type RunStore } from "../../entry/jobs-node.js";
import type { TokenSettings } from "../../tasks/tokens/run/settings.js";
import { exitCodes } from "../exit-codes.js";
import type { ReadyJob } from "../../jobs/run-job.js";
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
    if (event.type === "ready") say(...tokenIntroduction(event.job as ReadyJob<TokenSettings>, folder, colors), "");
  });
  say("", ...tokenResult(self, report, colors), "", ...tokenNext(self, folder, report, colors));
  if (report.training.diverged) session.exitCode = exitCodes.error;
  printRun(terminal, options, folder, report);
}
