import { whole } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import { foldExamples, splitExamples } from "../io/examples/index.js";
import { TextClassifier } from "../tasks/text-classifier.js";
import { intervalsOf, type Metrics, scoresOf } from "../train/metrics.js";
import type { Baseline } from "./result/baseline.js";
import type { Dataset } from "./data/dataset.js";
import { type JobSpec, takeSpec } from "./spec/job-spec.js";
import { memoryStore } from "./store/memory-store.js";
import { type JobContext, prepare, type Prepared } from "./prepare.js";
import { type JobOptions, takeOptions } from "./run-job.js";
import { reportProgram, type RunReport } from "./result/run-report.js";
import { runFiles, type RunStore, takeStore } from "./store/run-store.js";
import { train } from "./train-run.js";
import { evaluateEveryOf, loraOptions, stepsOf, type TrainingSettings } from "./spec/training-settings.js";

/** One fold: trained on the others, measured on its own examples. */
export interface FoldResult extends Pick<Baseline, "headOnly" | "largestClass"> {
  /** Of head and adapter after training, on this fold's examples. */
  readonly after: Metrics;
  /** Steps done. */
  readonly steps: number;
  /** Losses on the validation, and the step that was kept; null where the last one was. */
  readonly evaluation: RunReport["evaluation"];
}

/** Mean over the folds, and the standard deviation between them (n − 1). */
export interface FoldSpread {
  /** Sum over their number. */
  readonly mean: number;
  /** Root of the mean square distance from it, of n − 1. */
  readonly deviation: number;
}

/** What cross-validation found: folds.json. */
export interface FoldsReport extends Pick<RunReport, "lowrank" | "created" | "settings"> {
  /** In the order of the classes. */
  readonly labels: readonly string[];
  /** Each of them. */
  readonly folds: readonly FoldResult[];
  /** Share of right predictions. */
  readonly accuracy: FoldSpread;
  /** Mean F1 over classes. */
  readonly macroF1: FoldSpread;
  /** Mean cross entropy. */
  readonly loss: FoldSpread;
  /** Accuracy of the head alone; null where it was not fitted. */
  readonly headOnly: FoldSpread | null;
  /** All folds' predictions together: each example once, said by a classifier that had not seen it. */
  readonly pooled: Metrics;
}

const what = "runFolds";

/**
 * Cross-validation: parts `data` into folds, each label spread evenly over them, trains on all but one, measures on that one, and so
 * on. It tells how well a classifier trained like this does on other texts, and how much that varies; it keeps no classifier. The
 * encoder is loaded once and each fold's adapter is removed, so memory does not grow with folds. Where the loss on a validation
 * chooses the step, `validationSplit` of each training part is held out for that. The report goes to the store as folds.json; until
 * then, and where it is cancelled or fails, the folds that are done stand in folds.partial.json, which the next call replaces.
 *
 * @param folds from 2 to as many as there are examples
 * Throws as `runJob`; `ConfigError` too where the spec names validation or test data, since the folds are those.
 *
 * @example
 * const { accuracy } = await runFolds({ data: "reviews.csv" }, 5, folderStore("runs/folds")); // { mean: 0.91, deviation: 0.02 }
 */
export async function runFolds(
  spec: JobSpec,
  folds: number,
  store: RunStore,
  options: JobOptions = {},
): Promise<FoldsReport> {
  const settings = takeSpec(what, spec);
  whole(what, "folds", folds, 2);
  const context = takeOptions(options);
  const strange = (["validation", "test", "testSplit"] as const).find(
    (name) => settings[name] !== null && settings[name] !== 0,
  );
  if (strange !== undefined) {
    const { setting } = context.words;
    const message = `${what}: each fold is tested on its own part of ${setting("data")}: leave ${setting(strange)} out`;
    throw new ConfigError(message, { op: what, option: strange, value: settings[strange] });
  }
  const taken = takeStore(what, store, context.signal);
  const release = await taken.claim();
  try {
    for (const blob of [runFiles.folds, runFiles.report, runFiles.checkpoint]) {
      if (!(await taken.has(blob))) continue;
      throw new ConfigError(`${what}: ${taken.name} holds ${blob}: take another store, or remove it first`, { blob });
    }
    const soFar = (done: readonly FoldResult[]) =>
      taken.write({ [runFiles.foldsSoFar]: jsonFile({ ...reportProgram(), settings, count: folds, folds: done }) });
    const report = await validate(settings, folds, context, soFar);
    await taken.write({ [runFiles.folds]: jsonFile(report) });
    await taken.remove(runFiles.foldsSoFar);
    return report;
  } finally {
    await release();
  }
}

