import { whole } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { TextClassifier } from "../../tasks/text-classifier.js";
import { type Dataset, fewExamplesText, measuredPart, wholeDataset } from "../data/dataset.js";
import { holdToChoose } from "../data/held-out.js";
import { tokenCounting } from "../estimate/batch-tokens.js";
import { estimateJob } from "../estimate/job-estimate.js";
import type { JobContext } from "../job-task.js";
import { prepare, type Prepared, readyJob } from "../prepare.js";
import { type JobOptions, takeOptions } from "../run-job.js";
import { textFields } from "../spec/classifier-fields.js";
import { asBegun, readSpec } from "../spec/read-settings.js";
import type { JobSpec } from "../spec/training-settings.js";
import { checkWarmup } from "../spec/warmup-check.js";
import { evaluateEveryOf, loraOptions, stepsOf, type TrainingSettings } from "../spec/training-settings.js";
import { memoryStore } from "../store/memory-store.js";
import { runFiles, type RunStore, takeStore } from "../store/run-store.js";
import { train } from "../train-run.js";
import { checkMeasured, checkOrigin, checkSame } from "./folds-check.js";
import { type Fold, foldsOf } from "./folded.js";
import { type DoneFold, foldsReport, type FoldsReport } from "./folds-report.js";
import { type FoldsOrigin, type FoldsSoFar, readFolds, writeFolds } from "./folds-so-far.js";

const what = "runFolds";

/**
 * Cross-validation: parts `data` into folds, each label spread evenly over them, trains on all but one, measures on that one, and so
 * on. It tells how well a classifier trained like this does on other texts, and how much that varies; it keeps no classifier. The
 * encoder is loaded once and each fold's adapter is removed, so memory does not grow with folds. Where the loss on a validation
 * chooses the step, `validationSplit` of each training part is held out for that. The report goes to the store as folds.json; until
 * then, and where it is cancelled or fails, the folds that are done stand in folds.partial.json. The next call goes on from those, to
 * the same result as without the interruption.
 *
 * @param folds from 2 to as many as there are examples
 * Throws as `runJob`; `ConfigError` too where the spec names validation or test data, since the folds are those, where a fold would be
 * tested on a label that it learns nothing of, and where the store has folds of another spec, of other files, or another build or
 * number of threads, or anything of a run; `FormatError` where folds.partial.json was changed.
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
  const settings = readSpec(what, spec, textFields);
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
    const { folds: report, report: ofRun, checkpoint, record, head, adapter } = runFiles;
    const soFar = await readFolds(taken);
    // All are done, and the report may stand beside them: what was interrupted was only their removal.
    const written = soFar !== null && soFar.done.length === soFar.count;
    for (const blob of [report, ofRun, checkpoint, record, ...head, ...adapter]) {
      if ((blob === report && written) || !(await taken.has(blob))) continue;
      const whose = blob === report ? "" : ", a run's";
      throw new ConfigError(`${what}: ${taken.name} holds ${blob}${whose}: take another store, or remove it first`, {
        blob,
      });
    }
    const own = soFar === null ? settings : asBegun(settings, soFar.settings);
    if (soFar !== null) checkSame(soFar, own, folds, taken);
    const found = await validate(own, folds, taken, soFar, context);
    const file = new TextEncoder().encode(`${JSON.stringify(found, null, 2)}\n`);
    await taken.write({ [runFiles.folds]: file });
    await taken.remove(runFiles.foldsSoFar);
    return found;
  } finally {
    await release();
  }
}

async function validate(
  settings: TrainingSettings,
  count: number,
  store: RunStore,
  soFar: FoldsSoFar | null,
  context: JobContext,
): Promise<FoldsReport> {
  let folds: readonly Fold[] = [];
  // Before the model is there: what cannot be parted is refused at once.
  const prepared = await prepare(settings, { ...context, began: soFar }, async (given, access) => {
    const whole = await wholeDataset(given, access);
    folds = await foldsOf(whole, given, count, access);
    return whole;
  });
  try {
    prepared.classifier.dispose();
    const { dataset, engine, modelHash } = prepared;
    const { build, threads } = engine;
    const origin: FoldsOrigin = { settings, count, modelHash, dataHash: dataset.train.sha256, build, threads };
    const classes = new Map(dataset.labels.map((label, i) => [label, i]));
    const truth = folds.map(({ validation }) => validation.map(({ label }) => classes.get(label)!));
    if (soFar !== null) {
      checkOrigin(soFar, origin, dataset, store);
      checkMeasured(soFar, truth, store.place(runFiles.foldsSoFar));
    }
    const { graph } = prepared.encoder;
    const streams = graph.streamsDrawn;
    const done = [...(soFar?.done ?? [])];
    for (const [i, fold] of folds.entries()) {
      if (i < done.length) continue;
      // Each fold begins with the same random numbers, whatever those before it drew.
      graph.streamsDrawn = streams;
      const first = i === (soFar?.done.length ?? 0);
      done.push(await runFold(prepared, fold.train, fold.validation, { fold: i + 1, folds: count, first }, context));
      await writeFolds(store, { ...origin, done });
    }
    return await foldsReport(settings, dataset.labels, done, truth, context.signal);
  } finally {
    prepared.encoder.dispose();
  }
}

type Examples = Dataset["train"]["examples"];

/** Which fold it is of how many, from 1, and whether it is the first that this call runs. */
interface Place {
  readonly fold: number;
  readonly folds: number;
  readonly first: boolean;
}

