import { shuffled } from "../../io/examples/parts/assign.js";
import type { FileMap } from "../../io/file-access.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { TokensInText } from "../../tokenize/text-tokenizer.js";
import type { FitOptions, FitReport } from "../../train/fit-options.js";
import type { LogisticRegression } from "../../train/logistic/head-fit.js";
import { type EntityCounts, entityDifference, entityMetrics, TagScheme } from "../../train/metrics/entities.js";
import type { Task } from "../../train/task.js";
import { inPlace, isSpare, type TaskData, warnMeasured } from "../../training/data-parts.js";
import { type MeasureEvents, phaseEvents, type ShownPrediction } from "../../training/job-events.js";
import { type EncoderBase, encoderBase } from "../../training/loading.js";
import { formatPercent, type ReportedMetrics, type RunOutcome } from "../../training/report.js";
import { loraOptions } from "../../training/spec/shared-fields.js";
import type {
  ExampleUse,
  Guessing,
  Measured,
  PredictedValues,
  RunContext,
  TaskDefinition,
  TaskModel,
  TaskTraining,
  TokenizedParts,
  TrainedModel,
} from "../../training/task-definition.js";
import { log } from "../../values/elementary.js";
import { classifierOptions, fitsHead, recipes } from "../classify/settings.js";
import { balanceOf } from "../head/class-weights.js";
import { EncoderModel } from "../head/encoder-model.js";
import { recommendedBy } from "../head/head-comparison.js";
import type { TokenBaseline, TokenResult, TokenSettings } from "./settings.js";
import { TokenClassifier } from "./token-classifier.js";
import { type LocatedText, tokenReader } from "./token-dataset.js";
import { firstTokens, takeAsked } from "./token-examples.js";
import { type MeasuredTokens, type MeasuredWord, together, tokenMetrics, wordsOf } from "./token-spans.js";
import {
  checkHasTargets,
  fitToWordVectors,
  scoresOf,
  scoresOfTokens,
  targetsAt,
  type TokenTargets,
  tokenTraining,
  type WordVectors,
  wordVectors,
} from "./token-training.js";

/** A finished classifier, which predicts and is measured. */
const trainedOnWords = ({ encoder, labels, parts, modelAdapter }: TokenClassifier): TrainedModel<LocatedText> => ({
  encoder,
  labels,
  async predict(texts, events) {
    const asked = takeAsked("predict", texts);
    const scores = await scoresOf(
      parts,
      asked.map(({ text }) => text),
      modelAdapter,
      events,
    );
    return asked.map((one, i): PredictedValues => {
      const { text, words } = one;
      const found = wordsOf(one, labels, scores[i]!, i);
      const entities = together(
        text,
        found.filter((word) => word !== null),
        labels,
      );
      if (words === null) return { entities };
      const own = words.map(({ start, end }) => text.slice(start, end));
      // Words beyond the maximum length have no label.
      return { words: own, labels: found.map((word) => word?.label ?? null), entities };
    });
  },
  async measure(examples, events) {
    const texts = examples.map(({ text }) => text);
    const scores = await scoresOf(parts, texts, modelAdapter, events);
    const { metrics } = tokenMetrics(labels, examples, scores, parts.tokenizer.maxTokens, false);
    const { count, cut, perEntity, ...shares } = metrics;
    const values = Object.entries(shares).map(([name, value]) => [name, { value }]);
    return { metrics: Object.fromEntries(values) as ReportedMetrics, count, cut, perEntity };
  },
});

/** A classifier of tokens: an adapter and a head on each word's first token. */
export const tokensDefinition: TaskDefinition<TokenSettings, LocatedText, TokenizedWords> = {
  makes: "a token classifier",
  asks: "words",
  reader: tokenReader,
  async survey(data, _, context) {
    warnMeasured(data, context);
    return {};
  },
  base: encoderBase,
  async open(base, data, settings, context, _, from) {
    return new TokenModel((base as EncoderBase).encoder, data, settings, context, from);
  },
  trained: (encoder, files, options) => trainedOnWords(TokenClassifier.load(encoder, files, options)),
  opened: async (from, options) => trainedOnWords(await TokenClassifier.open(from, options)),
  about({ examples, labels }) {
    const named = examples.map(({ words }) => words.map(({ target }) => (target < 0 ? "O" : labels[target]!)));
    const { perEntity } = entityMetrics(named, named, { strict: false, scheme: new TagScheme(labels) });
    const entities = Object.fromEntries(perEntity.map(({ label, support }) => [label, support]));
    return { words: named.reduce((sum, { length }) => sum + length, 0), entities };
  },
  labelCounts({ examples, labels }) {
    const counts = labels.map(() => 0);
    for (const { words } of examples) for (const { target } of words) if (target >= 0) counts[target]!++;
    return { of: "words", total: counts.reduce((sum, count) => sum + count, 0), counts };
  },
};

/** A text of labelled words as tokens. */
interface TokenizedWords extends TokenTargets {
  readonly example: LocatedText;
  readonly tokens: TokensInText;
}

