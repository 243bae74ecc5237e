import { join } from "node:path";
import type { Interval } from "../../train/metrics/bootstrap.js";
import type { Metrics } from "../../train/metrics/metrics.js";
import type { Difference, PairedDifference } from "../../train/metrics/paired-difference.js";
import { formatCount, formatInterval, formatPercent, formatRate } from "../terminal/number-format.js";
import { finetuneCommand } from "../options/finetune-command.js";
import { macroF1Loss, pickSamples, type RunReport, type Sample } from "../../tasks/classify/report.js";
import { runFiles } from "../../training/store/run-store.js";
import type { ReadyJob } from "../../jobs/run-job.js";
import { areFew, fitsHead, type TrainingSettings } from "../../tasks/classify/settings.js";
import type { Recommendation } from "../../tasks/head/head-comparison.js";
import { clip, shellPath, tableLines, type Terminal } from "../terminal/terminal.js";
import {
  adapterRow,
  curveRow,
  type FinishedRun,
  headOnlyLines,
  headOnlyRow,
  nextLines,
  type Page,
  reportRow,
  type RunView,
  speedLine,
} from "./run-view.js";

type Colors = Terminal["colors"];

/** Runs with one label a text: with advice on the head-only baseline, and some predictions. */
export const classifierView: RunView<RunReport> = {
  advice: (job, headOnly, page) => fewLines(job as ReadyJob<TrainingSettings>, headOnly, page),
  result(run, page) {
    const { report, predictions } = run;
    const { self, colors, width } = page;
    const samples = samplesOf(run);
    return [
      ...resultTable(report, colors),
      "",
      ...adviceLines(self, report, colors),
      speedLine(report.training),
      ...(samples.length === 0
        ? []
        : ["", samplesTitle(samples, predictions!, report.result.measuredOn), ...sampleLines(samples, width, colors)]),
    ];
  },
  next(run, page) {
    const { folder, report, hasHeadOnly } = run;
    const { headOnly } = report.settings;
    return nextLines(
      folder,
      [
        ...(headOnly ? [] : [adapterRow]),
        [runFiles.head.join(", "), "the classification head and its labels"],
        ...(hasHeadOnly && !headOnly ? [headOnlyRow] : []),
        reportRow,
        ...(headOnly ? [] : [curveRow]),
      ],
      commandsFor(folder, samplesOf(run), headOnly ? "head" : report.result.recommended),
      page,
    );
  },
};

const samplesOf = ({ predictions = [], samples, report }: FinishedRun<RunReport>) =>
  pickSamples(predictions, samples, report.settings.seed);

/** Says before training that the head-only model may be as good, if there are few examples of each label; otherwise empty. @param beside its folder */
function fewLines(
  { settings, data, steps, resumedAfter }: ReadyJob<TrainingSettings>,
  beside: string,
  { self, colors: { yellow, cyan } }: Page,
): string[] {
  const { train, validation, labels } = data;
  const examples = train.examples + validation.examples;
  if (steps === 0 || resumedAfter !== null || !fitsHead(settings) || !areFew(examples, labels.length)) return [];
  return [
    "",
    `${yellow("note")}  ${formatCount(examples)} examples of ${labels.length} labels are few: the head-only model, which is fitted in seconds, may be as good. ` +
      `This run also saves it, in ${beside}, and compares both at the end. To make only that one:`,
    `  ${cyan(finetuneCommand(self, settings, { headOnly: true }))}`,
  ];
}

