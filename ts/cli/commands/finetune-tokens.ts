import { runJob, type RunStore } from "../../entry/jobs-node.js";
import type { TokenSettings } from "../../jobs/spec/token-settings.js";
import { startEngine } from "../engine-start.js";
import { exitCodes } from "../exit-codes.js";
import type { FinetuneOptions } from "../options/finetune-options.js";
import { flagWords } from "../options/job-words.js";
import type { Session } from "../session.js";
import { runReporter } from "../terminal/run-reporter.js";
import { tokenIntroduction, tokenNext, tokenResult } from "../terminal/token-summary.js";

/** Trains a classifier of tokens in a run's folder, and tells of it. */
export async function finetuneTokens(
  store: RunStore,
  settings: TokenSettings,
  { json, quiet }: Pick<FinetuneOptions, "json" | "quiet">,
  session: Session,
): Promise<void> {
  const { terminal, self, signal } = session;
  const { name: folder } = store;
  const { colors, say, progress } = runReporter(terminal, { json, quiet });
  await startEngine(settings);
  const job = runJob(settings, store, {
    signal,
    words: flagWords,
    onProgress(event) {
      progress.show(event);
      if (event.type === "warning") terminal.error(event.message);
      if (event.type === "ready-tokens") say(...tokenIntroduction(event.job, folder, colors), "");
    },
  });
  const { report } = await job.finally(() => progress.stop());
  say("", ...tokenResult(report, colors), "", ...tokenNext(self, folder, report, colors));
  if (report.training.diverged) session.exitCode = exitCodes.error;
  const { steps: _, ...known } = report;
  if (json) terminal.print(JSON.stringify({ run: folder, ...known }));
  else if (quiet) terminal.print(folder);
}
