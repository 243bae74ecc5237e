import { NonFiniteError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { exp, log } from "../../values/elementary.js";

/** A prediction from logits. */
export interface ClassProbabilities {
  /** softmax of the logits, in float64. */
  readonly probabilities: number[];
  /** Their logarithms. */
  readonly logs: number[];
  /** Index of the highest. */
  readonly best: number;
}

/**
 * Softmax of a few logits, in float64. Throws `NonFiniteError` for NaN, +∞, or only −∞.
 *
 * @param what what the logits belong to, for the message
 */
export function classProbabilities(logits: ArrayLike<number>, what: string): ClassProbabilities {
  const values = Array.from(logits);
  const highest = values.reduce((most, x) => (x > most || Number.isNaN(x) ? x : most), -Infinity);
  if (!Number.isFinite(highest) || values.some(Number.isNaN)) throw strange(values, what);
  const sum = values.reduce((total, x) => total + exp(x - highest), 0);
  const logs = values.map((x) => x - highest - log(sum));
  return { probabilities: logs.map(exp), logs, best: values.indexOf(highest) };
}

/** A prediction for an example with a known class. */
export interface ClassLoss {
  /** −ln of the known class's probability. */
  readonly loss: number;
  /** Index of the highest. */
  readonly best: number;
}

/** The same numbers as `classProbabilities`, in one pass and without lists: for many classes it saves most of the time. */
export function classLoss(logits: Float32Array, target: number, what: string): ClassLoss {
  const best = bestClass(logits, what);
  const highest = logits[best]!;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += exp(logits[i]! - highest);
  return { loss: -(logits[target]! - highest - log(sum)), best };
}

/** Index of the highest of some logits. Throws as `classProbabilities`. */
export function bestClass(logits: Float32Array, what: string): number {
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    if (logits[i]! > logits[best]!) best = i;
    else if (Number.isNaN(logits[i]!)) throw strange(logits, what);
  }
  if (!Number.isFinite(logits[best]!)) throw strange(logits, what);
  return best;
}

const strange = (logits: ArrayLike<number>, what: string) =>
  new NonFiniteError(
    `${what}: the logits are ${excerpt(Array.from(logits))}, which give no probabilities: adapter, head or base hold NaN or infinite values`,
    { what },
  );
