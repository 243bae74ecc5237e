import { randomArray } from "../data.mjs";
import { relativeError } from "../reference/difference.mjs";
import { matmul64, spread } from "../reference/matmul.mjs";
import { forms } from "../shapes.mjs";

/** Rows of a large product that are checked; small ones are checked whole. */
const CHECKED_ROWS = 32;
const TOLERANCE = 1e-5;

/**
 * Products of a shape in one form: "NN", "NT", "TN", "TT", or "frozen" (NN with B constant, so that it may be packed
 * ahead of time).
 */
export function matmulCase(shape, form) {
  const [m, k, n] = shape;
  const product = {
    shape,
    frozen: form === "frozen",
    ...forms[form === "frozen" ? "NN" : form],
    a: randomArray(m * k, 1),
    b: randomArray(k * n, 2),
  };
  const rows = spread(m, m * n * k < 1e8 ? m : CHECKED_ROWS);
  const expected = matmul64(product.a, product.b, shape, product, rows);
  return {
    name: form === "NN" ? "matmul" : `matmul ${form}`,
    shape: shape.join("×"),
    flops: 2 * m * k * n,
    open: (contestant) => contestant.matmul(product),
    async check(entry) {
      const result = await entry.result();
      const some = rows.flatMap((i) => [...result.subarray(i * n, (i + 1) * n)]);
      return [{ error: result.length === m * n ? relativeError(some, expected) : Infinity, allowed: TOLERANCE }];
    },
  };
}
