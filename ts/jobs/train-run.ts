import { ConfigError } from "../errors.js";
import { type EngineInfo, engineInfo, type SentenceEncoder, TextClassifier } from "../entry/node.js";
import type { LocalModel } from "../io/node/index.js";
import { sizeOf } from "../tensor.js";
import type { ProgressEvent, StepRecord } from "../train/fit-options.js";
import { type Metrics, metrics } from "../train/metrics.js";
import { findModel, loadEncoder, modelHash } from "../cli/files/base-model.js";
import { type Baseline, measureBaseline } from "./baseline.js";
import { checkCheckpointFits, CheckpointWriter, type Resumed } from "./checkpoint-file.js";
import { type Dataset, loadDataset } from "./dataset.js";
import { explainDivergence } from "./divergence.js";
import { startEngine } from "../cli/engine-start.js";
import { formatCount, formatDuration } from "../cli/terminal/number-format.js";
import type { ProgressReporter } from "../cli/terminal/progress-bar.js";
import type { RunState } from "./run-state.js";
import { predictionsOf, type Sample } from "./sample-predictions.js";
import { hearSignals, type Session } from "../cli/session.js";
import { fitOptions, loraOptions, stepsOf, type TrainingSettings } from "./training-settings.js";

/** Everything that is ready before the first step. */
export interface Prepared {
  readonly settings: TrainingSettings;
  readonly steps: number;
  readonly engine: EngineInfo;
  readonly model: LocalModel;
  readonly modelHash: string;
  readonly dataset: Dataset;
  readonly encoder: SentenceEncoder;
  readonly classifier: TextClassifier;
  readonly parameters: { readonly adapter: number; readonly head: number };
}

/** What a run gives. */
export interface Trained {
  readonly baseline: Baseline;
  readonly after: Metrics;
  readonly steps: readonly StepRecord[];
  readonly peakMemory: number;
  /** Every validation example with its prediction. */
  readonly predictions: readonly Sample[];
}

/** Steps between two checkpoints. */
export const CHECKPOINT_EVERY = 25;

/** Loads engine, data and model, in the order in which a mistake shows soonest. The caller disposes of the encoder. */
export async function prepare(settings: TrainingSettings, session: Session, quiet: boolean): Promise<Prepared> {
  const engine = await startEngine(settings);
  await hearSignals(session);
  const dataset = loadDataset(settings, (warning) => session.terminal.error(warning));
  await hearSignals(session);
  const steps = stepsOf(settings, dataset.train.examples.length);
  fitOptions(settings, steps);
  const model = await findModel(settings.model, session, quiet);
  const hash = await modelHash(model, session);
  const encoder = await loadEncoder(model, settings.seed, settings.maxTokens, session);
  try {
    const classifier = TextClassifier.create(encoder, { labels: dataset.labels, lora: loraOptions(settings) });
    const count = (ids: ReturnType<TextClassifier["params"]>) =>
      ids.reduce((sum, id) => sum + sizeOf(encoder.graph.shape(id)), 0);
    const parameters = { adapter: count(encoder.trainableParams()), head: count(classifier.head.params()) };
    return { settings, steps, engine, model, modelHash: hash, dataset, encoder, classifier, parameters };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/**
 * Throws `ConfigError` where files or engine are not those of the run that is to go on, `FormatError` where its checkpoint is
 * of another model or another number of steps.
 */
export function checkResumable(folder: string, resumed: Resumed, prepared: Prepared): void {
  const { run } = resumed;
  const { dataset, engine, steps, classifier } = prepared;
  const pairs: [what: string, was: string | number, is: string | number][] = [
    ["the model (weights, configuration or tokenizer)", run.modelHash, prepared.modelHash],
    [dataset.train.file, run.trainHash, dataset.train.sha256],
    [dataset.validation.file, run.validationHash, dataset.validation.sha256],
    ["the build", run.build, engine.build],
    ["the number of threads", run.threads, engine.threads],
  ];
  for (const [what, was, is] of pairs) {
    if (was === is) continue;
    throw new ConfigError(
      `--resume: the result would differ from an uninterrupted run's: ${what} changed since it began (${was}, now ${is})`,
      { what, was, is },
    );
  }
  const shapes = classifier.params().map((id) => classifier.encoder.graph.shape(id));
  checkCheckpointFits(folder, resumed, { steps, shapes }, dataset.labels.length);
}

/** Measures the baseline, trains, and measures what training gave. Checkpoints go to `folder` on the way. */
export async function train(
  prepared: Prepared,
  folder: string,
  resumed: Resumed | null,
  progress: ProgressReporter,
  session: Session,
): Promise<Trained> {
  const { settings, steps, classifier, dataset, engine } = prepared;
  const { signal } = session;
  const [train, validation] = [dataset.train.examples, dataset.validation.examples];
  const work = { classifier, train, validation, settings, steps, progress, signal };
  const baseline = resumed?.run.baseline ?? (await measureBaseline(work));
  const run: RunState = {
    settings,
    modelHash: prepared.modelHash,
    trainHash: dataset.train.sha256,
    validationHash: dataset.validation.sha256,
    build: engine.build,
    threads: engine.threads,
    baseline,
  };
  const checkpoints = new CheckpointWriter(folder, run, resumed);
  const bar = progress.start("train", { total: steps, lines: 20 });
  let done = resumed?.checkpoint.step ?? 0;
  const fitting = classifier.fit(train, {
    ...fitOptions(settings, steps),
    signal,
    ...(resumed === null ? {} : { resume: resumed.checkpoint }),
    checkpoint: { every: CHECKPOINT_EVERY, save: (checkpoint) => checkpoints.write(checkpoint) },
    onProgress(event) {
      done = event.step + 1;
      bar.update(done, describe(event));
    },
  });
  try {
    const report = await fitting.finally(() => bar.stop());
    const logits = await testLogits(prepared, progress, signal);
    const classes = new Map(classifier.labels.map((label, i) => [label, i]));
    const targets = validation.map(({ label }) => classes.get(label)!);
    return {
      baseline,
      after: metrics(logits, targets, classifier.labels.length),
      steps: report.steps,
      peakMemory: engineInfo().memory.peak,
      predictions: predictionsOf(validation, logits, classifier.labels),
    };
  } catch (error) {
    throw explainDivergence(error, done + 1);
  }
}

async function testLogits({ classifier, dataset }: Prepared, progress: ProgressReporter, signal: AbortSignal) {
  const texts = dataset.validation.examples.map(({ text }) => text);
  const bar = progress.start("test", { total: texts.length, lines: 2 });
  try {
    return await classifier.logits(texts, { signal, onProgress: (done) => bar.update(done) });
  } finally {
    bar.stop();
  }
}

function describe({ loss, tokensPerSecond, secondsLeft }: ProgressEvent): string {
  return `loss ${loss.toFixed(3)}  ${formatCount(tokensPerSecond)} tokens/s  ${formatDuration(secondsLeft)} left`;
}
