import type { LocatedExample } from "../../io/examples/index.js";
import type { FileMap } from "../../io/file-access.js";
import type { DataSummary } from "../../io/examples/summary/data-summary.js";
import type { Survey } from "../../io/examples/summary/survey.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { FitOptions, FitReport } from "../../train/fit-options.js";
import type { Task } from "../../train/task.js";
import { bestClass } from "../../train/metrics/class-scores.js";
import { measureLogits, type Metrics } from "../../train/metrics/metrics.js";
import { pairedDifference } from "../../train/metrics/paired-difference.js";
import { isSpare } from "../../training/data-parts.js";
import { formatPercent, type RunOutcome } from "../../training/report.js";
import type {
  FinalFit,
  Guessing,
  Measured,
  RunContext,
  TaskModel,
  TaskTraining,
  TokenizedParts,
} from "../../training/task-definition.js";
import type { MeasureEvents } from "../../training/job-events.js";
import { loraOptions } from "../../training/spec/shared-fields.js";
import { log } from "../../values/elementary.js";
import { classWeightsOf } from "../head/class-weights.js";
import { takeTraining } from "../head/classifier-training.js";
import { EncoderModel } from "../head/encoder-model.js";
import { TextClassifier } from "./text-classifier.js";
import { type DataCheck, type Dataset, describeDataset, type TokenizedText } from "./dataset.js";
import { countGroups } from "./held-out.js";
import { areFew, classifierOptions, fitsHead, recipes, type TrainingSettings } from "./settings.js";
import {
  type ClassifierResult,
  type ClassifierState,
  macroF1Loss,
  predictionsOf,
  recommend,
  unseenTexts,
} from "./report.js";
import { fitHeads, type FittedHead, measureBaseline } from "./baseline.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";

const calibration = /* @__PURE__ */ lazyChunk(() => import("./calibrate.js"));

/** The most likely class of each row. */
const classesOf = (logits: readonly Float32Array[]) => logits.map((row, i) => bestClass(row, `text ${i}`));