/** Majority-class baseline, head-only baseline, and head and adapter, on the test examples. @internal exported for its tests */
export function resultTable(report: RunReport, colors: Colors): string[] {
  const { result, data, settings, evaluation } = report;
  const { largestClass, headOnly, after, overHeadAlone, measuredOn } = result;
  const row = (name: string, { accuracy, loss, macroF1, intervals }: Metrics) => [
    name,
    formatPercent(accuracy) + formatInterval(intervals?.accuracy),
    formatPercent(macroF1),
    loss.toFixed(3),
  ];
  const { examples } = data.test ?? data.validation;
  const rows = [
    [`${formatCount(examples)} ${measuredOn} texts`, "accuracy (95 %)", "macro F1", "loss"],
    ["majority class", formatPercent(largestClass), "", ""],
    ...(headOnly === null || settings.headOnly ? [] : [row("head only", headOnly)]),
    row(settings.headOnly ? "head only" : "head and adapter", after),
  ];
  const lines = tableLines(rows, ["left", "right", "right", "right"]);
  const { accuracy } = overHeadAlone ?? { accuracy: { difference: after.accuracy - largestClass } };
  const points = overText(
    accuracy,
    overHeadAlone === null ? "the majority-class baseline" : "the head-only baseline",
    colors,
  );
  const last = `${colors.bold(lines.pop())}   ${points}`;
  return [
    ...lines,
    last,
    ...(headOnly === null ? [] : headOnlyLines("classify", colors)),
    ...unseenLines(result, colors),
    ...chosenLines(evaluation, measuredOn),
    ...calibrationLines(result),
    ...finalLines(report),
  ];
}

/** What the validation says of probabilities, and when predictions are unsure. */
function calibrationLines({ calibration, measuredOn }: RunReport["result"]): string[] {
  if (calibration === undefined) return [];
  const { temperature, chosenOn, before, after, abstain } = calibration;
  const from = `from ${formatCount(chosenOn)} validation texts`;
  const cooled =
    temperature === 1
      ? []
      : [
          `Temperature ${temperature.toPrecision(3)}, ${from}: expected calibration error ${formatPercent(before.ece)} without it, ${formatPercent(after.ece)} with it`,
        ];
  if (abstain === null) return cooled;
  const { threshold, precision, validation, measured } = abstain;
  if (threshold === null)
    return [
      ...cooled,
      `Unsure: every prediction, since no threshold reaches ${formatPercent(precision)} on the validation`,
    ];
  const right = measured.precision === null ? "" : `, ${formatPercent(measured.precision)} of them right`;
  return [
    ...cooled,
    `Unsure: predictions below a probability of ${threshold.toFixed(3)}, which leaves ${formatCount(validation.sure)} of ${from.slice(5)}; of the ` +
      `${formatCount(measured.count)} ${measuredOn} texts ${formatCount(measured.sure)} are answered${right}`,
  ];
}

/** What the saved classifier was trained on, if it is not the measured one. */
function finalLines({ finalFit, data }: RunReport): string[] {
  if (finalFit === undefined) return [];
  const { examples, steps, metrics } = finalFit;
  const trained = `${steps === 0 ? "fitted" : "trained"} on all ${formatCount(examples)} rows${steps === 0 ? "" : `, in ${formatCount(steps)} steps`}`;
  const accuracy = metrics?.["accuracy"];
  const measured = accuracy === undefined ? "" : `; its accuracy on the test is ${formatPercent(accuracy)}`;
  return [
    `Saved: a classifier ${trained}; the figures above are of one that had not seen ${formatCount(data.validation.examples)} of them${measured}`,
  ];
}

/** A difference in accuracy, coloured if it is significant. */
export function overText(
  { difference, interval }: Pick<Difference, "difference"> & Partial<Difference>,
  than: string,
  { green, red }: Colors,
): string {
  const points = `${formatPoints(difference)} points over ${than}${interval === undefined ? "" : ` (${pointsRange(interval)})`}`;
  const [low, high] = interval ?? [difference, difference];
  return low > 0 ? green(points) : high < 0 ? red(points) : points;
}

/** Shares as percentage points, with a sign. */
const formatPoints = (share: number) => `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)}`;

/** "5.1 to 10.3" */
const pointsRange = (interval: Interval) =>
  interval.map((share) => `${share < 0 ? "−" : ""}${Math.abs(100 * share).toFixed(1)}`).join(" to ");

