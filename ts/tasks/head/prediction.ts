import { NonFiniteError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { inferred } from "../../graph/inferring.js";
import { classProbabilities } from "../../train/metrics/class-scores.js";
import { exp } from "../../values/elementary.js";
import type { Abstention, Calibrated } from "./classifier-files.js";
import type { MultiLabelParts } from "../multi-label/listed-examples.js";

/** The answer of a text classifier for one text. */
export interface Prediction<Label extends string = string> {
  /** The text. */
  readonly text: string;
  /** The most probable class. */
  readonly label: Label;
  /** Probability of that label, 0 to 1. */
  readonly probability: number;
  /** Probability of every label. */
  readonly probabilities: Readonly<Record<Label, number>>;
  /** Whether the probability is below the threshold of a classifier trained with `abstain`; omitted by others. */
  readonly unsure?: boolean;
}

/** The answer of a text classifier with several labels a text. */
export interface MultiLabelPrediction<Label extends string = string> {
  /** The text. */
  readonly text: string;
  /** The labels whose probability reaches their threshold, in the classifier's order; possibly none. */
  readonly labels: readonly Label[];
  /** Probability of every label, each from 0 to 1 by itself. */
  readonly scores: Readonly<Record<Label, number>>;
}

/** The prediction for text number `i`, from its logits `[classes]`. */
function prediction<Label extends string>(
  text: string,
  labels: readonly Label[],
  logits: Float32Array,
  i: number,
  abstain?: Abstention,
): Prediction<Label> {
  const { probabilities, best } = classProbabilities(logits, `text ${i}`);
  const byLabel = Object.fromEntries(labels.map((label, j) => [label, probabilities[j]!])) as Record<Label, number>;
  const probability = probabilities[best]!;
  const unsure = abstain && { unsure: !(probability >= (abstain.threshold ?? Infinity)) };
  return { text, label: labels[best]!, probability, probabilities: byLabel, ...unsure };
}

/** σ of the logits of a text, in float64. Throws `NonFiniteError` for NaN and infinity; `what` begins the message. */
export function sigmoids(logits: ArrayLike<number>, what: string): number[] {
  return Array.from(logits, (logit) => {
    if (Number.isFinite(logit)) return 1 / (1 + exp(-logit));
    throw new NonFiniteError(
      `${what}: a logit is ${excerpt(logit)}: adapter, head or base hold NaN or infinite values`,
      {
        what,
      },
    );
  });
}

/** The prediction of a classifier for text number `i` from its logits, with thresholds as they are now. */
export function answerOf<Label extends string>({
  labels,
  multi,
  calibrated,
}: {
  readonly labels: readonly Label[];
  readonly multi: MultiLabelParts | null;
  readonly calibrated?: Calibrated;
}): (text: string, logits: Float32Array, i: number) => Prediction<Label> | MultiLabelPrediction<Label> {
  if (multi === null) return (text, logits, i) => prediction(text, labels, logits, i, calibrated?.abstain);
  const { thresholds } = multi;
  return (text, logits, i) => {
    const probabilities = sigmoids(logits, `text ${i}`);
    const scores = Object.fromEntries(labels.map((label, place) => [label, probabilities[place]!]));
    const own = labels.filter((_, place) => probabilities[place]! >= thresholds[place]!);
    return { text, labels: own, scores: scores as Record<Label, number> };
  };
}

/** Vectors whose logits are computed at a time. */
const CHUNK = 1024;

/** A row of logits for each vector: `logits` gives those of a chunk, `[vectors, classes]`. */
export async function logitsOfVectors(
  graph: Graph,
  vectors: readonly Float32Array[],
  logits: (chunk: readonly Float32Array[]) => NodeId,
): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (let start = 0; start < vectors.length; start += CHUNK) {
    const chunk = vectors.slice(start, start + CHUNK);
    const { data, shape } = await inferred(graph, () => logits(chunk));
    chunk.forEach((_, i) => rows.push(data.slice(i * shape[1]!, (i + 1) * shape[1]!)));
  }
  return rows;
}
