import type { AdapterSet } from "../../../adapters/adapter-set.js";
import type { ModelAdapter } from "../../../adapters/model-adapter.js";
import { isRecord, unexpected, whole } from "../../../arguments/settings.js";
import { isFloats } from "../../../arguments/typed-array.js";
import { ConfigError } from "../../../errors/errors.js";
import type { Graph, NodeId } from "../../../graph/graph.js";
import { uniform } from "../../../nn/random.js";
import { type FitOptions, loraPlusInOrder } from "../../../train/fit-options.js";
import type { SentenceLossName, SentenceLossOptions } from "../../../train/losses/sentence-loss.js";
import type { Task } from "../../../train/task.js";
import { stackedRows } from "../../../values/tensor.js";
import { orAborted, throwIfAborted } from "../../../waiting/abort.js";
import { stepOfAdapter } from "../../adapter-step.js";
import type { TransformerModel } from "../../architecture.js";
import { raggedBatch } from "../../ragged-batch.js";
import type { SentenceLayout } from "../layout.js";
import { pooledBy } from "../pooling.js";
import type { SentenceRow, SentenceRows } from "./sentence-examples.js";

/** The model that is trained. */
export interface TrainedEncoder {
  readonly graph: Graph;
  readonly model: TransformerModel;
  readonly layout: SentenceLayout;
  readonly adapterSet: AdapterSet;
}

/** A row with the token ids of its texts. */
export interface TokenizedRow extends SentenceRow {
  readonly ids: readonly Int32Array[];
}

/** How it is trained. */
interface SentenceTraining {
  /** The mean loss of a batch's vectors, a column of texts each. */
  readonly lossOf: (columns: readonly NodeId[], rows: readonly SentenceRow[]) => NodeId;
  /** Variables that are trained beside the adapter. */
  readonly beside: readonly NodeId[];
  /** Examples that are encoded at a time; undefined for the whole batch. */
  readonly miniBatchSize: number | undefined;
  readonly normalize: boolean;
  readonly checkpointing: boolean;
  readonly loraPlusRatio: number | undefined;
  readonly fit: Pick<FitOptions, "learningRate" | "schedule" | "resume">;
}

/** The training of an adapter by a loss on vectors of texts. */
export function sentenceTask(
  { graph, model, layout, adapterSet }: TrainedEncoder,
  adapter: ModelAdapter,
  columns: number,
  { lossOf, beside, miniBatchSize, normalize, checkpointing, loraPlusRatio, fit }: SentenceTraining,
): Task<TokenizedRow> {
  const embed = (texts: readonly Int32Array[]) => {
    const pooled = pooledBy({ graph, model, pooling: layout.pooling }, raggedBatch(texts), [{ adapter }], {
      checkpointing,
    });
    return normalize ? graph.normalize(pooled) : pooled;
  };
  return {
    graph,
    params: () => [...adapter.params(), ...beside],
    ...(loraPlusRatio !== undefined && { groups: () => loraPlusInOrder(adapter, loraPlusRatio, fit, beside) }),
    loss(rows) {
      adapterSet.checkTrainable(adapter);
      const count = rows.length;
      const texts = Array.from({ length: columns }, (_, column) => rows.map(({ ids }) => ids[column]!)).flat();
      const size = miniBatchSize ?? texts.length;
      const pieces = Array.from({ length: Math.ceil(texts.length / size) }, (_, i) => {
        const some = texts.slice(i * size, (i + 1) * size);
        // Only the vectors stay on the tape; backward encodes a piece again when it comes to it.
        return size < texts.length ? graph.checkpoint(() => embed(some), []) : embed(some);
      });
      const vectors = pieces.length === 1 ? pieces[0]! : graph.concat(pieces, 0);
      const split = Array.from({ length: columns }, (_, i) =>
        graph.slice(vectors, { dim: 0, start: i * count, end: (i + 1) * count }),
      );
      const number = graph.constant({ shape: [], data: Float32Array.of(count) });
      const tokens = texts.reduce((sum, ids) => sum + ids.length, 0);
      return { sum: graph.mul(lossOf(split, rows), number), targets: count, tokens };
    },
    memory(rows) {
      const lengths = rows.flatMap(({ ids }) => ids.map(({ length }) => length)).sort((a, b) => b - a);
      const tokens = lengths.slice(0, miniBatchSize).reduce((sum, length) => sum + length, 0);
      return model.stepMemory({ tokens, adapted: stepOfAdapter(model, adapter.config), checkpointing });
    },
  };
}

