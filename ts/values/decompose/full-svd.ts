import { orthogonalize } from "./jacobi.js";
import { dot, scaleBy, timesTransposed, Vectors } from "./matrix.js";
import { FixedNumbers, orthonormalize } from "./orthonormal.js";
import { qrInSteps } from "./qr.js";
import type { Steps } from "../../waiting/steps.js";

/** M = Σ σ·u·vᵀ, largest σ first. */
export interface Factors {
  /** u, orthonormal, each as long as M has rows. */
  readonly left: Vectors;
  /** σ, descending. */
  readonly values: Float64Array;
  /** v, orthonormal, each as long as M has columns. */
  readonly right: Vectors;
}

/**
 * All singular values and vectors, by QR and one-sided Jacobi on Rᵀ, which converges in a few sweeps.
 *
 * @param columns M's, at most as many as they are long; overwritten
 */
export function* orthogonalized(columns: Vectors): Steps<Factors> {
  const { q, r } = yield* qrInSteps(columns);
  const count = r.count;
  const transposed = r.transposed();
  const rotations = new Vectors(count, count);
  for (let i = 0; i < count; i++) rotations.at(i)[i] = 1;
  // Rᵀ·J = Y·Σ, so M = Q·R = (Q·J)·Σ·Yᵀ.
  yield* orthogonalize(transposed, rotations);
  const lengths = Float64Array.from({ length: count }, (_, i) => Math.sqrt(dot(transposed.at(i), transposed.at(i))));
  const order = Array.from(lengths.keys()).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const [right, sorted] = [new Vectors(count, count), new Vectors(count, count)];
  const numbers = new FixedNumbers();
  order.forEach((from, to) => {
    sorted.at(to).set(rotations.at(from));
    right.at(to).set(transposed.at(from));
    if (lengths[from]! > 0) scaleBy(right.at(to), 1 / lengths[from]!);
    else orthonormalize(right, to, numbers);
  });
  return { left: yield* timesTransposed(q, sorted), values: Float64Array.from(order, (i) => lengths[i]!), right };
}