/** A text classifier in training. */
export class TextModel
  extends EncoderModel<TextClassifier, TrainingSettings>
  implements TaskModel<LocatedExample, TokenizedText>
{
  readonly details: object;
  private readonly classes: ReadonlyMap<string, number>;
  private summary: DataSummary | null = null;
  /** The head-only baseline, if this call fitted it. */
  private fitted: FittedHead | null = null;

  /** @param surveyed the findings from before the model was loaded; null for a fold */
  constructor(
    private readonly encoder: SentenceEncoder,
    private readonly dataset: Dataset,
    settings: TrainingSettings,
    private readonly surveyed: Survey | null,
    private readonly check: DataCheck,
    context: RunContext,
    from?: FileMap,
  ) {
    const { labels } = dataset;
    const create = () => TextClassifier.create(encoder, { labels, lora: loraOptions(settings) });
    super(from === undefined ? create() : TextClassifier.load(encoder, from), settings, context);
    this.classes = new Map(labels.map((label, i) => [label, i]));
    this.details = { groups: groupsOfParts(dataset, settings) };
  }

  tokenize(example: LocatedExample): TokenizedText {
    return { ids: this.encoder.tokenizer.encode(example.text), target: this.classes.get(example.label)!, example };
  }

  async describe(onProgress: (done: number) => void): Promise<void> {
    const { dataset, surveyed, encoder, check } = this;
    this.summary = await describeDataset(dataset, surveyed!, encoder.tokenizer, check, onProgress);
  }

  training(train: readonly TokenizedText[], options: FitOptions): TaskTraining<TokenizedText> {
    const { classifier, settings } = this;
    const { sampling, labelSmoothing } = settings;
    const sampled = { labelSmoothing, ...(sampling !== null && { sampling }) };
    const own = settings.headOnly ? {} : { ...classifierOptions(settings), ...sampled };
    return takeTraining(classifier, train, { ...options, ...own });
  }

  stepMemory(checkpointing: boolean): Pick<Task<TokenizedText>, "memory"> {
    return takeTraining(this.classifier, [], { checkpointing }).task;
  }

  guessing(batchAt: (step: number) => readonly TokenizedText[], train: readonly TokenizedText[]): Guessing | null {
    const { classWeights } = this.settings;
    const { labels } = this.classifier;
    const loss = log(labels.length);
    if (classWeights === null) return { loss };
    const weights = classWeightsOf(
      classWeights,
      labels,
      train.map(({ target }) => target),
    );
    return { loss, weightOf: (step) => batchAt(step).reduce((sum, { target }) => sum + weights[target]!, 0) };
  }

  async measure(examples: readonly TokenizedText[], events: MeasureEvents): Promise<Measured> {
    const logits = await this.logits(examples, events);
    const { loss, accuracy, macroF1 } = await this.metricsOf(logits, examples, false);
    const { labels } = this.dataset;
    return {
      loss,
      metrics: { accuracy, macroF1 },
      predictionOf(i) {
        const { target } = examples[i]!;
        const best = bestClass(logits[i]!, `text ${i}`);
        return { target: labels[target]!, predicted: labels[best]!, right: best === target };
      },
    };
  }

  reads({ train, validation, measured }: TokenizedParts<number>): { baseline: number; finish: number } {
    const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
    const head = fitsHead(this.settings) ? sum(train) + (isSpare(this.dataset) ? sum(validation) : 0) : 0;
    // The head-only baseline was measured already.
    const held = isCalibrated(this.settings) && this.dataset.test !== null ? sum(validation) : 0;
    return { baseline: sum(measured) + head, finish: (this.settings.headOnly ? 0 : sum(measured)) + held };
  }

  async baseline(parts: TokenizedParts<TokenizedText>): Promise<ClassifierState> {
    const { classifier, settings, context, encoder, dataset } = this;
    const spare = isSpare(this.dataset) ? parts.validation : [];
    const { baseline, fitted } = await measureBaseline({ classifier, parts, spare, settings, context });
    this.fitted = fitted;
    if (fitted !== null && startsFitted(settings)) this.setHead(fitted.start);
    const examples = parts.train.length + parts.validation.length;
    if (fitted !== null && !settings.headOnly && areFew(examples, classifier.labels.length))
      await this.saveHeadOnly(fitted, () => TextClassifier.create(encoder, { labels: dataset.labels, lora: null }));
    return { baseline, headPredictions: fitted && classesOf(fitted.logits) };
  }

  async finish(
    state: object,
    { train, validation, measured }: TokenizedParts<TokenizedText>,
    steps: FitReport | null,
  ): Promise<RunOutcome> {
    const { dataset, settings, surveyed, summary } = this;
    const { baseline, headPredictions } = state as ClassifierState;
    const targets = measured.map(({ target }) => target);
    const isHead = steps === null;
    const logits = isHead ? this.fitted!.logits : await this.logits(measured, this.events("validate", measured));
    const calibrated = await this.calibrated(validation, measured, logits);
    const after = isHead ? baseline.headOnly! : await this.metricsOf(logits, measured, true);
    const predicted = classesOf(logits);
    const compared = isHead ? null : headPredictions;
    const overHeadAlone = compared && (await pairedDifference(predicted, compared, targets));
    const predictions = predictionsOf(
      measured.map(({ example }) => example),
      logits.map((row) => row.map((logit) => logit / (calibrated?.result.temperature ?? 1))),
      dataset.labels,
    );
    const trainedOn = settings.headOnly && isSpare(dataset) ? [...train, ...validation] : train;
    const near = surveyed?.parts.at(-1)!.nearTrained ?? new Set<number>();
    const result: ClassifierResult = {
      ...baseline,
      after,
      overHeadAlone,
      recommended: recommend(overHeadAlone),
      macroF1Loss: macroF1Loss(overHeadAlone),
      unseen: unseenTexts(
        trainedOn.map(({ example }) => example),
        predictions,
        near,
      ),
      ...(calibrated && { calibration: calibrated.result }),
      measuredOn: dataset.test === null ? "validation" : "test",
    };
    const { accuracy, macroF1, loss, intervals } = after;
    return {
      metrics: {
        accuracy: { value: accuracy, ...(intervals && { interval: intervals.accuracy }) },
        macroF1: { value: macroF1, ...(intervals && { interval: intervals.macroF1 }) },
        loss: { value: loss },
      },
      result,
      data: { summary },
      more: { predictions },
      ...(calibrated && { validated: calibrated.kept }),
      kept: { predicted, headPredicted: compared },
      curve: {
        title: `${formatPercent(accuracy)} of test texts right`,
        yardsticks: [
          `majority class ${formatPercent(baseline.largestClass)}`,
          ...(baseline.headOnly === null ? [] : [`head only ${formatPercent(baseline.headOnly.accuracy)}`]),
        ],
      },
    };
  }

  get finalFit(): FinalFit<TokenizedText> {
    const { classifier, settings, context } = this;
    return {
      reads: (all) => (startsFitted(settings) ? all.reduce((sum, count) => sum + count, 0) : 0),
      begin: async (all, validated) => {
        classifier.calibrated = validated;
        if (startsFitted(settings)) this.setHead((await fitHeads({ classifier, settings, context }, all, all)).start);
      },
    };
  }

  /** Temperature and threshold from the validation; null if none is asked for, there is none, or for a fold. */
  private async calibrated(
    validation: readonly TokenizedText[],
    measured: readonly TokenizedText[],
    logits: readonly Float32Array[],
  ) {
    const { abstain: precision, calibrate: temperature } = this.settings;
    if (!isCalibrated(this.settings) || validation.length === 0 || this.surveyed === null) return null;
    const answered = (examples: readonly TokenizedText[], own: readonly Float32Array[]) => ({
      logits: own,
      targets: examples.map(({ target }) => target),
    });
    // Without a test they are the same.
    const held = this.dataset.test === null ? logits : await this.logits(validation, { signal: this.context.signal });
    const { calibrate, unreachedText } = await calibration();
    const found = calibrate(answered(validation, held), answered(measured, logits), { temperature, precision });
    this.classifier.calibrated = found.kept;
    const unreached = unreachedText(found.result);
    if (unreached !== null) this.context.emit({ type: "warning", message: unreached });
    return found;
  }

  private logits(examples: readonly TokenizedText[], events: MeasureEvents): Promise<Float32Array[]> {
    const { head, modelAdapter } = this.classifier;
    return this.rows(examples, modelAdapter, head.snapshot(), events);
  }

  private metricsOf(
    logits: readonly Float32Array[],
    examples: readonly TokenizedText[],
    intervals: boolean,
  ): Promise<Metrics> {
    const targets = examples.map(({ target }) => target);
    return measureLogits(logits, targets, this.classes.size, { intervals, signal: this.context.signal });
  }
}

/** Whether the validation gives a temperature or a threshold. */
const isCalibrated = ({ abstain, calibrate }: TrainingSettings): boolean => calibrate || abstain !== null;

/** Whether training starts from a head fitted to the vectors of the frozen encoder, or only such a head is trained. */
const startsFitted = ({ headOnly, recipe }: TrainingSettings): boolean =>
  headOnly || recipes[recipe].headStart !== null;

/** Groups of each part; null if there is no such column. */
function groupsOfParts({ train, validation, test }: Dataset, settings: TrainingSettings) {
  const count = (part: { readonly examples: Dataset["train"]["examples"] }) => countGroups(part.examples, settings);
  const [trained, held, tested] = [count(train), count(validation), count(test ?? { examples: [] })];
  return trained && held && tested && { train: trained, validation: held, test: tested };
}
