import type { ModelAdapter } from "../../adapters/model-adapter.js";
import type { NodeId } from "../../graph/graph.js";
import { inferred } from "../../graph/inferring.js";
import type { PairTokens } from "../../tokenize/pair-tokens.js";
import { sum } from "../../train/evaluators/number-lists.js";
import type { FitOptions } from "../../train/fit-options.js";
import type { Task } from "../../train/task.js";
import type { TaskData } from "../../training/data-parts.js";
import { numbersIn } from "../../training/estimate/memory-need.js";
import { type MeasureEvents, phaseEvents } from "../../training/job-events.js";
import type { RunOutcome } from "../../training/report.js";
import { log } from "../../values/elementary.js";
import { stackedRows } from "../../values/tensor.js";
import type {
  Guessing,
  Measured,
  RunContext,
  TaskModel,
  TaskTraining,
  TokenizedExample,
  TokenizedParts,
} from "../../training/task-definition.js";
import { trainingOf } from "../head/classifier-training.js";
import type { CrossEncoder } from "../cross/cross-encoder.js";
import { crossLesson, lossOf } from "../cross/cross-training.js";
import { reportedQuality } from "../pairs/pair-quality.js";
import {
  classMetrics,
  classQuality,
  cosinesOf,
  firstTexts,
  judgedQueries,
  largestClass,
  logitsOf,
  ndcgOfQueries,
  orderedRows,
  rankMetrics,
  type RankMetrics,
  relevantAbove,
  reportedClasses,
  scoresIn,
  withEvents,
} from "./rank-quality.js";
import { isLists, type RankedRow } from "./read-ranked.js";
import type { RankLoss, RankResult, RankSettings, RankYardsticks } from "./settings.js";

/** A query with texts, in tokens. */
export interface TokenizedRank extends TokenizedExample {
  /** All its pairs, one after another. */
  readonly ids: Int32Array;
  readonly row: RankedRow;
  readonly query: string;
  readonly texts: readonly string[];
  readonly labels: readonly number[];
  pair(query: string, text: string): PairTokens;
}

/** What a checkpoint keeps. */
interface State {
  readonly yardsticks: RankYardsticks;
}

/** A cross-encoder that is trained. */
export class RankModel implements TaskModel<RankedRow, TokenizedRank> {
  readonly graph: CrossEncoder["graph"];
  readonly parameters: { readonly adapter: number; readonly head: number };
  readonly chosenBy: string;
  private readonly loss: RankLoss;
  /** Whether pairs have classes. */
  private readonly ofClasses: boolean;
  /** Texts with a label above this one are relevant. */
  private readonly above: number;
  private metrics: RankMetrics = {};

  constructor(
    private readonly cross: CrossEncoder<number | number[]>,
    private readonly data: TaskData<RankedRow>,
    private readonly settings: RankSettings,
    private readonly context: RunContext,
    /** Whether the cross-encoder was ready before, with its head. */
    private readonly wasReady: boolean,
  ) {
    this.graph = cross.graph;
    const head = numbersIn(this.graph, cross.head.params());
    this.parameters = { adapter: numbersIn(this.graph, this.params()) - head, head };
    this.loss = data.train.examples[0]!.loss;
    this.ofClasses = this.loss === "cross-entropy";
    this.chosenBy = this.ofClasses ? "accuracy" : "ndcg@10";
    const { train, validation, test } = data;
    this.above = relevantAbove([...train.examples, ...validation.examples, ...(test?.examples ?? [])]);
  }

  get modelAdapter(): ModelAdapter | null {
    return this.cross.modelAdapter;
  }

  params(): NodeId[] {
    return this.cross.params();
  }

  tokenize(row: RankedRow): TokenizedRank {
    const { text: query, texts, labels } = row;
    const pairs = new Map(texts.map((text) => [text, this.cross.tokenizer.encode(query, text)]));
    const own = texts.map((text) => pairs.get(text)!);
    const ids = Int32Array.from(own.flatMap((one) => [...one.ids]));
    return { ids, row, query, texts, labels, pair: (_, text) => pairs.get(text)! };
  }

