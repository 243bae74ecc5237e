import type { EvaluateEvery, FitEvaluation, StepRecord } from "../train/fit-options.js";
import { classWeightsOf } from "../tasks/class-weights.js";
import { bestClass } from "../train/metrics/class-probabilities.js";
import { measureLogits, type Metrics } from "../train/metrics/metrics.js";
import { type PairedDifference, pairedDifference } from "../train/metrics/paired-difference.js";
import { type Baseline, type FittedHead, measureBaseline } from "./result/baseline.js";
import type { Resumed } from "./store/checkpoint-file.js";
import { measuredPart, spareForHead } from "./data/dataset.js";
import { explainDivergence, lostItsWay } from "./result/divergence.js";
import { chosenByLoss, followSteps } from "./followed-steps.js";
import type { JobContext } from "./job-task.js";
import type { Prepared } from "./prepare.js";
import { originOf } from "./store/origin-check.js";
import type { ClassifierRun } from "./store/run-state.js";
import type { RunStore } from "./store/run-store.js";
import { recipes } from "./spec/recipes.js";
import { predictionsOf, type Sample } from "./result/sample-predictions.js";
import { fitOptions } from "./spec/training-settings.js";

/** What a run gives. */
export interface Trained {
  readonly baseline: Baseline;
  readonly after: Metrics;
  /** What head and adapter have over the head alone; null where that was not fitted, or is the result. */
  readonly overHeadAlone: PairedDifference | null;
  /** Class that the head alone gives each example to test on; null where there is no such difference. */
  readonly headPredictions: readonly number[] | null;
  readonly steps: readonly StepRecord[];
  /** Losses on the validation, and the step that is kept; null where the last one is. */
  readonly evaluation: FitEvaluation | null;
  readonly peakMemory: number;
  /** What to say of training that ended far above the loss of guessing; null of any other. */
  readonly diverged: string | null;
  /** Every example to test on with its prediction. */
  readonly predictions: readonly Sample[];
}

/** Measures the baseline, trains, from a fitted head where the recipe says so, and measures what training gave. Checkpoints go to the store. */
export async function train(
  prepared: Prepared,
  store: RunStore,
  resumed: Resumed<ClassifierRun> | null,
  context: JobContext,
): Promise<Trained> {
  const { settings, steps, classifier, dataset } = prepared;
  const { emit, words, signal } = context;
  const [train, validation] = [dataset.train.examples, measuredPart(dataset).examples];
  const work = { classifier, train, spare: spareForHead(dataset), validation, settings, emit, signal };
  const start = resumed === null ? await measureBaseline(work) : { baseline: resumed.run.baseline, fitted: null };
  const { baseline, fitted } = start;
  const headPredictions = resumed === null ? fitted && classesOf(fitted.logits) : resumed.run.headPredictions;
  if (fitted !== null && (settings.headOnly || recipes[settings.recipe].headStart !== null)) {
    const { graph, head } = classifier;
    graph.setValue(head.weight, fitted.start.weight);
    graph.setValue(head.bias, fitted.start.bias);
  }
  if (settings.headOnly) return headAlone(prepared, baseline, fitted!);
  const run: ClassifierRun = { settings, ...originOf({ ...prepared, ...dataset }), baseline, headPredictions };
  const { options, done } = followSteps(run, steps, store, resumed, context);
  const fitting = classifier.fit(train, {
    ...fitOptions(settings, steps),
    ...(settings.sampling !== null && { sampling: settings.sampling }),
    ...options,
    ...watching(prepared, context, resumed),
  });
  try {
    const report = await fitting;
    const logits = await testLogits(prepared, context);
    const diverged = lostItsWay(report.steps, classifier.labels.length, words, weightsOf(prepared));
    if (diverged !== null) emit({ type: "warning", message: diverged });
    const classes = new Map(classifier.labels.map((label, i) => [label, i]));
    const targets = validation.map(({ label }) => classes.get(label)!);
    return {
      baseline,
      after: await measureLogits(logits, targets, classifier.labels.length, { signal: context.signal }),
      overHeadAlone: headPredictions && (await pairedDifference(classesOf(logits), headPredictions, targets)),
      headPredictions,
      steps: report.steps,
      diverged,
      evaluation: report.evaluation,
      peakMemory: classifier.encoder.graph.engine.info.memory.peak,
      predictions: predictionsOf(validation, logits, classifier.labels),
    };
  } catch (error) {
    throw explainDivergence(error, done() + 1, words);
  }
}

/** What the examples of each step weigh together. */
function weightsOf({ settings, classifier, dataset, tokens }: Prepared): ((step: number) => number) | undefined {
  const { classWeights } = settings;
  if (classWeights === null) return undefined;
  const classes = new Map(classifier.labels.map((label, i) => [label, i]));
  const targets = dataset.train.examples.map(({ label }) => classes.get(label)!);
  const weights = classWeightsOf(classWeights, classifier.labels, targets);
  return (step) => tokens.batchAt(step).reduce((sum, row) => sum + weights[targets[row]!]!, 0);
}

/** The most likely class of each row. */
const classesOf = (logits: readonly Float32Array[]) => logits.map((row, i) => bestClass(row, `text ${i}`));

/** How training is watched: by the loss on the validation, which chooses the step that is kept. */
function watching(
  { settings, evaluateEvery: every, classifier, dataset }: Prepared,
  { emit, signal }: JobContext,
  resumed: Resumed<ClassifierRun> | null,
): { evaluate?: EvaluateEvery } {
  const options = { intervals: false, ...(signal && { signal }) };
  return chosenByLoss(
    every,
    settings.patience,
    resumed,
    () => classifier.evaluate(dataset.validation.examples, options),
    (step, { loss, accuracy }, best) => emit({ type: "evaluation", step, loss, accuracy, best }),
  );
}

/** Where only the head is fitted, which then took no step. */
function headAlone({ classifier, dataset }: Prepared, baseline: Baseline, { logits }: FittedHead): Trained {
  const { peak } = classifier.graph.engine.info.memory;
  const predictions = predictionsOf(measuredPart(dataset).examples, logits, classifier.labels);
  const after = baseline.headOnly!;
  return {
    baseline,
    after,
    overHeadAlone: null,
    headPredictions: null,
    steps: [],
    evaluation: null,
    diverged: null,
    peakMemory: peak,
    predictions,
  };
}

function testLogits({ classifier, dataset }: Prepared, { emit, signal }: JobContext) {
  const texts = measuredPart(dataset).examples.map(({ text }) => text);
  const onProgress = (done: number) => emit({ type: "progress", phase: "validate", done, total: texts.length });
  onProgress(0);
  return classifier.logits(texts, { signal, onProgress });
}
