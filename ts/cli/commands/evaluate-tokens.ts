import { ConfigError } from "../../errors/errors.js";
import type * as events from "../../training/job-events.js";
import { checkTokenFields, type TokenFields } from "../../io/examples/tokens/located-tokens.js";
import { measuredPart } from "../../training/data/parts.js";
import { localSources } from "../../training/node/local-sources.js";
import { runFiles } from "../../training/store/run-store.js";
import { loadTokenDataset, readTokenFile } from "../../tasks/tokens/run/token-dataset.js";
import { scoresOf } from "../../tasks/tokens/token-scores.js";
import { tokenMetrics } from "../../tasks/tokens/token-metrics.js";
import { type ClassifierOptions, openTokenClassifier } from "../files/classifier-folder.js";
import { tokenSettingsOf } from "../files/token-run.js";
import { flagNames } from "../options/flag-names.js";
import type { Session } from "../session.js";
import { formatCount, formatPercent } from "../terminal/number-format.js";
import { reporterOf } from "../terminal/progress-bar.js";
import { entityLines } from "../terminal/token-summary.js";

interface TokenEvaluateOptions extends ClassifierOptions {
  readonly data?: string;
  readonly fields?: TokenFields;
  readonly json: boolean;
}

/** Measures a token classifier on labelled words: those of --data, otherwise the run's test data. */
export async function evaluateTokens(
  run: string,
  { data, fields, json, ...options }: TokenEvaluateOptions,
  session: Session,
): Promise<void> {
  const { terminal, signal } = session;
  const settings = tokenSettingsOf(run);
  if (fields !== undefined) checkTokenFields("evaluate", fields);
  if (fields !== undefined && data === undefined)
    throw new ConfigError("--fields names the fields of --data, but --data is missing", { option: "--fields" });
  const access = {
    sources: localSources,
    optionNames: flagNames,
    signal,
    emit(event: events.JobEvent) {
      if (event.type === "warning") terminal.error(event.message);
    },
  };
  if (data === undefined && settings === null)
    throw new ConfigError(`${run} has no ${runFiles.report} that names its test data: name a file with --data FILE`, {
      run,
    });
  const { folder, classifier } = await openTokenClassifier({ ...options, run }, session);
  const { labels, parts, modelAdapter } = classifier;
  try {
    const { file, examples } =
      data === undefined
        ? measuredPart(await loadTokenDataset(settings!, access))
        : await readTokenFile(data, { fields: fields ?? settings?.fields ?? {} }, access, labels);
    const bar = reporterOf(terminal).texts("evaluate", examples.length);
    const texts = examples.map(({ text }) => text);
    const scores = await scoresOf(parts, texts, modelAdapter, {
      signal,
      onProgress: (done) => bar.update(done),
    }).finally(() => bar.stop());
    const { metrics } = tokenMetrics(labels, examples, scores, parts.tokenizer.maxTokens, false);
    if (json) return terminal.print(JSON.stringify({ run: folder, data: file, labels, ...metrics }));
    const { f1, precision, recall, accuracy, loss, count } = metrics;
    const shares = [f1, precision, recall].map(formatPercent);
    terminal.print(`${folder} on ${file}: ${formatCount(examples.length)} examples of ${formatCount(count)} words`);
    terminal.print(`entity F1 ${shares[0]!}, precision ${shares[1]!}, recall ${shares[2]!}`);
    terminal.print(`words ${formatPercent(accuracy)} right, loss ${loss.toFixed(3)}\n`);
    for (const line of entityLines(metrics)) terminal.print(line);
  } finally {
    classifier.encoder.dispose();
  }
}
