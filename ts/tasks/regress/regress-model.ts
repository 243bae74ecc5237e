import type { LocatedExample } from "../../io/examples/index.js";
import { raggedBatch } from "../../models/ragged-batch.js";
import {
  REGRESSION_METRICS,
  regressionIntervals,
  regressionMetrics,
  type RegressionMetrics,
} from "../../train/evaluators/regression-metrics.js";
import { sum } from "../../train/evaluators/number-lists.js";
import type { FitOptions, FitReport } from "../../train/fit-options.js";
import type { BatchLoss, Task } from "../../train/task.js";
import { isSpare, measuredPart, type TaskData } from "../../training/data-parts.js";
import type { ReportedMetrics, RunOutcome } from "../../training/report.js";
import type {
  Guessing,
  Measured,
  RunContext,
  TaskModel,
  TaskTraining,
  TokenizedExample,
  TokenizedParts,
} from "../../training/task-definition.js";
import type { MeasureEvents } from "../../training/job-events.js";
import { trainingOf } from "../head/classifier-training.js";
import { EncoderModel } from "../head/encoder-model.js";
import { fitsHead, recipes } from "../classify/settings.js";
import { comparedWithHead, type HeadScores } from "../head/head-comparison.js";
import type { TextClassifier } from "../classify/text-classifier.js";
import { numberOf, TextRegressor } from "./text-regressor.js";
import { fitRidge, type Ridge } from "./ridge.js";
import type { NumberSample, RegressResult, RegressSettings } from "./settings.js";

/** A text and its number. */
export interface NumberedText extends LocatedExample {
  readonly target: number;
}

/** An example as the model reads it, with the number that the head's output is compared with. */
export interface TokenizedNumber extends TokenizedExample {
  readonly target: number;
  readonly output: number;
}

/** What a checkpoint keeps. */
type State = Pick<RegressResult, "yardsticks"> & HeadScores;