  counts(examples: readonly TokenizedRank[]): Readonly<Record<string, number>> {
    if (this.settings.mineNegatives === null) return {};
    return { negatives: examples.flatMap(({ labels }) => labels.filter((label) => label === 0)).length };
  }

  training(_: readonly TokenizedRank[], options: FitOptions): TaskTraining<TokenizedRank> {
    const { loraPlusRatio, checkpointing } = this.settings;
    return trainingOf(
      this.trained,
      { ...options, checkpointing, ...(loraPlusRatio !== null && { loraPlusRatio }) },
      this.lesson,
    );
  }

  stepMemory(checkpointing: boolean): Pick<Task<TokenizedRank>, "memory"> {
    return trainingOf(this.trained, { checkpointing }, this.lesson).task;
  }

  guessing(): Guessing | null {
    const { loss, cross } = this;
    // A ready model's loss on new data may be above that of guessing; the yardstick "start" tells whether training made it worse.
    if (isLists(loss) || this.wasReady) return null;
    if (this.ofClasses) return { loss: log(cross.labels.length) };
    // A new head's logits are near 0, which is a probability of one half.
    if (loss === "binary-cross-entropy") return { loss: log(2) };
    const targets = this.data.train.examples.flatMap((row) => targetsOf(row));
    return { loss: sum(targets.map((target) => target * target)) / targets.length };
  }

  async measure(examples: readonly TokenizedRank[], events: MeasureEvents): Promise<Measured> {
    const rows = examples.map(({ row }) => row);
    const logits = await logitsOf(this.cross, rows, withEvents(events, rows));
    const loss = await this.heldOutLoss(rows, logits);
    if (this.ofClasses) return { loss, metrics: classMetrics(await this.classQuality(rows, logits)) };
    const ordered = orderedRows(rows, scoresIn(logits));
    let first: ReturnType<typeof firstTexts> | undefined;
    return {
      loss,
      metrics: rankMetrics(judgedQueries(ordered.rows, ordered.scores, this.above), this.above),
      predictionOf: (i) => (first ??= firstTexts(ordered.rows, ordered.scores)).get(rows[i]!.text)!,
    };
  }

  reads({ measured }: TokenizedParts<number>): { baseline: number; finish: number } {
    return { baseline: sum(measured), finish: sum(measured) };
  }

  async baseline({ measured }: TokenizedParts<TokenizedRank>): Promise<State> {
    const rows = measured.map(({ row }) => row);
    const events = phaseEvents(this.context, "encode-validation", rows.length);
    const start = this.wasReady ? { start: (await this.quality(rows, events)).metrics } : {};
    if (this.ofClasses) {
      const { cross, data, context } = this;
      const always = await largestClass(data.train.examples, rows, cross.labels.length, context.signal);
      return { yardsticks: { largestClass: always, ...start } };
    }
    if (this.wasReady) return { yardsticks: start };
    const cosines = await cosinesOf(this.cross.encoder, rows, events);
    return { yardsticks: { cosine: this.metricsOf(rows, cosines) } };
  }

  async finish(state: object, { measured }: TokenizedParts<TokenizedRank>): Promise<RunOutcome> {
    const { yardsticks } = state as State;
    const rows = measured.map(({ row }) => row);
    const { metrics: after, reported } = await this.quality(rows, phaseEvents(this.context, "validate", rows.length));
    this.metrics = after;
    this.warnWorse(yardsticks, after);
    const measuredOn = this.data.test === null ? "validation" : "test";
    const queries = new Set(rows.map(({ text }) => text)).size;
    const above = this.ofClasses ? null : this.above;
    const result: RankResult = { yardsticks, after, measuredOn, loss: this.loss, queries, relevantAbove: above };
    const { chosenBy } = this;
    const title = this.ofClasses ? "accuracy" : "ndcg@10";
    const shown = (metrics: RankMetrics) => metrics[chosenBy]!.toFixed(3);
    const others = Object.entries(yardsticks) as [keyof RankYardsticks, RankMetrics][];
    return {
      metrics: reported,
      result,
      curve: {
        title: `${title} ${shown(after)}`,
        yardsticks: others.map(([name, metrics]) => `${yardstickTitles[name]} ${shown(metrics)}`),
        ofClasses: this.ofClasses,
      },
    };
  }

