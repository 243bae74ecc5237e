import { NonFiniteError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { exp, log } from "../../values/elementary.js";

/** What a classifier's logits say. */
export interface ClassProbabilities {
  /** softmax of the logits, in float64. */
  readonly probabilities: number[];
  /** Their logarithms. */
  readonly logs: number[];
  /** Index of the highest. */
  readonly best: number;
}

/**
 * Softmax of a few logits, in float64. Throws `NonFiniteError` where they have none: NaN, +∞, or −∞ alone.
 *
 * @param what what the logits are of, for the message
 */
export function classProbabilities(logits: ArrayLike<number>, what: string): ClassProbabilities {
  const values = Array.from(logits);
  const highest = values.reduce((most, x) => (x > most || Number.isNaN(x) ? x : most), -Infinity);
  if (!Number.isFinite(highest) || values.some(Number.isNaN)) throw strange(values, what);
  const sum = values.reduce((total, x) => total + exp(x - highest), 0);
  const logs = values.map((x) => x - highest - log(sum));
  return { probabilities: logs.map(exp), logs, best: values.indexOf(highest) };
}

/** What a classifier's logits say of an example whose class is known. */
export interface ClassLoss {
  /** −ln of that class's probability. */
  readonly loss: number;
  /** Index of the highest. */
  readonly best: number;
}

/** The same numbers as `classProbabilities` gives, in one pass and without lists: of many classes, most of its time is spared. */
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
