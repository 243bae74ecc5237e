import type { FileMap } from "../../io/file-access.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { ClassificationHead } from "../../nn/classification-head.js";
import { multiLabelMetrics } from "../../train/evaluators/multi-label-metrics.js";
import { sum } from "../../train/evaluators/number-lists.js";
import type { FitOptions, FitReport } from "../../train/fit-options.js";
import type { Task } from "../../train/task.js";
import { isSpare, measuredPart, type TaskData, warnMeasured } from "../../training/data-parts.js";
import type { MeasureEvents } from "../../training/job-events.js";
import { type EncoderBase, encoderBase } from "../../training/loading.js";
import { formatPercent, type RunOutcome } from "../../training/report.js";
import { loraOptions } from "../../training/spec/shared-fields.js";
import type {
  Guessing,
  Measured,
  RunContext,
  TaskDefinition,
  TaskModel,
  TaskTraining,
  TokenizedParts,
  TrainedModel,
} from "../../training/task-definition.js";
import { log } from "../../values/elementary.js";
import { stackedRows } from "../../values/tensor.js";
import { classifierOptions, fitsHead, recipes } from "../classify/settings.js";
import { TextClassifier } from "../classify/text-classifier.js";
import { EncoderModel } from "../head/encoder-model.js";
import { checkScoresFit, comparedWithHead, type HeadScores } from "../head/head-comparison.js";
import { answerOf, logitsOfVectors, type MultiLabelPrediction } from "../head/prediction.js";
import { decisions, exactMatches, labelQuality, scoresOf } from "./label-quality.js";
import { type ListedText, listReader } from "./list-reader.js";
import { type LabelRow, labelRows } from "./listed-examples.js";
import {
  bestThresholds,
  fitOneVsRest,
  measureLabels,
  type OneVsRest,
  posWeightsOf,
  takeListTraining,
  type TokenizedLabels,
} from "./multi-label-calls.js";
import type {
  MultiLabelBaseline,
  MultiLabelRunResult,
  MultiLabelSample,
  MultiLabelScores,
  MultiLabelSettings,
} from "./settings.js";

/** A finished classifier, which predicts and is measured. */
const trainedLists = (classifier: TextClassifier<string, true>): TrainedModel<ListedText> => ({
  encoder: classifier.encoder,
  labels: classifier.labels,
  predict: async (texts: readonly string[], events) =>
    (await classifier.predict(texts, events)).map(({ labels, scores }) => ({ predicted: labels, scores })),
  async measure(examples, events) {
    const known = classifier.labels;
    const rows = labelRows(
      known,
      examples.map((example) => example.labels),
    );
    const texts = examples.map(({ text }) => text);
    const logits = await classifier.logits(texts, events);
    const { thresholds } = classifier.multi!;
    const { metrics, labels } = await labelQuality(known, thresholds, logits, rows, events.signal);
    return { metrics, labels };
  },
});

/** A classifier with several labels a text: an adapter and a head. */
export const multiLabelDefinition: TaskDefinition<MultiLabelSettings, ListedText, TokenizedLabels> = {
  makes: "a classifier of several labels a text",
  reader: listReader,
  async survey(data, _, context) {
    warnMeasured(data, context);
    const found = new Set(data.train.examples.flatMap(({ labels }) => labels));
    const without = data.labels.filter((label) => !found.has(label));
    if (without.length > 0)
      context.emit({
        type: "warning",
        message: `${data.train.file}: no training text has ${without.length === 1 ? "the label" : "the labels"} ${without.slice(0, 5).join(", ")}${without.length > 5 ? ` and ${without.length - 5} more` : ""}`,
      });
    return {};
  },
  base: encoderBase,
  async open(base, data, settings, context, _, from) {
    const { encoder } = base as EncoderBase;
    return new MultiLabelModel(encoder, data, settings, context, from);
  },
  trained: (encoder, files, options) => trainedLists(TextClassifier.load<string, true>(encoder, files, options)),
  opened: async (from, options) => trainedLists(await TextClassifier.open<string, true>(from, options)),
  about({ examples, labels }) {
    const total = examples.reduce((sum, example) => sum + example.labels.length, 0);
    const none = examples.filter((example) => example.labels.length === 0).length;
    return { labels: labels.length, "labels a text": total / examples.length, "texts without a label": none };
  },
  labelCounts({ examples, labels }) {
    const counts = new Map(labels.map((label) => [label, 0]));
    for (const label of examples.flatMap((example) => example.labels)) counts.set(label, counts.get(label)! + 1);
    return { of: "texts", total: examples.length, counts: [...counts.values()] };
  },
  checkStateFits: checkScoresFit,
};