  files() {
    return this.cross.save({ metrics: this.metrics, signal: this.context.signal });
  }

  dispose(): void {
    this.cross.dispose();
  }

  private get trained() {
    const { encoder, graph, labels, modelAdapter, head } = this.cross;
    return { encoder, graph, labels, modelAdapter, head };
  }

  private get lesson() {
    return { targets: [], ...crossLesson<TokenizedRank>(this.cross, this.loss, {}, 0) };
  }

  private metricsOf(rows: readonly RankedRow[], scores: readonly (readonly number[])[]): RankMetrics {
    const ordered = orderedRows(rows, scores);
    return rankMetrics(judgedQueries(ordered.rows, ordered.scores, this.above), this.above);
  }

  private classQuality(rows: readonly RankedRow[], logits: readonly (readonly Float32Array[])[], intervals = false) {
    return classQuality(rows, logits.flat(), this.cross.labels.length, this.context.signal, intervals);
  }

  /** Metrics of the cross-encoder as it is, and the same with their intervals. */
  private async quality(rows: readonly RankedRow[], events: MeasureEvents) {
    const logits = await logitsOf(this.cross, rows, withEvents(events, rows));
    if (this.ofClasses) {
      const found = await this.classQuality(rows, logits, true);
      return { metrics: classMetrics(found), reported: reportedClasses(found) };
    }
    const ordered = orderedRows(rows, scoresIn(logits));
    const judged = judgedQueries(ordered.rows, ordered.scores, this.above);
    const metrics = rankMetrics(judged, this.above);
    const quality = { metrics, ofQueries: ndcgOfQueries(judged) };
    return { metrics, reported: await reportedQuality(quality, this.context.signal) };
  }

  /** Warns if a yardstick is better than the result. */
  private warnWorse({ cosine, start }: RankYardsticks, after: RankMetrics): void {
    const { chosenBy, context } = this;
    const isBetter = (metrics: RankMetrics | undefined) => (metrics?.[chosenBy] ?? 0) > after[chosenBy]!;
    if (isBetter(cosine))
      context.emit({
        type: "warning",
        message:
          "the cosines of the base model's vectors order the texts better than this cross-encoder: a new one needs thousands of judged rows; " +
          'add rows, start from a ready cross-encoder, or train the vectors (task "pairs")',
      });
    if (isBetter(start))
      context.emit({
        type: "warning",
        message: `the cross-encoder was better before this training: add rows, or try a lower ${context.optionNames.setting("learningRate")}`,
      });
  }

  /** The mean loss of batches, on logits that are known. */
  private async heldOutLoss(rows: readonly RankedRow[], logits: readonly (readonly Float32Array[])[]): Promise<number> {
    const { batchSize } = this.settings;
    const { graph, loss } = this;
    let total = 0;
    for (let start = 0; start < rows.length; start += batchSize) {
      const some = rows.slice(start, start + batchSize);
      const own = logits.slice(start, start + batchSize);
      const columns = loss === "margin-mse" ? own[0]!.length : 1;
      // A step with columns has one after the other.
      const inOrder = columns === 1 ? own.flat() : own[0]!.flatMap((_, column) => own.map((row) => row[column]!));
      const labels = some.map((row) => row.labels);
      const mean = await inferred(graph, () => {
        const node = graph.constant(stackedRows(inOrder));
        return lossOf(graph, loss, { logits: node, columns, rows: some.length, labels }, {});
      });
      total += mean.data[0]! * some.length;
    }
    return total / rows.length;
  }
}

/** Yardsticks in the title of the loss curve. */
const yardstickTitles: Readonly<Record<keyof RankYardsticks, string>> = {
  cosine: "cosine",
  largestClass: "largest class",
  start: "before training",
};

/** The numbers that a loss of squares compares with: of a teacher's scores their differences. */
const targetsOf = ({ texts, labels }: RankedRow): readonly number[] =>
  texts.length > 1 && labels.length === texts.length ? labels.slice(1).map((label) => labels[0]! - label) : labels;
