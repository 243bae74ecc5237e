import { orthogonalized, type Factors } from "./full-svd.js";
import { addScaled, dot, times, timesTransposed, Vectors } from "./matrix.js";
import { FixedNumbers, orthonormalize } from "./orthonormal.js";
import type { Steps } from "../../waiting/steps.js";

/** Products with MᵀM in a cycle. */
const POWERS = 4;

/** Vectors beyond those that are wanted: the gap to what is cut off decides how fast it converges. */
const BEYOND = 8;

/** Of the largest singular value: how far Mᵀ·u may lie from σ·v. */
const RESIDUAL = 1e-12;

/** A matrix whose leading vectors are not found in so many has them in one cluster. */
const CYCLES = 60;

/** How many vectors the search spans. */
export const searchWidth = (rank: number) => (rank + BEYOND) * (POWERS + 1);

/**
 * The `rank` largest singular values and their vectors by block Krylov iteration: in each cycle the best of all vectors that
 * up to four products of MᵀM with the ones so far span (Rayleigh–Ritz; Musco and Musco 2015, arXiv 1504.05477). Null where
 * they have not converged. It begins with the same vectors each time.
 *
 * @param rows of M, at least as many as they are long and `searchWidth(rank)` at most as many as they are long
 */
export function* leadingSvd(rows: Vectors, rank: number): Steps<Factors | null> {
  const numbers = new FixedNumbers();
  const block = rank + BEYOND;
  const basis = new Vectors(searchWidth(rank), rows.length);
  numbers.fill(basis.first(block).data);
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const images = new Vectors(basis.count, rows.count);
    for (let power = 0; power <= POWERS; power++) {
      for (let i = power * block; i < (power + 1) * block; i++) {
        yield;
        orthonormalize(basis, i, numbers);
      }
      const part = basis.data.subarray(power * block * rows.length, (power + 1) * block * rows.length);
      const image = yield* times(rows, new Vectors(block, rows.length, part));
      images.data.set(image.data, power * block * rows.count);
      if (power < POWERS) basis.data.set((yield* timesTransposed(rows, image)).data, (power + 1) * block * rows.length);
    }
    const found = yield* orthogonalized(images);
    // Σ factor·basis of each list of factors.
    const right = yield* timesTransposed(basis, found.right.first(block));
    const [left, values] = [found.left.first(rank), found.values.slice(0, rank)];
    if (yield* converged(rows, left, values, right)) return { left, values, right: right.first(rank) };
    basis.data.set(right.data);
  }
  return null;
}

function* converged(rows: Vectors, left: Vectors, values: Float64Array, right: Vectors): Steps<boolean> {
  const images = yield* timesTransposed(rows, left);
  const bound = RESIDUAL * values[0]!;
  return values.every((value, i) => {
    const rest = images.at(i);
    addScaled(rest, -value, right.at(i));
    return Math.sqrt(dot(rest, rest)) <= bound;
  });
}
