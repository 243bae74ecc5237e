import type { ModelAdapter } from "../../../adapters/model-adapter.js";
import { ConfigError, LowrankError } from "../../../errors/errors.js";
import type { Graph, NodeId } from "../../../graph/graph.js";
import type { TextTokenizer } from "../../../tokenize/text-tokenizer.js";
import { type FitReport, takeFitOptions } from "../../../train/fit-options.js";
import { fit } from "../../../train/fit.js";
import {
  checkSentenceLoss,
  sentenceLoss,
  type SentenceLossName,
  type SentenceLossOptions,
} from "../../../train/losses/sentence-loss.js";
import { breather } from "../../../waiting/next-task.js";
import { type SentenceFitOptions, takeSentenceFit } from "./fit-options.js";
import {
  givenHead,
  guideInputs,
  newHead,
  sentenceTask,
  type SoftmaxHead,
  targetsOf,
  type TokenizedRow,
  type TrainedEncoder,
} from "./sentence-task.js";
import { inEpochsOf, orderOf, plainName, samplerOf } from "./batch-samplers.js";
import {
  type SentenceExample,
  type SentenceRow,
  type SentenceRows,
  takeSentenceExamples,
} from "./sentence-examples.js";

/** The loss of a batch's vectors, a column of texts each. */
export type LossOf = (columns: readonly NodeId[], rows: readonly SentenceRow[]) => NodeId;

/** A loss as `fit` computes it. */
export interface CheckedLoss {
  readonly graph: Graph;
  /** Width of a vector. */
  readonly width: number;
  readonly lossOf: LossOf;
  readonly loss: SentenceLossName;
  /** Options for some rows. */
  readonly optionsOf: (rows: readonly SentenceRow[]) => SentenceLossOptions;
}

/** Rows that are checked between two pauses. */
const PART = 256;

/**
 * Runs the loss once on vectors of zeros, and checks the labels, scores and teachers of all rows: what does not fit is refused before the
 * first step, by its example's number. Rejects with the loss's errors, and with `AbortError`.
 */
export async function checkLoss(
  { graph, width, lossOf, loss, optionsOf }: CheckedLoss,
  { rows, columns }: SentenceRows,
  signal: AbortSignal | undefined,
): Promise<void> {
  const some = rows.slice(0, 2);
  graph.step(() => {
    const zeros = Array.from({ length: columns }, () =>
      graph.constant({ shape: [some.length, width], data: new Float32Array(width * some.length) }),
    );
    lossOf(zeros, some);
  });
  const breathe = breather(signal);
  const check = (part: readonly SentenceRow[]) =>
    checkSentenceLoss(graph, loss, { columns, rows: part.length, width }, optionsOf(part));
  for (let start = 0; start < rows.length; start += PART) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    const part = rows.slice(start, start + PART);
    try {
      check(part);
    } catch (error) {
      part.forEach((row, i) => checkOne(check, row, start + i));
      throw error;
    }
  }
}

/** Throws `ConfigError` with the example's number if it alone is refused. */
function checkOne(check: (rows: readonly SentenceRow[]) => void, row: SentenceRow, place: number): void {
  try {
    check([row]);
  } catch (cause) {
    if (!(cause instanceof LowrankError)) throw cause;
    throw new ConfigError(
      `fit: example ${place}: ${cause.message}`,
      { op: "fit", option: "examples", place },
      { cause },
    );
  }
}

/** What is trained. */
export interface SentenceTrainingParts extends TrainedEncoder {
  readonly tokenizer: TextTokenizer;
}

/** What `SentenceEncoder.fit` does. */
export async function fitSentences(
  parts: SentenceTrainingParts,
  adapter: ModelAdapter | null,
  examples: readonly SentenceExample[],
  options: SentenceFitOptions,
): Promise<FitReport> {
  const { fit: given, loss: wanted, lossOptions, batchSampler, ...settings } = takeSentenceFit(options);
  const { graph, tokenizer, model, layout } = parts;
  checkAdapter(parts, adapter);
  const taken = takeSentenceExamples("fit", examples);
  const loss = wanted ?? defaultLoss(taken);
  const { batchSize, seed, steps } = takeFitOptions(taken.rows.length, given);
  const size = Math.min(batchSize, taken.rows.length);
  const sampler = given.order === undefined ? (batchSampler ?? samplerOf(loss, lossOptions)) : "random";
  const from = Math.min(given.resume?.step ?? 0, steps);
  const sampled = await orderOf(taken.rows, sampler, size, seed, graph, { from, signal: given.signal });
  const how = sampled === null ? given : inEpochsOf(sampled, given);
  const rows = taken.rows.map((row) => tokenized(tokenizer, row));
  const { guide, ...own } = lossOptions;
  const width = layout.pooling.width(model.config.hiddenSize);
  let head: SoftmaxHead | null = null;
  try {
    const guided = guide === undefined ? null : await guideInputs(guide, taken, given.signal);
    head = newHead(graph, loss, own, width, taken);
    const beside = head === null ? givenHead(own) : [head.weight, head.bias];
    const optionsOf = (batch: readonly SentenceRow[]) => ({
      ...own,
      ...targetsOf(batch),
      ...guided?.(batch),
      ...(head && { head }),
    });
    const lossOf: LossOf = (columns, batch) => sentenceLoss(graph, loss, columns, optionsOf(batch));
    await checkLoss({ graph, width, lossOf, loss, optionsOf }, taken, given.signal);
    const { normalize = layout.normalize, ...training } = settings;
    const miniBatchSize = settings.miniBatchSize ?? (plainName(loss).startsWith("cached") ? 32 : undefined);
    const task = sentenceTask(parts, adapter, taken.columns, {
      ...training,
      miniBatchSize,
      normalize,
      lossOf,
      beside,
      fit: given,
    });
    return await fit(task, rows, how);
  } finally {
    if (head !== null && !graph.gone) graph.release([head.weight, head.bias]);
  }
}

/** A row with its token ids, which are made when a step first needs them. */
function tokenized(tokenizer: TextTokenizer, row: SentenceRow): TokenizedRow {
  let ids: Int32Array[] | undefined;
  return {
    ...row,
    get ids() {
      return (ids ??= row.texts.map((text) => tokenizer.encode(text)));
    },
  };
}

/** Throws `ConfigError` if there is no adapter to train, or it is merged or was removed since the call. */
function checkAdapter(
  { adapterSet }: SentenceTrainingParts,
  adapter: ModelAdapter | null,
): asserts adapter is ModelAdapter {
  const problem =
    adapter === null ? "there is no active adapter to train; add one" : "the adapter was removed; add it again";
  if (adapter === null || !adapterSet.has(adapter))
    throw new ConfigError(`fit: ${problem} with addAdapter first`, { op: "fit", option: "adapter" });
  adapterSet.checkTrainable(adapter);
}

function defaultLoss({ rows, columns, has }: SentenceRows): SentenceLossName {
  if (has === "score") return "cosent";
  if (has === "label") return columns === 1 ? "batch-hard-triplet" : "contrastive";
  if (has === "teacher") return columns < 3 || rows[0]!.teachers !== undefined ? "mse" : "margin-mse";
  return "multiple-negatives-ranking";
}
