import { NonFiniteError } from "../../errors/errors.js";
import { Philox } from "../../nn/philox.js";
import { exp, log } from "../../values/elementary.js";

/** How the next token is chosen from its logits, all options with their values. */
export interface Sampling {
  readonly temperature: number;
  readonly topK: number | undefined;
  readonly topP: number;
  readonly minP: number;
  readonly repetitionPenalty: number;
  readonly seed: number;
}

/** Chooses tokens one after the other; the same seed and logits give the same ones everywhere. */
export class Sampler {
  private readonly random: Philox;

  constructor(private readonly sampling: Sampling) {
    this.random = new Philox(sampling.seed, 0);
  }

  /**
   * The next token. Changes `logits` `[vocabulary]`. Throws `NonFiniteError` where one is NaN.
   * @param seen ids of the prompt and of what was generated, which the penalty is for
   */
  next(logits: Float32Array, seen: ReadonlySet<number>): number {
    const { temperature, repetitionPenalty } = this.sampling;
    penalise(logits, seen, repetitionPenalty);
    const best = largest(logits);
    return temperature === 0 ? best : this.draw(logits, logits[best]!);
  }

  private draw(logits: Float32Array, most: number): number {
    const [ids, weights] = candidates(logits, most, this.sampling);
    let left = this.random.uniform() * sum(weights);
    for (let i = 0; i < ids.length - 1; i++) {
      left -= weights[i]!;
      if (left < 0) return ids[i]!;
    }
    return ids.at(-1)!;
  }
}

/**
 * What is drawn from, and each one's weight beside the likeliest's 1: of the topK, the nucleus, and of that what is likely enough, in
 * transformers' order. `most` is the largest logit.
 */
export function candidates(
  logits: Float32Array,
  most: number,
  { temperature, topK, topP, minP }: Omit<Sampling, "seed" | "repetitionPenalty">,
): Weighted {
  // Of the likeliest token 1; one of several that are infinite is as likely as each of them.
  const weight = (logit: number) => (logit === most ? 1 : exp((logit - most) / temperature));
  let ids = Array.from(logits.keys());
  if (topK !== undefined && topK < ids.length) {
    const least = Float32Array.from(logits).sort()[logits.length - topK]!;
    ids = ids.filter((id) => logits[id]! >= least);
  }
  let weights = Float64Array.from(ids, (id) => weight(logits[id]!));
  if (topP < 1) [ids, weights] = nucleus(ids, weights, topP);
  if (minP > 0) [ids, weights] = kept(ids, weights, (_, own) => own >= minP);
  return [ids, weights];
}

/** Changes logits of tokens that came before: what is positive is divided, what is negative multiplied. */
export function penalise(logits: Float32Array, seen: ReadonlySet<number>, penalty: number): void {
  if (penalty !== 1) for (const id of seen) logits[id]! *= logits[id]! > 0 ? 1 / penalty : penalty;
}

type Weighted = [ids: number[], weights: Float64Array<ArrayBuffer>];

function kept(
  ids: readonly number[],
  weights: Float64Array,
  keep: (place: number, weight: number) => boolean,
): Weighted {
  const places = Array.from(ids.keys()).filter((place) => keep(place, weights[place]!));
  return [places.map((place) => ids[place]!), Float64Array.from(places, (place) => weights[place]!)];
}

/** The fewest tokens, likeliest first, that make up `share` of all (Holtzman et al., arXiv 1904.09751). */
function nucleus(ids: readonly number[], weights: Float64Array, share: number): Weighted {
  const total = sum(weights);
  // What is below can be no part: all such together are less than what is left out.
  const least = ((1 - share) * total) / ids.length;
  const [some, own] = kept(ids, weights, (_, weight) => weight >= least);
  const order = Array.from(some.keys()).sort((a, b) => own[b]! - own[a]! || a - b);
  let reached = 0;
  const chosen = new Set<number>();
  for (const place of order) {
    chosen.add(place);
    reached += own[place]!;
    if (reached >= share * total) break;
  }
  return kept(some, own, (place) => chosen.has(place));
}

const sum = (weights: Float64Array) => weights.reduce((total, weight) => total + weight, 0);

/** Place of the largest, the first of several. Throws `NonFiniteError` for a NaN. */
function largest(logits: Float32Array): number {
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i]!;
    if (Number.isNaN(logit))
      throw new NonFiniteError(`generate: the logit of token ${i} is NaN: the weights, or an adapter, are damaged`, {
        token: i,
      });
    if (logit > logits[best]!) best = i;
  }
  return best;
}

/** ln of a token's probability under the softmax of logits. */
export function logProbability(logits: Float32Array, id: number): number {
  const most = logits[largest(logits)]!;
  let total = 0;
  for (const logit of logits) total += exp(logit - most);
  return logits[id]! - most - log(total);
}
