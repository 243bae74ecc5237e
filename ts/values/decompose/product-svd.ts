import type { Steps } from "../../waiting/steps.js";
import { type Svd, svdInSteps } from "./svd.js";

/**
 * The singular value decomposition of A·B `[m, n]` of narrow factors in steps, as `svdInSteps`, without making the product: A = U·S·Vᵀ with orthonormal
 * columns of U, so that A·B and the small S·Vᵀ·B have the same singular values.
 *
 * @param a `[m, k]` @param b `[k, n]` @param most singular values that are kept at most
 */
export function* productSvdInSteps(
  a: Float32Array | Float64Array,
  b: Float32Array | Float64Array,
  [m, k, n]: readonly [number, number, number],
  most: number,
): Steps<Svd> {
  const inner = Math.min(m, k);
  const outer = yield* svdInSteps(a, m, k, inner);
  const core = new Float64Array(inner * n);
  for (let i = 0; i < inner; i++)
    for (let r = 0; r < k; r++) {
      const factor = outer.values[i]! * outer.right[i * k + r]!;
      for (let j = 0; j < n; j++) core[i * n + j]! += factor * b[r * n + j]!;
    }
  const count = Math.min(most, inner, n);
  const { values, left: small, right } = yield* svdInSteps(core, inner, n, count);
  const left = new Float64Array(count * m);
  for (let c = 0; c < count; c++)
    for (let i = 0; i < inner; i++) {
      const factor = small[c * inner + i]!;
      for (let row = 0; row < m; row++) left[c * m + row]! += factor * outer.left[i * m + row]!;
    }
  return { values, left, right };
}
