import type { NodeId } from "../../graph/graph.js";
import { inferring } from "../../graph/inferring.js";
import type { PairTokens } from "../../tokenize/pair-tokens.js";
import { sum } from "../../train/evaluators/number-lists.js";
import type { FitOptions } from "../../train/fit-options.js";
import { crossEncoderLoss } from "../../train/losses/cross-encoder-loss.js";
import { meanInterval } from "../../train/metrics/mean-interval.js";
import type { Task } from "../../train/task.js";
import type { TaskData } from "../../training/data/parts.js";
import { numbersIn } from "../../training/estimate/memory-need.js";
import { phaseEvents } from "../../training/phase.js";
import type { RunOutcome } from "../../training/result/report.js";
import { log } from "../../values/elementary.js";
import type {
  Guessing,
  Measured,
  MeasureEvents,
  RunContext,
  TaskModel,
  TaskTraining,
  TokenizedExample,
  TokenizedParts,
} from "../../training/task-definition.js";
import { trainingOf } from "../classifier-training.js";
import type { CrossEncoder } from "../cross/cross-encoder.js";
import { crossLesson } from "../cross/cross-training.js";
import { reportedMetrics } from "../pairs/report.js";
import { cosinesOf, logitsOf, withEvents } from "./pair-scores.js";
import { judgedQueries, ndcgOfQueries, rankMetrics, type RankMetrics, relevantAbove } from "./rank-quality.js";
import { isLists, type RankedRow } from "./read-ranked.js";
import type { RankResult, RankYardsticks } from "./report.js";
import type { RankLoss, RankSettings } from "./settings.js";

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
  private readonly loss: RankLoss;
  /** Texts with a label above this one are relevant. */
  private readonly above: number;
  private metrics: RankMetrics = {};

  constructor(
    private readonly cross: CrossEncoder,
    private readonly data: TaskData<RankedRow>,
    private readonly settings: RankSettings,
    private readonly context: RunContext,
  ) {
    this.graph = cross.graph;
    const head = numbersIn(this.graph, cross.head.params());
    this.parameters = { adapter: numbersIn(this.graph, this.params()) - head, head };
    this.loss = data.train.examples[0]!.loss;
    const { train, validation, test } = data;
    this.above = relevantAbove([...train.examples, ...validation.examples, ...(test?.examples ?? [])]);
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

  checkpointing(): boolean {
    return this.settings.checkpointing;
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
    if (isLists(this.loss)) return null;
    const labels = this.data.train.examples.flatMap((row) => row.labels);
    // A new head's logits are near 0, which is a probability of one half.
    return { loss: this.loss === "mse" ? sum(labels.map((label) => label * label)) / labels.length : log(2) };
  }

  async measure(examples: readonly TokenizedRank[], events: MeasureEvents): Promise<Measured> {
    const rows = examples.map(({ row }) => row);
    const logits = await logitsOf(this.cross, rows, withEvents(events, rows));
    return { loss: this.heldOutLoss(rows, logits), metrics: this.metricsOf(rows, logits) };
  }

  reads({ measured }: TokenizedParts<number>): { baseline: number; finish: number } {
    return { baseline: sum(measured), finish: sum(measured) };
  }

  async baseline({ measured }: TokenizedParts<TokenizedRank>): Promise<State> {
    const rows = measured.map(({ row }) => row);
    const events = phaseEvents(this.context, "encode-validation", rows.length);
    const cosines = await cosinesOf(this.cross.encoder, rows, events);
    return { yardsticks: { cosine: this.metricsOf(rows, cosines) } };
  }

  async finish(state: object, { measured }: TokenizedParts<TokenizedRank>): Promise<RunOutcome> {
    const { yardsticks } = state as State;
    const rows = measured.map(({ row }) => row);
    const events = withEvents(phaseEvents(this.context, "validate", rows.length), rows);
    const judged = judgedQueries(rows, await logitsOf(this.cross, rows, events), this.above);
    const after = rankMetrics(judged, this.above);
    const interval = await meanInterval(ndcgOfQueries(judged), this.context.signal);
    this.metrics = after;
    if (after["ndcg@10"]! < yardsticks.cosine["ndcg@10"]!)
      this.context.emit({
        type: "warning",
        message:
          "the cosines of the base model's vectors order the texts better than this cross-encoder: a new one needs thousands of judged rows; " +
          'add rows, or train the vectors (task "pairs")',
      });
    const measuredOn = this.data.test === null ? "validation" : "test";
    const queries = new Set(rows.map(({ text }) => text)).size;
    const result: RankResult = { yardsticks, after, measuredOn, loss: this.loss, queries, relevantAbove: this.above };
    const shown = (metrics: RankMetrics) => metrics["ndcg@10"]!.toFixed(3);
    return {
      metrics: reportedMetrics(after, interval),
      result,
      curve: { title: `ndcg@10 ${shown(after)}`, yardsticks: [`cosine ${shown(yardsticks.cosine)}`] },
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
    return rankMetrics(judgedQueries(rows, scores, this.above), this.above);
  }

  /** The mean loss of batches, on logits that are known. */
  private heldOutLoss(rows: readonly RankedRow[], logits: readonly (readonly number[])[]): number {
    const { batchSize } = this.settings;
    const { graph, loss } = this;
    let total = 0;
    for (let start = 0; start < rows.length; start += batchSize) {
      const some = rows.slice(start, start + batchSize);
      const data = Float32Array.from(logits.slice(start, start + batchSize).flat());
      const labels = some.map((row) => row.labels);
      const mean = inferring(graph, () => {
        const column = graph.constant({ shape: [data.length, 1], data });
        const given = isLists(loss) ? labels : labels.map(([label]) => label!);
        return graph.value(crossEncoderLoss(graph, loss, [column], { labels: given })).data[0]!;
      });
      total += mean * some.length;
    }
    return total / rows.length;
  }
}
