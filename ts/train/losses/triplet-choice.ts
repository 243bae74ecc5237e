// Which distances of a batch make its loss. `values` are distances `[n·n]`, row-major. A NaN is chosen, so that it reaches the loss.

/** Below this a triplet counts as without a loss. */
const LEAST = 1e-16;

/** The first place of the row whose distance no other's is better than. */
function choose(
  values: Float32Array,
  n: number,
  row: number,
  fits: (other: number, distance: number) => boolean,
  better: (a: number, b: number) => boolean,
): number | undefined {
  let [best, place] = [NaN, undefined as number | undefined];
  for (let other = 0; other < n; other++) {
    const value = values[row * n + other]!;
    if (Number.isNaN(value)) return other;
    if (fits(other, value) && (place === undefined || better(value, best))) [best, place] = [value, other];
  }
  return place;
}

const greater = (a: number, b: number) => a > b;
const less = (a: number, b: number) => a < b;

/** The farthest text of a row. */
export function farthest(values: Float32Array, n: number, row: number): number {
  return choose(values, n, row, () => true, greater)!;
}

/** The farthest other text of a row with its label, or without it. */
export function farthestOf(values: Float32Array, labels: readonly number[], row: number, same = true) {
  const fits = (other: number) => other !== row && (labels[other] === labels[row]) === same;
  return choose(values, labels.length, row, fits, greater);
}

/** The nearest text of a row with another label, of those farther than `beyond`. */
export function nearest(values: Float32Array, labels: readonly number[], row: number, beyond = -Infinity) {
  const fits = (other: number, distance: number) => labels[other] !== labels[row] && distance > beyond;
  return choose(values, labels.length, row, fits, less);
}

/** How many triplets have a loss, and how often each distance is in them: as a positive's 1, as a negative's −1; divided by their number. */
export function triplets(values: Float32Array, labels: readonly number[], margin: number) {
  const n = labels.length;
  const weights = new Float64Array(n * n);
  let count = 0;
  for (let row = 0; row < n; row++) {
    for (let positive = 0; positive < n; positive++) {
      if (positive === row || labels[positive] !== labels[row]) continue;
      for (let negative = 0; negative < n; negative++) {
        if (labels[negative] === labels[row]) continue;
        // Negated, so that NaN counts.
        if (values[row * n + positive]! - values[row * n + negative]! + margin <= LEAST) continue;
        weights[row * n + positive]!++;
        weights[row * n + negative]!--;
        count++;
      }
    }
  }
  return { count, weights: count === 0 ? weights : weights.map((weight) => weight / count) };
}