/** The part of a checkpoint that only a run on labelled words has. */
interface TokenState {
  readonly baseline: TokenBaseline;
}

const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);

/** A token classifier in training. */
class TokenModel
  extends EncoderModel<TokenClassifier, TokenSettings>
  implements TaskModel<LocatedText, TokenizedWords>
{
  constructor(
    encoder: SentenceEncoder,
    private readonly data: TaskData<LocatedText>,
    settings: TokenSettings,
    context: RunContext,
    from?: FileMap,
  ) {
    const create = () => TokenClassifier.create(encoder, { labels: data.labels, lora: loraOptions(settings) });
    super(from === undefined ? create() : TokenClassifier.load(encoder, from), settings, context);
  }

  tokenize(example: LocatedText, file: string, use: ExampleUse): TokenizedWords {
    const { tokenizer } = this.classifier.parts;
    return inPlace(file, example.line, () => {
      const tokens = tokenizer.encodeWithOffsets(example.text);
      const { ids } = tokens;
      const found = targetsAt(ids, firstTokens(tokens, tokenizer.maxTokens, example, 0), example);
      if (use !== "held") checkHasTargets("fit", found, tokenizer, 0);
      return { ...found, example, tokens };
    });
  }

  training(train: readonly TokenizedWords[], options: FitOptions): TaskTraining<TokenizedWords> {
    const { settings, classifier } = this;
    const own = settings.headOnly ? {} : classifierOptions(settings);
    const targets = train.flatMap((text) => text.targets);
    return tokenTraining(classifier.parts, targets, { ...options, ...own });
  }

  stepMemory(checkpointing: boolean): Pick<Task<TokenizedWords>, "memory"> {
    return tokenTraining(this.classifier.parts, [0], { checkpointing }).task;
  }

  counts(examples: readonly TokenizedWords[]): { words: number } {
    const labelled = ({ words }: LocatedText) => words.filter(({ target }) => target >= 0).length;
    return { words: sum(examples.map(({ example }) => labelled(example))) };
  }

  guessing(): Guessing {
    return { loss: log(this.data.labels.length) };
  }

  async measure(examples: readonly TokenizedWords[], events: MeasureEvents): Promise<Measured> {
    const { metrics, words } = await this.measured(examples, this.classifier.modelAdapter, events);
    const { loss, f1, accuracy } = metrics;
    const { labels } = this.classifier;
    return {
      loss,
      metrics: { f1, accuracy },
      predictionOf: (i) => shownEntities(examples[i]!.example.text, words[i]!, labels),
    };
  }

  reads({ train, validation, measured }: TokenizedParts<number>): { baseline: number; finish: number } {
    const spare = isSpare(this.data) ? sum(validation) : 0;
    const head = fitsHead(this.settings) ? sum(measured) + sum(train) + spare : 0;
    return { baseline: head, finish: this.settings.headOnly ? 0 : sum(measured) };
  }

  async baseline(parts: TokenizedParts<TokenizedWords>): Promise<TokenState> {
    const { classifier, settings, context, data } = this;
    const { measured } = parts;
    const spare = isSpare(data) ? parts.validation : [];
    const measure = () => this.measured(measured, null, this.events("encode-validation", measured));
    const baseline = await measureTokenBaseline({ classifier, parts, spare, settings, context, measure });
    return { baseline };
  }

  async finish(
    state: object,
    { measured }: TokenizedParts<TokenizedWords>,
    fitted: FitReport | null,
  ): Promise<RunOutcome> {
    const { classifier, data, context } = this;
    const { headEntities, ...known } = (state as TokenState).baseline;
    let after = known.headOnly!;
    let entities: readonly EntityCounts[] | null = null;
    if (fitted !== null)
      ({ metrics: after, entities } = await this.measured(
        measured,
        classifier.modelAdapter,
        this.events("validate", measured),
      ));
    const overHeadAlone = entities && headEntities && (await entityDifference(entities, headEntities, context.signal));
    const result: TokenResult = {
      ...known,
      after,
      overHeadAlone,
      recommended: recommendedBy(overHeadAlone),
      measuredOn: data.test === null ? "validation" : "test",
    };
    const { f1, precision, recall, accuracy, loss } = after;
    const metrics = Object.entries({ f1, precision, recall, accuracy, loss }).map(([name, value]) => [name, { value }]);
    const { headOnly } = known;
    return {
      metrics: Object.fromEntries(metrics) as RunOutcome["metrics"],
      result,
      curve: {
        title: `entity F1 ${formatPercent(f1)}`,
        yardsticks: headOnly === null ? [] : [`head only ${formatPercent(headOnly.f1)}`],
      },
    };
  }

  private async measured(
    examples: readonly TokenizedWords[],
    adapter: TokenClassifier["modelAdapter"],
    events: MeasureEvents,
  ): Promise<MeasuredTokens> {
    const { parts, labels } = this.classifier;
    const tokens = examples.map((one) => one.tokens);
    const scores = await scoresOfTokens(parts, tokens, adapter, events);
    const texts = examples.map(({ example }) => example);
    return tokenMetrics(labels, texts, scores, parts.tokenizer.maxTokens, false);
  }
}