/** The accuracy without texts that are in the training data, or near duplicates of it. */
function unseenLines({ unseen, after, measuredOn }: RunReport["result"], { red }: Colors): string[] {
  if (unseen === null) return [];
  const { seen, count, accuracy, interval } = unseen;
  // Reports of earlier versions have only these.
  const near = (unseen as Partial<typeof unseen>).near ?? 0;
  const one = seen + near === 1;
  const be = (texts: number) => (texts === 1 ? "is" : "are");
  const of = `of the ${formatCount(after.count)} ${measuredOn} texts`;
  const duplicates = near === 1 ? "a near duplicate" : "near duplicates";
  const parts = [
    ...(seen > 0 ? [`${formatCount(seen)} ${of} ${be(seen)} also in the training data`] : []),
    ...(near > 0 ? [`${formatCount(near)} ${seen > 0 ? "more" : of} ${be(near)} ${duplicates} of training texts`] : []),
  ];
  const without =
    accuracy === null
      ? "the result says nothing about new texts"
      : `without ${one ? "it" : "them"} accuracy is ${formatPercent(accuracy)}${formatInterval(interval)} on ${formatCount(count)}`;
  const advice = seen > 0 ? `; --drop-duplicates removes ${seen === 1 ? "it" : "them"} from the training data` : "";
  return [`${red(parts.join(", "))}: ${without}${advice}`];
}

/** The kept step, and its effect on the figures. */
function chosenLines(evaluation: RunReport["evaluation"], measuredOn: string): string[] {
  if (evaluation === null) return [];
  const { best, stoppedEarly, measured } = evaluation;
  const stopped = stoppedEarly ? `; stopped early after step ${measured.at(-1)!.step}` : "";
  const kept = `Kept: step ${best.step}, with the lowest validation loss, ${best.value.toFixed(3)}${stopped}`;
  if (measuredOn === "test") return [kept];
  return [
    kept,
    "The step was chosen on the same texts, so this result is too good: name test texts with --test, or hold some out with --test-split",
  ];
}

/** Fewer texts say little about which of two classifiers is better; folds test all of them. */
const FEW = 100;

/** Advice if no result is better than the majority-class baseline; otherwise null. */
function noBetterLines(self: string, { result, settings }: RunReport, cyan: Colors["cyan"]): string[] | null {
  const { largestClass, headOnly, after } = result;
  const two = headOnly !== null && !settings.headOnly;
  if (Math.max(after.accuracy, two ? headOnly.accuracy : 0) > largestClass) return null;
  const who = two ? "Neither is" : settings.headOnly ? "The head is not" : "Head and adapter are not";
  const folds = settings.test === null && settings.validation === null;
  return [
    `${who} more accurate than always predicting the most frequent label (${formatPercent(largestClass)}), so do not use ${two ? "either" : "it"} yet. ` +
      `More examples help, and a model for the texts' language (--model)${folds ? "; folds test every text once:" : "."}`,
    ...(folds ? [`  ${cyan(finetuneCommand(self, settings, { folds: 5 }))}`] : []),
    "",
  ];
}

/** Advice if the adapter is not significantly better than the head-only baseline, or nothing is better than guessing; otherwise empty. @internal exported for its tests */
export function adviceLines(self: string, report: RunReport, { cyan }: Colors): string[] {
  const { result, settings, evaluation } = report;
  const { overHeadAlone, recommended } = result;
  const noBetter = noBetterLines(self, report, cyan);
  if (noBetter !== null) return noBetter;
  const rare = rareLines(self, overHeadAlone, settings, cyan);
  if (overHeadAlone === null || recommended !== "head-only") return rare;
  const { count, accuracy } = overHeadAlone;
  // A loss that was lowest at the very end was still falling.
  const falling = evaluation !== null && evaluation.best.step === evaluation.measured.at(-1)?.step;
  const cause = falling
    ? "the validation loss was still falling at the end, so more steps may help"
    : `the learning rate ${formatRate(settings.learningRate)} may be too high`;
  const found =
    accuracy.interval[1] < 0
      ? `The head-only baseline is better on these ${formatCount(count)} texts: ${cause}.`
      : `The adapter is not significantly better than the head-only baseline on these ${formatCount(count)} texts.`;
  const few = [
    "  folds say more, since they test every text once:",
    `  ${cyan(finetuneCommand(self, settings, { folds: 5 }))}`,
  ];
  return [
    ...rare,
    `${found} The baseline is fitted in seconds and needs no adapter, so use it instead:`,
    `  ${cyan(finetuneCommand(self, settings, { headOnly: true }))}`,
    ...(count < FEW && settings.test === null && settings.validation === null ? few : []),
    "",
  ];
}

