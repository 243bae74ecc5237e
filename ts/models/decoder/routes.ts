/** Which experts each token of a pass goes to: a list of pairs of a token and an expert, in two orders. */
export interface Routes {
  /** Element `token · experts + expert` of the scores, of each pair by token, its experts in their own order: `[tokens · chosen]`. */
  readonly places: Int32Array;
  /** Of each pair by expert, its tokens in their own order: the pair's number by token, and its token. */
  readonly pairs: Int32Array;
  readonly tokens: Int32Array;
  /** The experts that have tokens. */
  readonly experts: readonly number[];
  /** Where the pairs of each of these begin and, last, the number of pairs. */
  readonly offsets: Int32Array;
}

/**
 * The experts with the highest scores of each token, the first of equal ones. A token's choice depends on its own scores alone.
 *
 * @param scores `[tokens, experts]`
 * @param bias added to the scores for the choice alone
 */
export function routesOf(scores: Float32Array, experts: number, chosen: number, bias: Float32Array | null): Routes {
  const rows = scores.length / experts;
  const places = new Int32Array(rows * chosen);
  const counts = new Int32Array(experts + 1);
  const isChosen = new Uint8Array(experts);
  for (let row = 0, pair = 0; row < rows; row++) {
    const first = row * experts;
    isChosen.fill(0);
    for (let n = 0; n < chosen; n++) isChosen[highest(scores, first, bias, isChosen)] = 1;
    for (let e = 0; e < experts; e++) {
      if (isChosen[e] === 0) continue;
      places[pair++] = first + e;
      counts[e + 1]! += 1;
    }
  }
  for (let e = 0; e < experts; e++) counts[e + 1]! += counts[e]!;
  const used = Array.from({ length: experts }, (_, e) => e).filter((e) => counts[e + 1]! > counts[e]!);
  const offsets = Int32Array.from([...used.map((e) => counts[e]!), places.length]);
  const [pairs, tokens] = [new Int32Array(places.length), new Int32Array(places.length)];
  places.forEach((place, pair) => {
    const at = counts[place % experts]!++;
    pairs[at] = pair;
    tokens[at] = Math.floor(place / experts);
  });
  return { places, pairs, tokens, experts: used, offsets };
}

/** The expert with the highest score among those not yet chosen; NaN is never higher. */
function highest(scores: Float32Array, first: number, bias: Float32Array | null, isChosen: Uint8Array): number {
  let [best, most] = [-1, NaN];
  for (let e = 0; e < isChosen.length; e++) {
    if (isChosen[e] === 1) continue;
    const score = bias === null ? scores[first + e]! : Math.fround(scores[first + e]! + bias[e]!);
    if (best < 0 || score > most || (Number.isNaN(most) && !Number.isNaN(score))) [best, most] = [e, score];
  }
  return best;
}
