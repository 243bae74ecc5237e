import { isRecord } from "../../../arguments/collections.js";
import { unexpected, whole } from "../../../arguments/settings.js";
import { isFloats } from "../../../arguments/typed-array.js";
import { ConfigError } from "../../../errors/errors.js";
import type { Graph, NodeId } from "../../../graph/graph.js";
import { uniform } from "../../../nn/random.js";
import type { SentenceLossName, SentenceLossOptions } from "../../../train/losses/sentence-loss-options.js";
import { orAborted, throwIfAborted } from "../../../waiting/abort.js";
import { stackedRows } from "../../../values/tensor.js";
import type { SentenceRow, SentenceRows } from "./sentence-examples.js";

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
export type LossInputs = (rows: readonly SentenceRow[]) => SentenceLossOptions;

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
