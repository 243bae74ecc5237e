import type { TaskName } from "../../tasks/index.js";
import type { LanguageReport } from "../../tasks/language/settings.js";
import type { MultiLabelRunResult } from "../../tasks/multi-label/settings.js";
import type { TokenReport } from "../../tasks/tokens/settings.js";
import type { TokenMetrics } from "../../tasks/tokens/token-spans.js";
import type { LabelScores } from "../../training/report.js";
import { runFiles } from "../../training/store/run-store.js";
import { formatCount, formatExamples, formatPercent } from "../terminal/number-format.js";
import { clip, shellPath, tableLines, type Terminal } from "../terminal/terminal.js";
import { classifierView } from "./classifier-view.js";
import {
  adapterRow,
  curveRow,
  metricsView,
  nextLines,
  pairsView,
  reportRow,
  type RunView,
  speedLine,
} from "./run-view.js";

/** Runs of language models: perplexity before and after. */
const languageView: RunView<LanguageReport> = {
  result({ report: { result, data, evaluation, training } }, { colors: { bold, green } }) {
    if (result === null || evaluation === null) return [speedLine(training)];
    const { before, after, step } = result;
    const row = (name: string, { perplexity, loss }: typeof before) => [name, perplexity.toFixed(2), loss.toFixed(3)];
    const { targets, examples } = data.validation;
    const [head, first, last] = tableLines(
      [
        [`${formatCount(targets)} tokens of ${formatExamples(examples)} held out`, "perplexity", "loss"],
        row("the base model", before),
        row("with the adapter", after),
      ],
      ["left", "right", "right"],
    );
    const stopped = evaluation.stoppedEarly ? `; stopped early after step ${evaluation.measured.at(-1)!.step}` : "";
    const better = after.loss < before.loss;
    return [
      head!,
      first!,
      better ? green(bold(last)) : bold(last),
      `Kept: step ${step}, with the lowest loss of those measured${stopped}`,
      "",
      speedLine(training),
    ];
  },
  next({ folder, report: { settings }, hasGguf }, page) {
    const [model, run] = [settings.model, folder].map(shellPath);
    return nextLines(
      folder,
      [
        adapterRow,
        ...(hasGguf ? [[runFiles.gguf, "the adapter, in llama.cpp's format"] as const] : []),
        reportRow,
        curveRow,
      ],
      [
        `${settings.task === "chat" ? "chat" : "generate"} --model ${model} --adapter ${run}`,
        `serve --model ${model} --adapter ${run}`,
        `inspect ${run}`,
      ],
      page,
    );
  },
};

/** The most labels that are shown. */
const SHOWN = 30;

/** Runs with several labels a text: the metrics, and each label by itself. */
const multiLabelView: RunView = {
  result(run, page) {
    const { labels, thresholdsFrom } = run.report.result as MultiLabelRunResult;
    const chosen =
      thresholdsFrom === null
        ? "thresholds are 0.5: there was no validation to choose them on"
        : "thresholds have the highest F1 on the validation";
    const { colors } = page;
    return [...metricsView.result(run, page), "", ...labelLines(labels, "in report.json", colors), colors.dim(chosen)];
  },
  next: metricsView.next,
};

/**
 * A table of labels, at most 30 of them.
 * @param rest where the others are
 */
export function labelLines(labels: readonly LabelScores[], rest: string, { dim }: Terminal["colors"]): string[] {
  const rows = labels.slice(0, SHOWN).map(({ label, texts, threshold, precision, recall, f1, averagePrecision }) => [
    label,
    formatCount(texts),
    threshold.toFixed(2),
    // Of a label that no text has, these are 0 by definition.
    ...[precision, recall, f1, averagePrecision].map((share) => (texts === 0 ? "–" : formatPercent(share))),
  ]);
  const numbers = ["texts", "threshold", "precision", "recall", "F1", "AP"];
  const more = labels.length > SHOWN ? [`and ${labels.length - SHOWN} more ${rest}`] : [];
  const absent = labels.filter(({ texts }) => texts === 0).length;
  const few =
    absent === 0
      ? []
      : [
          `${absent === 1 ? "1 label is" : `${formatCount(absent)} labels are`} in no test text; macro F1 counts such a label as 0`,
        ];
  return [
    ...tableLines([["label", ...numbers], ...rows], ["left", ...numbers.map(() => "right" as const)]),
    ...more,
    ...few.map((line) => dim(line)),
  ];
}

/** Scores of each label's entities. */
export function entityLines({ perEntity }: Pick<TokenMetrics, "perEntity">): string[] {
  const rows = perEntity.map(({ label, f1, precision, recall, support }) => [
    clip(label, 24),
    ...[f1, precision, recall].map(formatPercent),
    formatCount(support),
  ]);
  return tableLines([["", "F1", "precision", "recall", "entities"], ...rows], ["left", ...right(4)]);
}

const right = (columns: number) => new Array<"right">(columns).fill("right");

/** Runs on words: the metrics, and each kind of entity by itself. */
const tokenView: RunView<TokenReport> = {
  result(run, page) {
    const { after } = run.report.result;
    return [
      ...metricsView.result(run, page),
      ...(after.cut === 0 ? [] : [`${formatCount(after.cut)} words are beyond the maximum length, and count as wrong`]),
      "",
      ...entityLines(after),
    ];
  },
  next({ folder, report: { settings } }, page) {
    const run = shellPath(folder);
    return nextLines(
      folder,
      [
        ...(settings.headOnly
          ? [[runFiles.head.join(", "), "the head and its labels"] as const]
          : [
              [runFiles.adapter.join(", "), "adapter and head, as PEFT reads them (TOKEN_CLS)"] as const,
              ["labels.json", "the labels, and what else decides an answer"] as const,
              curveRow,
            ]),
        reportRow,
      ],
      [`predict --run ${run} "a text with names in it"`, `evaluate --run ${run} --data other.conll`],
      page,
    );
  },
};

/** How runs are shown, by task. */
export const runViews: Readonly<Record<TaskName, RunView<never>>> = {
  classify: classifierView,
  "multi-label": multiLabelView,
  tokens: tokenView,
  regress: metricsView,
  pairs: pairsView,
  rank: pairsView,
  text: languageView,
  chat: languageView,
  preferences: { result: metricsView.result, next: languageView.next },
};