/** The model that guides "gist-embed": a `SentenceEncoder`, or anything with its `encode`. */
export interface GuideModel {
  /** A vector of each text. */
  encode(texts: readonly string[], options?: { readonly signal?: AbortSignal }): Promise<readonly Float32Array[]>;
}

/** Options of the loss in `fit`: labels, scores and teachers are the examples', and a guide is a model. */
export interface FitLossOptions extends Omit<SentenceLossOptions, "labels" | "scores" | "teacher" | "guide"> {
  /** The guide of "gist-embed"; its vectors of all texts are computed before the first step. */
  readonly guide?: GuideModel;
}

/** What the loss needs of a batch beside its vectors. */
type LossInputs = (rows: readonly SentenceRow[]) => SentenceLossOptions;

/** The labels, scores and teachers of a batch. */
export function targetsOf(rows: readonly SentenceRow[]): SentenceLossOptions {
  const [{ label, score, teacher, teachers }] = rows as [SentenceRow];
  const taught = teacher && stackedRows(rows.map((row) => row.teacher!));
  return {
    ...(label !== undefined && { labels: rows.map((row) => row.label!) }),
    ...(score !== undefined && { scores: rows.map((row) => row.score!) }),
    ...(taught && {
      teacher:
        teachers === undefined ? taught : { ...taught, shape: [rows.length, teachers, teacher.length / teachers] },
    }),
  };
}

/** The guide's vectors of every text, computed once, as the loss needs them for a batch. */
export async function guideInputs(
  guide: GuideModel,
  { rows, columns }: SentenceRows,
  signal: AbortSignal | undefined,
): Promise<LossInputs> {
  throwIfAborted(signal);
  const texts = [...new Set(rows.flatMap((row) => row.texts))];
  const made = await orAborted(() => guide.encode(texts, signal && { signal }), signal);
  const width = Array.isArray(made) && isFloats(made[0]) ? made[0].length : 0;
  const fits = (vector: unknown) => isFloats(vector) && vector.length === width && vector.every(Number.isFinite);
  if (width === 0 || made.length !== texts.length || !made.every(fits))
    throw unexpected(
      "fit",
      "the result of lossOptions.guide.encode",
      "a vector of each text, finite numbers, all of one length",
      made,
    );
  const vectors = new Map(made.map((vector, i) => [texts[i]!, vector]));
  return (batch) => ({
    guide: Array.from({ length: columns }, (_, i) => stackedRows(batch.map((row) => vectors.get(row.texts[i]!)!))),
  });
}

/** The linear layer that "softmax" trains beside the adapter. */
export interface SoftmaxHead {
  readonly weight: NodeId;
  readonly bias: NodeId;
}

/**
 * A new head for "softmax", as PyTorch's Linear starts: uniform in ±1/√features. Null for other losses, and where the caller gives one,
 * which is then trained if it is variables of the graph.
 */
export function newHead(
  graph: Graph,
  loss: SentenceLossName,
  options: FitLossOptions,
  width: number,
  { rows, has }: SentenceRows,
): SoftmaxHead | null {
  if (loss.toLowerCase().replace(/loss$/, "") !== "softmax" || isRecord(options.head)) return null;
  if (has !== "label")
    throw new ConfigError('fit: the loss "softmax" needs examples { texts: [a, b], label }', {
      op: "fit",
      option: "loss",
    });
  const classes = rows.reduce((most, { label }) => Math.max(most, label!), 0) + 1;
  const labels = whole("fit", "lossOptions.numLabels", options.numLabels ?? classes, classes);
  const parts =
    ((options.concatenationSentRep ?? true) ? 2 : 0) +
    ((options.concatenationSentDifference ?? true) ? 1 : 0) +
    ((options.concatenationSentMultiplication ?? false) ? 1 : 0);
  const features = parts * width;
  const bound = features === 0 ? 0 : 1 / Math.sqrt(features);
  const weight = graph.variable(uniform(graph, [features, labels], bound));
  return { weight, bias: graph.variable(uniform(graph, [labels], bound)) };
}

/** The variables among a head that the caller gives. */
export function givenHead({ head }: FitLossOptions): NodeId[] {
  if (!isRecord(head)) return [];
  return [head["weight"], head["bias"]].filter((id): id is NodeId => typeof id === "number");
}