/** Advice if accuracy rose at the cost of rare classes; otherwise empty. */
export function rareLines(
  self: string,
  overHeadAlone: PairedDifference | null,
  settings: RunReport["settings"],
  cyan: Colors["cyan"],
): string[] {
  const lost = macroF1Loss(overHeadAlone);
  if (lost === null) return [];
  const balanced = settings.classWeights !== null || settings.sampling !== null;
  return [
    `Macro F1 is ${formatPoints(lost.difference)} points over the head-only baseline (${pointsRange(lost.interval)}), although accuracy is ` +
      `${formatPoints(overHeadAlone!.accuracy.difference)}: rare classes got worse. If they matter, ${balanced ? "" : "give them more weight, or "}use only the head:`,
    ...(balanced ? [] : [`  ${cyan(finetuneCommand(self, settings, { classWeights: "balanced" }))}`]),
    `  ${cyan(finetuneCommand(self, settings, { headOnly: true }))}`,
    "",
  ];
}

/** Describes the shown predictions: the share of wrong ones is not that of all. @internal exported for its tests */
export function samplesTitle(samples: readonly Sample[], all: readonly Sample[], measuredOn: string): string {
  const wrong = (of: readonly Sample[]) => formatCount(of.filter(({ label, predicted }) => label !== predicted).length);
  const shown = `${formatCount(samples.length)} of the ${formatCount(all.length)} ${measuredOn} texts`;
  return `${shown}, right and wrong ones mixed: ${wrong(samples)} wrong here, ${wrong(all)} in all`;
}

/** Some predictions, right and wrong. */
function sampleLines(samples: readonly Sample[], width: number, { green, red, dim }: Colors): string[] {
  const rows = samples.map(({ text, label, predicted, probability }) => {
    const right = label === predicted;
    const said = `${predicted} ${probability.toFixed(2)}`;
    return { right, said, note: right ? "" : `is ${label}`, text };
  });
  const widest = (of: (row: (typeof rows)[number]) => string) => Math.max(0, ...rows.map((row) => of(row).length));
  const [said, note] = [widest((row) => row.said), widest((row) => row.note)];
  return rows.map((row) => {
    const start = `${row.right ? green("✓") : red("✗")} ${row.said.padEnd(said)}  ${dim(row.note.padEnd(note))}`;
    return `${start}  ${clip(row.text, Math.max(20, width - said - note - 6))}`;
  });
}

/**
 * Commands to try next.
 * @param use what the run is good for
 */
function commandsFor(folder: string, samples: readonly Sample[], use: "head" | Recommendation): string[] {
  // Short, and without characters that are special to a shell.
  const texts = samples.map(({ text: sample }) => sample).filter((sample) => /^[\p{L}\p{N} ,.;:'-]+$/u.test(sample));
  const text = clip(texts.sort((a, b) => a.length - b.length)[0] ?? "a text of yours", 60);
  const run = shellPath(folder);
  const predict = `predict --run ${run} "${text}"`;
  if (use === "head") return [predict, `evaluate --run ${run}`];
  // An adapter that is not recommended need not be merged.
  const merge = use === "head-only" ? [] : [`merge ${run} --out ${shellPath(join(folder, "merged"))}`];
  return [predict, `inspect ${run}`, ...merge];
}