/** The entities of a text by its labels and by the predicted ones, each with its label in parentheses. */
export function shownEntities(
  text: string,
  words: readonly MeasuredWord[],
  labels: readonly string[],
): ShownPrediction {
  const entitiesOf = (of: "target" | "predicted") =>
    together(
      text,
      words.map(({ word: { start, end }, [of]: label }) => ({ label, probability: 1, start, end })),
      labels,
    );
  const [target, predicted] = [entitiesOf("target"), entitiesOf("predicted")];
  const shown = (entities: typeof target) => entities.map((entity) => `${entity.text} (${entity.label})`);
  // Also where they are: a text may have the same entity twice.
  return {
    target: shown(target),
    predicted: shown(predicted),
    right: JSON.stringify(target) === JSON.stringify(predicted),
  };
}

/** The most numbers in the vectors that a head is fitted to: 128 MB, in a few copies. */
const MOST_NUMBERS = 2 ** 25;

/** The examples that the baseline is measured on. */
interface TokenBaselineWork {
  readonly classifier: TokenClassifier;
  readonly parts: TokenizedParts<TokenizedWords>;
  /** Examples that only the head-only baseline is fitted to, in addition to the training examples. */
  readonly spare: readonly TokenizedWords[];
  readonly settings: TokenSettings;
  readonly context: Pick<RunContext, "emit" | "signal">;
  /** Predictions of frozen encoder and head for the measured examples. */
  readonly measure: () => Promise<MeasuredTokens>;
}

/** The measurement before training. A fitted head is the classifier's, or the one that training starts from. */
async function measureTokenBaseline(work: TokenBaselineWork): Promise<TokenBaseline> {
  const { settings, classifier, parts: tokenized, spare, context } = work;
  const { train } = tokenized;
  const largestClass = shareOfLargest(work);
  if (!fitsHead(settings)) return { largestClass, headOnly: null, headEntities: null, headWords: 0 };
  const { signal, emit } = context;
  const { parts, head } = classifier;
  const { graph } = classifier.encoder;
  // Whole texts, in a seeded order, as many as fit in memory.
  const all = [...train, ...spare];
  const chosen = withinMemory(all, classifier.encoder.model.config.hiddenSize, settings.seed);
  const vectors = await wordVectors(parts, chosen, null, phaseEvents(context, "encode-train", chosen.length));
  // Only the fit that chooses the regularisation reports progress.
  const told = {
    onProgress: ({ done, total }: { readonly done: number; readonly total: number }) =>
      emit({ type: "progress", phase: "head-only", done, total }),
  };
  const fitted = (some: WordVectors, regularisation?: number) => {
    const targets = some.texts.flatMap((text) => text.targets);
    const classWeights = balanceOf(settings, classifier.labels, targets);
    return fitToWordVectors(parts, some, {
      classWeights,
      seed: settings.seed,
      ...(regularisation === undefined ? told : { regularisation }),
      ...(signal && { signal }),
    });
  };
  const set = ({ weight, bias }: Pick<LogisticRegression, "weight" | "bias">) => {
    graph.setValue(head.weight, weight);
    graph.setValue(head.bias, bias);
  };
  const before = { weight: graph.value(head.weight), bias: graph.value(head.bias) };
  const best = await fitted(vectors);
  set(best);
  const { metrics: headOnly, entities: headEntities } = await work.measure();
  const { headStart } = recipes[settings.recipe];
  if (!settings.headOnly) {
    // Training starts from a head fitted to its own examples only: the others choose its step.
    const own = new Set<TokenTargets>(train);
    const places = [...vectors.texts.keys()].filter((i) => own.has(vectors.texts[i]!));
    const some = { texts: places.map((i) => vectors.texts[i]!), rows: places.map((i) => vectors.rows[i]!) };
    set(headStart === null ? before : await fitted(some, best.regularisation * headStart));
  }
  return { largestClass, headOnly, headEntities, headWords: countWords(chosen) };
}

const countWords = (texts: readonly TokenTargets[]) => texts.reduce((sum, { places }) => sum + places.length, 0);

/** The texts, as many as the memory limit for their words' vectors allows. */
function withinMemory(texts: readonly TokenTargets[], hidden: number, seed: number): readonly TokenTargets[] {
  const most = MOST_NUMBERS / hidden;
  if (countWords(texts) <= most) return texts;
  let words = 0;
  const chosen = shuffled([...texts.keys()], seed).filter((i) => (words += texts[i]!.places.length) <= most);
  return chosen.sort((a, b) => a - b).map((i) => texts[i]!);
}

/** Share of the measured words that have the most frequent label of the training words. */
function shareOfLargest({ parts: { train, measured }, classifier }: TokenBaselineWork): number {
  const counts = new Array<number>(classifier.labels.length).fill(0);
  for (const { targets } of train) for (const target of targets) counts[target]!++;
  const largest = counts.indexOf(Math.max(...counts));
  const words = measured.flatMap(({ example }) => example.words.filter(({ target }) => target >= 0));
  return words.filter(({ target }) => target === largest).length / words.length;
}