async function runFold(
  prepared: Prepared,
  learnt: Examples,
  tested: Examples,
  { fold, folds, first }: Place,
  context: JobContext,
): Promise<DoneFold> {
  const { settings, encoder, dataset } = prepared;
  const { train: all, labels } = dataset;
  const { rest, held, tooFew } = await holdToChoose({ ...all, examples: learnt }, settings, settings.seed, context);
  const part = (examples: Examples) => ({ ...all, examples, split: true });
  const parted: Dataset = {
    ...{ train: part(rest), validation: part(held), test: part(tested), labels, tooFewToChoose: tooFew },
  };
  const few = fewExamplesText(parted, context.words);
  if (fold === 1 && few !== null) context.emit({ type: "warning", message: few });
  // Not by `using`, which has nothing to call where the browser knows no `Symbol.dispose`.
  const classifier = TextClassifier.create(encoder, { labels, lora: loraOptions(settings) });
  try {
    const own = await plan({ ...prepared, dataset: parted, classifier }, context);
    if (first) {
      const left = folds - fold + 1;
      const estimate = await estimateJob(own, null, context, left);
      context.emit({ type: "ready", job: { ...readyJob(own, null, estimate), folds: left } });
    }
    context.emit({ type: "fold", fold, folds });
    return await trainFold(own, context);
  } finally {
    classifier.dispose();
  }
}

/** With the steps of a fold's own examples, and the tokens of those. */
async function plan(prepared: Prepared, { words, signal }: JobContext): Promise<Prepared> {
  const { settings, dataset, encoder } = prepared;
  const { labels, train: learnt, validation: held } = dataset;
  const steps = stepsOf(settings, learnt.examples.length);
  checkWarmup(settings, steps, words);
  const evaluateEvery = evaluateEveryOf(settings, steps, held.examples.length);
  const parts = { train: learnt.examples, validation: held.examples, measured: measuredPart(dataset).examples };
  const { tokenizer, graph } = encoder;
  const counting = tokenCounting({ ...parts, labels, settings, steps, tokenizer, engine: graph.engine });
  return { ...prepared, steps, evaluateEvery, tokens: await counting.count(signal) };
}

async function trainFold(prepared: Prepared, context: JobContext): Promise<DoneFold> {
  const { labels } = prepared.dataset;
  const { baseline, after, ...trained } = await train(prepared, memoryStore(), null, context);
  const { headOnly, largestClass } = baseline;
  const { evaluation, headPredictions: headPredicted } = trained;
  const predicted = trained.predictions.map((one) => labels.indexOf(one.predicted));
  return {
    result: { after, headOnly, largestClass, steps: trained.steps.length, evaluation },
    ...{ predicted, headPredicted },
  };
}
