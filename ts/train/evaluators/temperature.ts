import { exp } from "../../values/elementary.js";

/** Limits of the temperature: where all predictions are right, or none is better than chance, there is no best one. */
const [LEAST, MOST] = [1e-3, 1e3];
const ROUNDS = 200;

/**
 * T for which the mean of −ln softmax(logits / T) of the true classes is least. It is convex in β = 1/T, so its derivative in β, the mean
 * of E_p[logit] − logit of the true class, grows: Newton's method between bounds, which halves them where a step leaves them.
 */
export function fitTemperature(rows: readonly (readonly number[])[], classes: readonly number[]): number {
  let [low, high] = [1 / MOST, 1 / LEAST];
  if (derivatives(rows, classes, low).first >= 0) return MOST;
  if (derivatives(rows, classes, high).first <= 0) return LEAST;
  let beta = 1;
  for (let round = 0; round < ROUNDS; round++) {
    const { first, second } = derivatives(rows, classes, beta);
    if (first === 0) break;
    if (first < 0) low = beta;
    else high = beta;
    const step = beta - first / second;
    // By the ratio: the bounds are far apart.
    const next = step > low && step < high ? step : Math.sqrt(low * high);
    if (Math.abs(next - beta) <= Number.EPSILON * beta) break;
    beta = next;
  }
  return 1 / beta;
}

/** Of the mean loss in β: Σ (E_p[z] − z_y) and Σ Var_p[z], by n. */
function derivatives(rows: readonly (readonly number[])[], classes: readonly number[], beta: number) {
  let [first, second] = [0, 0];
  rows.forEach((row, i) => {
    const most = row.reduce((a, b) => Math.max(a, b));
    let [total, expected, squares] = [0, 0, 0];
    for (const logit of row) {
      // From the largest logit, so that neither overflows nor cancels.
      const below = logit - most;
      const weight = exp(beta * below);
      total += weight;
      expected += weight * below;
      squares += weight * below * below;
    }
    expected /= total;
    first += expected - (row[classes[i]!]! - most);
    second += squares / total - expected * expected;
  });
  return { first: first / rows.length, second: second / rows.length };
}
