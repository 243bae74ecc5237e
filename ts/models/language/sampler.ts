import { NonFiniteError } from "../../errors/errors.js";
import { Philox } from "../../nn/random.js";
import { exp, log } from "../../values/elementary.js";

/** Changes of logits before a token is sampled, as OpenAI's API has them. */
export interface LogitOptions {
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly logitBias: ReadonlyMap<number, number>;
}

/** Adds a bias to logits of chosen tokens, and subtracts penalties from those of generated tokens, by how often each was generated. */
export class LogitChanges {
  private readonly counts = new Map<number, number>();

  private constructor(private readonly options: LogitOptions) {}

  /** Null if the options change nothing. */
  static of(options: LogitOptions): LogitChanges | null {
    const { presencePenalty, frequencyPenalty, logitBias } = options;
    return presencePenalty === 0 && frequencyPenalty === 0 && logitBias.size === 0 ? null : new LogitChanges(options);
  }

  /** Changes logits `[vocabulary]`. */
  apply(logits: Float32Array): void {
    const { presencePenalty, frequencyPenalty, logitBias } = this.options;
    for (const [id, bias] of logitBias) logits[id]! += bias;
    for (const [id, count] of this.counts) logits[id]! -= presencePenalty + count * frequencyPenalty;
  }

  /** Counts a generated token. */
  count(id: number): void {
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
  }
}

/** How the next token is sampled; all defaults resolved. */
export interface Sampling {
  readonly temperature: number;
  readonly topK: number | undefined;
  readonly topP: number;
  readonly minP: number;
  readonly repetitionPenalty: number;
  readonly seed: number;
}

/** Samples token after token; the same seed and logits give the same tokens everywhere. */
export class Sampler {
  private readonly random: Philox;

  constructor(private readonly sampling: Sampling) {
    this.random = new Philox(sampling.seed, 0);
  }

  /**
   * The next token. Changes `logits` `[vocabulary]`. Throws `NonFiniteError` for NaN.
   * @param seen ids of the prompt and of generated tokens, for the repetition penalty
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
    // Rounding can leave a rest: then the last that has a weight.
    let last = ids.at(-1)!;
    for (let i = 0; i < ids.length; i++) {
      if (weights[i] === 0) continue;
      last = ids[i]!;
      left -= weights[i]!;
      if (left < 0) return last;
    }
    return last;
  }
}

/**
 * Candidates and their weights relative to the most probable one's, 1: top-k, then top-p, then min-p, in transformers' order. `most` is the
 * largest logit.
 * @internal exported for its tests
 */
export function candidates(
  logits: Float32Array,
  most: number,
  { temperature, topK, topP, minP }: Omit<Sampling, "seed" | "repetitionPenalty">,
): Weighted {
  // 1 for the most probable token, also for several infinite ones.
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

/** Changes the logits of earlier tokens: divides positive ones, multiplies negative ones. */
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

/** The smallest set of most probable tokens with the share `share` of the total (Holtzman et al., arXiv 1904.09751). */
function nucleus(ids: readonly number[], weights: Float64Array, share: number): Weighted {
  const total = sum(weights);
  // Tokens below cannot be in the set: their sum is less than what may be left out.
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

/** Index of the largest, the first of equal ones. Throws `NonFiniteError` for NaN. */
function largest(logits: Float32Array): number {
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i]!;
    if (Number.isNaN(logit))
      throw new NonFiniteError(
        `generate: the logit of token ${i} is NaN: the weights, or an adapter, are damaged, or on a GPU keys too large for cache "f16"`,
        { token: i },
      );
    if (logit > logits[best]!) best = i;
  }
  return best;
}

/** Logs of tokens' probabilities under the softmax of logits. */
export function logProbabilities(logits: Float32Array, ids: readonly number[]): number[] {
  const most = logits[largest(logits)]!;
  let total = 0;
  for (const logit of logits) total += exp(logit - most);
  return ids.map((id) => logits[id]! - most - log(total));
}

/** Ids of the largest logits, the largest first; of equal ones the first. */
export function largestIds(logits: Float32Array, count: number): number[] {
  const found: number[] = [];
  for (let id = 0; id < logits.length && count > 0; id++) {
    const logit = logits[id]!;
    if (found.length === count && !(logit > logits[found[count - 1]!]!)) continue;
    let place = found.length;
    while (place > 0 && logit > logits[found[place - 1]!]!) place--;
    found.splice(place, 0, id);
    if (found.length > count) found.pop();
  }
  return found;
}