/** A regressor that is trained. */
export class RegressModel
  extends EncoderModel<TextClassifier, RegressSettings>
  implements TaskModel<NumberedText, TokenizedNumber>
{
  /** What the fitted head predicts for the examples to test on. */
  private fitted: readonly number[] | null = null;

  constructor(
    private readonly regressor: TextRegressor,
    private readonly data: Pick<TaskData<NumberedText>, "test" | "validation">,
    settings: RegressSettings,
    context: RunContext,
  ) {
    super(regressor.model, settings, context);
  }

  tokenize({ text, target }: NumberedText): TokenizedNumber {
    const { mean, deviation } = this.regressor.scale;
    return { ids: this.classifier.tokenizer.encode(text), target, output: (target - mean) / deviation };
  }

  training(_: readonly TokenizedNumber[], options: FitOptions): TaskTraining<TokenizedNumber> {
    const { headOnly, headLearningRate, loraPlusRatio, checkpointing } = this.settings;
    const own = {
      checkpointing,
      ...(headLearningRate !== null && { headLearningRate }),
      ...(loraPlusRatio !== null && { loraPlusRatio }),
    };
    return trainingOf(this.classifier, { ...options, ...(!headOnly && own) }, this.lesson);
  }

  stepMemory(checkpointing: boolean): Pick<Task<TokenizedNumber>, "memory"> {
    return trainingOf(this.classifier, { checkpointing }, this.lesson).task;
  }

  private readonly lesson = {
    targets: [],
    loss: (examples: readonly TokenizedNumber[], _: unknown, checkpointing: boolean) =>
      this.loss(examples, checkpointing),
    memory: (examples: readonly TokenizedNumber[], checkpointing: boolean) =>
      this.classifier.memory(
        examples.map(({ ids }) => ({ ids, target: 0 })),
        { checkpointing },
      ),
  };

  /** Summed squared error of the outputs. */
  loss(examples: readonly TokenizedNumber[], checkpointing: boolean): BatchLoss {
    const { encoder, head, modelAdapter, graph } = this.classifier;
    const batch = raggedBatch(examples.map(({ ids }) => ids));
    const outputs = head.logits(encoder.pooled(batch, modelAdapter, { checkpointing }));
    const data = Float32Array.from(examples, ({ output }) => output);
    const error = graph.mseLoss(outputs, graph.constant({ shape: [data.length, 1], data }), { reduction: "sum" });
    return { sum: error, targets: data.length, tokens: batch.ids.length };
  }

  guessing(): Guessing {
    // The variance of standardised numbers.
    return { loss: 1 };
  }

  async measure(examples: readonly TokenizedNumber[], events: MeasureEvents): Promise<Measured> {
    const predicted = await this.predicted(examples, events);
    const metrics = this.metricsOf(predicted, examples);
    const error = metrics.rmse / this.regressor.scale.deviation;
    return {
      loss: error * error,
      metrics: { ...metrics },
      predictionOf: (i) => ({ target: examples[i]!.target, predicted: predicted[i]!, right: null }),
    };
  }

  reads({ train, validation, measured }: TokenizedParts<number>): { baseline: number; finish: number } {
    const head = sum(train) + sum(measured) + (isSpare(this.data) ? sum(validation) : 0);
    const scaled = this.data.test === null ? 0 : sum(validation);
    return {
      baseline: fitsHead(this.settings) ? head : 0,
      finish: this.settings.headOnly ? 0 : sum(measured) + scaled,
    };
  }

  async baseline({ train, validation, measured }: TokenizedParts<TokenizedNumber>): Promise<State> {
    const { settings, data } = this;
    const mean = this.metricsOf(this.numbers(measured.map(() => 0)), measured);
    if (!fitsHead(settings)) return { yardsticks: { mean, headOnly: null }, headScores: null };
    const vectorsOf = (phase: "encode-train" | "encode-validation", examples: readonly TokenizedNumber[]) =>
      this.rows(examples, null, (pooled) => pooled, this.events(phase, examples));
    const whole = isSpare(data) ? [...train, ...validation] : train;
    const vectors = await vectorsOf("encode-train", whole);
    const best = await this.ridge(vectors, whole);
    const { headStart } = recipes[settings.recipe];
    if (settings.headOnly) this.setHead(best);
    // Of its own examples alone, since by the others the step is chosen. A head that explains them leaves the adapter nothing: docs/recipes.md.
    else if (headStart !== null)
      this.setHead(await this.ridge(vectors.slice(0, train.length), train, best.alpha / headStart));
    const [weight, bias] = [best.weight.data, best.bias.data[0]!];
    const outputs = (await vectorsOf("encode-validation", measured)).map((vector) =>
      vector.reduce((total, x, i) => total + x * weight[i]!, bias),
    );
    this.fitted = this.numbers(outputs);
    if (!settings.headOnly) await this.saveHeadOnly(best, () => this.withoutAdapter());
    const yardsticks = { mean, headOnly: this.metricsOf(this.fitted, measured) };
    return { yardsticks, headScores: scoresOf(this.fitted, measured) };
  }

  async finish(
    state: object,
    { measured, validation }: TokenizedParts<TokenizedNumber>,
    trained: FitReport | null,
  ): Promise<RunOutcome> {
    const { yardsticks, headScores } = state as State;
    let predicted = this.fitted ?? [];
    if (trained !== null) {
      // Never on what is measured.
      const held = trained.evaluation === null || this.data.test === null ? [] : validation;
      const examples = [...measured, ...held];
      const outputs = await this.outputs(examples, this.events("validate", examples));
      const { slope, offset } = outputScale(outputs.slice(measured.length), held);
      this.scaleHead(slope, offset);
      predicted = this.numbers(outputs.slice(0, measured.length).map((output) => offset + slope * output));
    }
    const after = this.metricsOf(predicted, measured);
    const targets = measured.map(({ target }) => target);
    const metrics = await reportedNumbers(predicted, targets, this.context.signal);
    const measuredOn = this.data.test === null ? "validation" : "test";
    const scores = trained && scoresOf(predicted, measured);
    const compared = await comparedWithHead(scores, headScores, this.context.signal);
    const result: RegressResult = { yardsticks, after, ...compared, measuredOn };
    const predictions = measuredPart(this.data).examples.map(({ text, target }, i): NumberSample => ({
      text,
      target,
      predicted: predicted[i]!,
    }));
    const shown = ({ rmse }: RegressionMetrics) => rmse.toPrecision(3);
    const { mean, headOnly } = yardsticks;
    return {
      metrics,
      result,
      more: { predictions },
      curve: {
        title: `RMSE ${shown(after)}`,
        yardsticks: [`mean ${shown(mean)}`, ...(headOnly === null ? [] : [`head-only ${shown(headOnly)}`])],
      },
    };
  }

  override files() {
    return this.regressor.save();
  }

  /** A regressor of the same numbers with another head, and no adapter. */
  private withoutAdapter() {
    const { encoder, name, scale } = this.regressor;
    const alone = TextRegressor.create(encoder, name, scale, null);
    return { head: alone.model.head, save: () => alone.save(), dispose: () => alone.dispose() };
  }

  private ridge(
    vectors: readonly Float32Array[],
    examples: readonly TokenizedNumber[],
    alpha?: number,
  ): Promise<Ridge> {
    const targets = examples.map(({ output }) => output);
    const { seed } = this.settings;
    const options = { seed, signal: this.context.signal, ...(alpha !== undefined && { alpha }) };
    return fitRidge(this.graph.engine, vectors, targets, options);
  }

  /** Makes the head's output `offset + slope * output`. */
  private scaleHead(slope: number, offset: number): void {
    const { weight, bias } = this.classifier.head;
    const [w, b] = [this.graph.value(weight), this.graph.value(bias)];
    this.setHead({
      weight: { shape: w.shape, data: w.data.map((x) => slope * x) },
      bias: { shape: b.shape, data: b.data.map((x) => offset + slope * x) },
    });
  }

  private async outputs(examples: readonly TokenizedNumber[], events: MeasureEvents): Promise<number[]> {
    const { head, modelAdapter } = this.classifier;
    const outputs = await this.rows(examples, modelAdapter, head.snapshot(), events);
    return outputs.map(([output]) => output!);
  }

  private async predicted(examples: readonly TokenizedNumber[], events: MeasureEvents): Promise<number[]> {
    return this.numbers(await this.outputs(examples, events));
  }

  private numbers(outputs: readonly number[]): number[] {
    return outputs.map((output, i) => numberOf(output, this.regressor.scale, `text ${i}`));
  }

  private metricsOf(predicted: readonly number[], examples: readonly TokenizedNumber[]): RegressionMetrics {
    return regressionMetrics(
      predicted,
      examples.map(({ target }) => target),
    );
  }
}