/** Scores of the most frequent set of labels, predicted for every text; of equally frequent ones the first counts. */
function mostFrequentScores(train: readonly LabelRow[], measured: readonly LabelRow[]): MultiLabelScores {
  const counts = new Map<string, number>();
  for (const row of train) counts.set(row.join(), (counts.get(row.join()) ?? 0) + 1);
  let [set, most] = ["", 0];
  for (const [key, count] of counts) if (count > most) [set, most] = [key, count];
  const chosen = set.split(",").map(Number);
  const shares = chosen.map((_, place) => train.reduce((sum, row) => sum + row[place]!, 0) / train.length);
  const metrics = multiLabelMetrics(
    measured.map(() => chosen),
    measured,
  );
  const ranked = multiLabelMetrics(
    measured.map(() => shares),
    measured,
  );
  let loss = 0;
  // A share of 0 or 1 would make one text infinite: half a text more of each.
  const [of, all] = [(share: number) => share * train.length + 0.5, train.length + 1];
  for (const row of measured)
    shares.forEach((share, place) => (loss -= log((row[place] === 1 ? of(share) : of(1 - share)) / all)));
  return {
    f1Micro: metrics.f1Micro,
    f1Macro: metrics.f1Macro,
    map: ranked.mapMacroOfLabelsWithTexts,
    exactMatch: metrics.subsetAccuracy,
    loss: loss / (measured.length * shares.length),
  };
}

/** What a checkpoint keeps. */
type State = Pick<MultiLabelRunResult, "yardsticks"> & HeadScores;

const rowsOf = (examples: readonly TokenizedLabels[]): LabelRow[] => examples.map(({ row }) => row);

