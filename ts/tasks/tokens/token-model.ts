import type { FileMap } from "../../io/file-access.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { FitOptions, FitReport } from "../../train/fit-options.js";
import { type EntityCounts, entityDifference } from "../../train/metrics/entities.js";
import type { Task } from "../../train/task.js";
import { inPlace } from "../../training/data/drawn.js";
import { isSpare, type TaskData } from "../../training/data/parts.js";
import type { ShownPrediction } from "../../training/job-events.js";
import { formatPercent, type RunOutcome } from "../../training/result/report.js";
import { loraOptions } from "../../training/spec/training-settings.js";
import type {
  ExampleUse,
  Guessing,
  Measured,
  MeasureEvents,
  RunContext,
  TaskModel,
  TaskTraining,
  TokenizedParts,
} from "../../training/task-definition.js";
import { log } from "../../values/elementary.js";
import { fitsHead } from "../classify/recipes.js";
import { classifierOptions } from "../classify/settings.js";
import { EncoderModel } from "../head/encoder-model.js";
import { recommendedBy } from "../head/head-comparison.js";
import { firstTokens } from "./token-examples.js";
import type { TokenBaseline, TokenResult } from "./token-report.js";
import type { TokenSettings } from "./settings.js";
import { measureTokenBaseline, type TokenizedWords } from "./token-baseline.js";
import { TokenClassifier } from "./token-classifier.js";
import type { LocatedText } from "./token-dataset.js";
import { type MeasuredTokens, type MeasuredWord, tokenMetrics } from "./token-metrics.js";
import { scoresOfTokens } from "./token-scores.js";
import { together } from "./token-spans.js";
import { checkHasTargets, targetsAt, tokenTraining } from "./token-training.js";

/** The part of a checkpoint that only a run on labelled words has. */
interface TokenState {
  readonly baseline: TokenBaseline;
}

const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);

/** A token classifier in training. */
export class TokenModel
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

/** The entities of a text by its labels and by the predicted ones, each with its label in parentheses. @internal exported for its tests */
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