/** The metrics of predicted numbers, each with its 95 % interval. Rejects with `AbortError` if `signal` is aborted. */
export async function reportedNumbers(
  predicted: readonly number[],
  targets: readonly number[],
  signal: AbortSignal | undefined,
): Promise<ReportedMetrics> {
  const values = regressionMetrics(predicted, targets);
  const intervals = await regressionIntervals(predicted, targets, signal);
  const metrics = REGRESSION_METRICS.map((name) => [name, { value: values[name], interval: intervals[name] }]);
  return Object.fromEntries(metrics) as ReportedMetrics;
}

/** The score of each prediction: the absolute error, below 0. */
const scoresOf = (predicted: readonly number[], examples: readonly TokenizedNumber[]) =>
  examples.map(({ target }, i) => -Math.abs(predicted[i]! - target));

/** Factor from which outputs are too close to the mean; below, what differs may be chance. */
const FLAT = 2;

/**
 * The linear function of the outputs that is closest to what they are to be, if they are far too close to the mean; else 1 and 0. The rank
 * correlation, which chooses the step, does not see their scale: it may choose an early step, at which the head is still small. Outputs that
 * are all equal, or none, give 1 and 0 too.
 * @internal exported for its tests
 */
export function outputScale(outputs: readonly number[], examples: readonly { readonly output: number }[]) {
  const targets = examples.map(({ output }) => output);
  const middle = (values: readonly number[]) => sum(values) / values.length;
  const [x, y] = [middle(outputs), middle(targets)];
  const product = middle(outputs.map((output, i) => (output - x) * (targets[i]! - y)));
  const square = middle(outputs.map((output) => (output - x) * (output - x)));
  const slope = product / square;
  return slope > FLAT && slope < Infinity ? { slope, offset: y - slope * x } : { slope: 1, offset: 0 };
}