/** A classifier with several labels a text that is trained. */
class MultiLabelModel
  extends EncoderModel<TextClassifier<string, true>, MultiLabelSettings>
  implements TaskModel<ListedText, TokenizedLabels>
{
  /** Logits of the fitted head for the examples to test on, and its thresholds. */
  private fitted: { readonly logits: readonly Float32Array[]; readonly thresholds: readonly number[] } | null = null;

  constructor(
    encoder: SentenceEncoder,
    private readonly data: Pick<TaskData<ListedText>, "test" | "validation" | "labels">,
    settings: MultiLabelSettings,
    context: RunContext,
    from?: FileMap,
  ) {
    const { labels } = data;
    const create = () => TextClassifier.create(encoder, { labels, multiLabel: true, lora: loraOptions(settings) });
    super(from === undefined ? create() : TextClassifier.load<string, true>(encoder, from), settings, context);
  }

  tokenize({ text, labels }: ListedText): TokenizedLabels {
    return { ids: this.classifier.tokenizer.encode(text), row: labelRows(this.data.labels, [labels])[0]! };
  }

  training(train: readonly TokenizedLabels[], options: FitOptions): TaskTraining<TokenizedLabels> {
    const own = this.settings.headOnly ? {} : classifierOptions(this.settings);
    return takeListTraining(this.classifier, train, { ...options, ...own });
  }

  stepMemory(checkpointing: boolean): Pick<Task<TokenizedLabels>, "memory"> {
    return takeListTraining(this.classifier, [], { checkpointing }).task;
  }

  guessing(_: unknown, train: readonly TokenizedLabels[]): Guessing {
    const { classWeights } = this.settings;
    const weights = posWeightsOf(classWeights, this.data.labels, rowsOf(train));
    // Half for every label: log 2, times the weight of texts that have it.
    const total = sum(train.flatMap(({ row }) => weights.map((weight, place) => 1 + (weight - 1) * row[place]!)));
    return { loss: (log(2) * total) / (train.length * weights.length) };
  }

  async measure(examples: readonly TokenizedLabels[], events: MeasureEvents): Promise<Measured> {
    const { labels } = this.data;
    const halves = labels.map(() => 0.5);
    const logits = await this.logits(examples, events);
    const { loss, ...metrics } = scoresOf(measureLabels(logits, rowsOf(examples), halves));
    return {
      loss,
      metrics: { ...metrics },
      predictionOf(i) {
        const { row } = examples[i]!;
        // A probability of 0.5 is a logit of 0.
        const isPredicted = (place: number) => logits[i]![place]! >= 0;
        return {
          target: labels.filter((_, place) => row[place] === 1),
          predicted: labels.filter((_, place) => isPredicted(place)),
          right: labels.every((_, place) => isPredicted(place) === (row[place] === 1)),
        };
      },
    };
  }

  reads({ train, validation, measured }: TokenizedParts<number>): { baseline: number; finish: number } {
    const held = this.isChoosing(validation) ? sum(validation) : 0;
    return {
      baseline: fitsHead(this.settings) ? sum(train) + sum(measured) + held : 0,
      finish: this.settings.headOnly ? 0 : sum(measured) + held,
    };
  }

  /** Whether thresholds are chosen on examples that are not tested on. */
  private isChoosing(validation: readonly unknown[]): boolean {
    return validation.length > 0 && (this.data.test !== null || isSpare(this.data));
  }

  async baseline({ train, validation, measured }: TokenizedParts<TokenizedLabels>): Promise<State> {
    const { settings, graph, classifier } = this;
    const mostFrequent = mostFrequentScores(rowsOf(train), rowsOf(measured));
    if (!fitsHead(settings)) return { yardsticks: { mostFrequent, headOnly: null }, headScores: null };
    const vectorsOf = (phase: "encode-train" | "encode-validation", examples: readonly TokenizedLabels[]) =>
      this.rows(examples, null, (pooled) => pooled, this.events(phase, examples));
    const vectors = await vectorsOf("encode-train", train);
    const best = await this.oneVsRest(vectors, train);
    const { headStart } = recipes[settings.recipe];
    // A head that explains its examples leaves the adapter nothing to train on: docs/recipes.md.
    if (settings.headOnly) this.setHead(best);
    else if (headStart !== null) this.setHead(await this.oneVsRest(vectors, train, best.regularisation * headStart));
    const held = this.isChoosing(validation) ? validation : [];
    const others = await vectorsOf("encode-validation", [...measured, ...held]);
    const head = new ClassificationHead(graph, best.weight, best.bias);
    try {
      const read = head.snapshot();
      const all = await logitsOfVectors(graph, others, (some) => read(graph.constant(stackedRows(some))));
      const logits = all.slice(0, measured.length);
      const thresholds = this.thresholds(all.slice(measured.length), held, logits, measured, validation);
      this.fitted = { logits, thresholds };
      if (settings.headOnly) classifier.multi!.thresholds = thresholds;
      else await this.saveHeadOnly(best, () => this.withoutAdapter(thresholds));
      const headOnly = scoresOf(measureLabels(logits, rowsOf(measured), thresholds));
      const headScores = exactMatches(decisions(logits, rowsOf(measured), thresholds));
      return { yardsticks: { mostFrequent, headOnly }, headScores };
    } finally {
      graph.release(head.params());
    }
  }

  /** Chosen on the validation; without one all are 0.5. */
  private thresholds(
    ofHeld: readonly Float32Array[],
    held: readonly TokenizedLabels[],
    ofMeasured: readonly Float32Array[],
    measured: readonly TokenizedLabels[],
    validation: readonly TokenizedLabels[],
  ): readonly number[] {
    if (held.length > 0) return bestThresholds(ofHeld, rowsOf(held));
    // The validation is what is measured.
    if (this.data.test === null && validation.length > 0) return bestThresholds(ofMeasured, rowsOf(measured));
    return this.data.labels.map(() => 0.5);
  }

  async finish(
    state: object,
    { measured, validation }: TokenizedParts<TokenizedLabels>,
    trained: FitReport | null,
  ): Promise<RunOutcome> {
    const { yardsticks, headScores } = state as State;
    const { classifier, data } = this;
    let logits = this.fitted?.logits ?? [];
    if (trained !== null) {
      const held = this.isChoosing(validation) ? validation : [];
      const examples = [...measured, ...held];
      const all = await this.logits(examples, this.events("validate", examples));
      logits = all.slice(0, measured.length);
      classifier.multi!.thresholds = this.thresholds(all.slice(measured.length), held, logits, measured, validation);
    }
    const { thresholds } = classifier.multi!;
    const { signal } = this.context;
    const quality = await labelQuality(data.labels, thresholds, logits, rowsOf(measured), signal);
    const { metrics, scores: after, labels } = quality;
    const result: MultiLabelRunResult = {
      yardsticks,
      after,
      ...(await comparedWithHead(trained && exactMatches(quality.decided), headScores, signal)),
      labels,
      thresholdsFrom: validation.length > 0 ? "validation" : null,
      measuredOn: data.test === null ? "validation" : "test",
    };
    const answer = answerOf(classifier);
    const predictions = measuredPart(data).examples.map(({ text, labels }, i): MultiLabelSample => {
      const { labels: predicted } = answer(text, logits[i]!, i) as MultiLabelPrediction;
      return { text, labels, predicted };
    });
    return {
      metrics,
      result,
      more: { predictions },
      curve: { title: `micro F1 ${formatPercent(after.f1Micro)}`, yardsticks: yardstickTexts(yardsticks) },
    };
  }

  private oneVsRest(
    vectors: readonly Float32Array[],
    examples: readonly TokenizedLabels[],
    regularisation?: number,
  ): Promise<OneVsRest> {
    const { graph, settings, data, context } = this;
    const weights = posWeightsOf(settings.classWeights, data.labels, rowsOf(examples));
    return fitOneVsRest(graph, vectors, rowsOf(examples), weights, {
      seed: settings.seed,
      regularisation,
      signal: context.signal,
      onProgress: (event) => context.emit({ type: "progress", phase: "head-only", ...event }),
    });
  }

  /** A classifier of the same labels with another head and these thresholds, and no adapter. */
  private withoutAdapter(thresholds: readonly number[]) {
    const { encoder } = this.classifier;
    const alone = TextClassifier.create(encoder, { labels: this.data.labels, multiLabel: true, lora: null });
    alone.multi!.thresholds = thresholds;
    return alone;
  }

  private logits(examples: readonly TokenizedLabels[], events: MeasureEvents): Promise<Float32Array[]> {
    const { head, modelAdapter } = this.classifier;
    return this.rows(examples, modelAdapter, head.snapshot(), events);
  }
}

const yardstickTexts = ({ mostFrequent, headOnly }: MultiLabelBaseline) => [
  `most frequent set ${formatPercent(mostFrequent.f1Micro)}`,
  ...(headOnly === null ? [] : [`head only ${formatPercent(headOnly.f1Micro)}`]),
];
