import type { EngineInfo } from "../engine/running.js";
import type { SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import type { DataSummary } from "../io/examples/summary/index.js";
import { TextClassifier } from "../tasks/text-classifier.js";
import { sizeOf } from "../values/shape.js";
import { type BatchTokens, tokenCounting } from "./estimate/batch-tokens.js";
import type { JobEstimate } from "./estimate/job-estimate.js";
import { checkModelFits, type MemoryNeed, memoryNeed, steppedTexts } from "./estimate/memory-need.js";
import { checkBaselineFits, checkCheckpointFits, type Resumed } from "./store/checkpoint-file.js";
import { checkSameOrigin } from "./store/origin-check.js";
import type { ClassifierRun } from "./store/run-state.js";
import { type DataCheck, describeDataset, surveyDataset, textsOf } from "./data/data-check.js";
import { type Dataset, fewExamplesText, loadDataset, measuredPart } from "./data/dataset.js";
import { ownHeadText, twiceBalancedText } from "./data/odd-settings.js";
import { countGroups } from "./data/held-out.js";
import type { JobWords, ReadyJob } from "./job-events.js";
import type { JobContext } from "./job-task.js";
import { hear, loadEncoder, runEngine, runModel } from "./loading.js";
import type { JobModel } from "./sources/job-sources.js";
import type { RunStore } from "./store/run-store.js";
import { checkWarmup } from "./spec/warmup-check.js";
import { evaluateEveryOf, fitOptions, loraOptions, stepsOf, type TrainingSettings } from "./spec/training-settings.js";

/** Everything that is ready before the first step. */
export interface Prepared {
  readonly settings: TrainingSettings;
  readonly steps: number;
  /** Steps between two measurements of the validation, which choose the step that is kept; null where the last one is. */
  readonly evaluateEvery: number | null;
  readonly engine: EngineInfo;
  readonly model: JobModel;
  readonly modelHash: string;
  readonly dataset: Dataset;
  readonly summary: DataSummary;
  /** Places of the examples to measure on whose texts nearly stand in the training data too. */
  readonly nearTrained: ReadonlySet<number>;
  readonly encoder: SentenceEncoder;
  readonly classifier: TextClassifier;
  readonly parameters: { readonly adapter: number; readonly head: number };
  readonly tokens: BatchTokens;
  readonly memory: MemoryNeed;
}

/** Tokens that are kept from one use of a text to the next: 64 MB of them at most. */
const REMEMBERED = 2 ** 24;

/**
 * Loads engine, data and model, in the order in which a mistake shows soonest. The caller disposes of the encoder.
 * @param load reads the data and parts them
 */
export async function prepare(
  settings: TrainingSettings,
  context: JobContext,
  load: typeof loadDataset = loadDataset,
): Promise<Prepared> {
  const { sources, emit, words, signal } = context;
  const engine = await runEngine(settings, context);
  const { info } = engine;
  const onWarning = (message: string) => emit({ type: "warning", message });
  const dataset = await load(settings, { sources, onWarning, words, signal });
  const few = fewExamplesText(dataset, words);
  if (few !== null) onWarning(few);
  const twice = twiceBalancedText(settings, words);
  if (twice !== null) onWarning(twice);
  await hear(signal);
  const steps = stepsOf(settings, dataset.train.examples.length);
  checkWarmup(settings, steps, words);
  if (!settings.headOnly) fitOptions(settings, steps);
  const check: DataCheck = { allow: settings.allow, emit, words, signal };
  const surveyed = await surveyDataset(dataset, check);
  const hashed = await runModel(settings, context);
  const { model } = hashed;
  const ownHead = await ownHeadText(model);
  if (ownHead !== null) onWarning(ownHead);
  const packed = await checkModelFits(model, engine);
  const { encoder, modelHash } = await loadEncoder(hashed, settings, engine, context);
  // The summary, the estimate, the baseline and each pass of training read the same texts.
  encoder.tokenizer.remember(REMEMBERED);
  try {
    const { tokenizer } = encoder;
    const parts = {
      train: dataset.train.examples,
      validation: dataset.validation.examples,
      measured: measuredPart(dataset).examples,
    };
    const { labels } = dataset;
    const counting = tokenCounting({ ...parts, labels, settings, steps, tokenizer, engine });
    const texts = textsOf(dataset);
    // One phase for both passes, of which the second finds most texts remembered: each text counts once.
    let told = -1;
    const tokenizing = (passed: number) => {
      const done = Math.floor((passed * texts) / (texts + counting.texts));
      if (done > told) emit({ type: "progress", phase: "tokenize", done, total: texts });
      told = Math.max(told, done);
    };
    const summary = await describeDataset(dataset, surveyed, tokenizer, check, tokenizing);
    const classifier = TextClassifier.create(encoder, { labels: dataset.labels, lora: loraOptions(settings) });
    const count = (ids: ReturnType<TextClassifier["params"]>) =>
      ids.reduce((sum, id) => sum + sizeOf(encoder.graph.shape(id)), 0);
    const head = count(classifier.head.params());
    const parameters = { adapter: count(classifier.params()) - head, head };
    const tokens = await counting.count(signal, (done) => tokenizing(texts + done));
    const memory = memoryNeed(steppedTexts(classifier, tokens), settings, settings.headOnly ? 0 : packed, words);
    const evaluateEvery = evaluateEveryOf(settings, steps, parts.validation.length);
    const run = { settings, steps, evaluateEvery, engine: info, model, modelHash, dataset };
    const { nearTrained } = surveyed.parts.at(-1)!;
    return { ...run, summary, nearTrained, encoder, classifier, parameters, tokens, memory };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/**
 * Throws `ConfigError` where files or engine are not those of the run that is to go on, `FormatError` where its checkpoint is
 * of another model or another number of steps.
 */
export function checkResumable(
  store: RunStore,
  resumed: Resumed<ClassifierRun>,
  prepared: Prepared,
  words: JobWords,
): void {
  const { dataset, steps, classifier } = prepared;
  checkSameOrigin(resumed.run, { ...prepared, ...dataset }, words);
  const shapes = classifier.params().map((id) => classifier.encoder.graph.shape(id));
  checkCheckpointFits(store, resumed, { steps, shapes });
  checkBaselineFits(store, resumed, {
    classes: dataset.labels.length,
    examples: measuredPart(dataset).examples.length,
  });
}

/** What is about to run, as plain data. */
export function readyJob(prepared: Prepared, resumed: Resumed | null, estimate: JobEstimate): ReadyJob {
  const { settings, steps, evaluateEvery, engine, model, dataset, encoder, parameters } = prepared;
  const { train, validation, test, labels } = dataset;
  const held = (part: Dataset["validation"]) => ({
    ...{ file: part.file, examples: part.examples.length, split: part.split },
  });
  return {
    settings,
    steps,
    evaluateEvery,
    resumedAfter: resumed?.checkpoint.step ?? null,
    engine,
    model: {
      name: model.name,
      origin: model.origin,
      layers: encoder.model.config.layers,
      hiddenSize: encoder.hiddenSize,
    },
    data: {
      train: { file: train.file, examples: train.examples.length },
      validation: held(validation),
      test: test === null ? null : held(test),
      groups: groupsOfParts(dataset, settings),
      labels,
    },
    parameters,
    folds: null,
    estimate,
  };
}

function groupsOfParts({ train, validation, test }: Dataset, settings: TrainingSettings): ReadyJob["data"]["groups"] {
  const count = (part: { readonly examples: Dataset["train"]["examples"] }) => countGroups(part.examples, settings);
  const none = { examples: [] };
  const [learnt, held, tested] = [count(train), count(validation), count(test ?? none)];
  return learnt && held && tested && { train: learnt, validation: held, test: tested };
}