const jsonFile = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);

async function validate(
  settings: TrainingSettings,
  count: number,
  context: JobContext,
  soFar: (folds: readonly FoldResult[]) => Promise<void>,
): Promise<FoldsReport> {
  const prepared = await prepare(settings, context);
  try {
    prepared.classifier.dispose();
    const { train: rest, validation: held, labels } = prepared.dataset;
    const all = [...rest.examples, ...held.examples].sort((a, b) => a.line - b.line);
    const { graph } = prepared.encoder;
    const streams = graph.streamsDrawn;
    const folds: FoldResult[] = [];
    for (const [i, fold] of foldExamples(all, count, { seed: settings.seed }).entries()) {
      context.emit({ type: "fold", fold: i + 1, folds: count });
      // Each fold begins with the same random numbers, whatever those before it drew.
      graph.streamsDrawn = streams;
      folds.push(await runFold(prepared, fold.train, fold.validation, context));
      await soFar(folds);
    }
    const spread = (of: (fold: FoldResult) => number) => spreadOf(folds.map(of));
    const headOnly = folds.every((fold) => fold.headOnly !== null) ? spread((fold) => fold.headOnly!.accuracy) : null;
    return {
      ...reportProgram(),
      ...{ settings, labels, folds, headOnly },
      accuracy: spread(({ after }) => after.accuracy),
      macroF1: spread(({ after }) => after.macroF1),
      loss: spread(({ after }) => after.loss),
      pooled: pooled(folds.map(({ after }) => after)),
    };
  } finally {
    prepared.encoder.dispose();
  }
}

type Examples = Dataset["train"]["examples"];

async function runFold(
  prepared: Prepared,
  learnt: Examples,
  tested: Examples,
  context: JobContext,
): Promise<FoldResult> {
  const { settings, encoder, dataset } = prepared;
  const { validationSplit, seed } = settings;
  const wanted = evaluateEveryOf(settings, stepsOf(settings, learnt.length)) !== null && !settings.headOnly;
  // Where nothing is chosen, nothing is held out for it.
  const parts = wanted ? splitExamples(learnt, validationSplit, seed) : { train: learnt, validation: tested };
  const part = (examples: Examples) => ({ ...dataset.train, examples, split: true });
  const own: Dataset = {
    ...{ train: part(parts.train), validation: part(parts.validation), test: part(tested), labels: dataset.labels },
  };
  using classifier = TextClassifier.create(encoder, { labels: dataset.labels, lora: loraOptions(settings) });
  const steps = stepsOf(settings, parts.train.length);
  const fold = { ...prepared, dataset: own, classifier, steps };
  const { baseline, after, steps: done, evaluation } = await train(fold, memoryStore(), null, context);
  const { headOnly, largestClass } = baseline;
  return { after, headOnly, largestClass, steps: done.length, evaluation };
}

function spreadOf(values: readonly number[]): FoldSpread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/** Several measurements as one. */
function pooled(all: readonly Metrics[]): Metrics {
  const confusion = all[0]!.confusion.map((row, i) =>
    row.map((_, j) => all.reduce((sum, { confusion: own }) => sum + own[i]![j]!, 0)),
  );
  const count = all.reduce((sum, one) => sum + one.count, 0);
  const loss = all.reduce((sum, one) => sum + one.loss * one.count, 0) / count;
  const intervals = intervalsOf(confusion, { resamples: 1000, seed: 0 });
  const { accuracy, perClass, macroF1 } = scoresOf(confusion);
  return { count, accuracy, loss, confusion, perClass, macroF1, intervals };
}
