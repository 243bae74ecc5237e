/**
 * op(A)·op(B) in double precision, `[m, n]`; A is stored `[k, m]` where transposed, B `[n, k]`.
 * `rows` picks rows of the product (default all); the result then has these alone.
 */
export function matmul64(a, b, [m, k, n], { transposeA = false, transposeB = false } = {}, rows = range(m)) {
  const c = new Float64Array(rows.length * n);
  rows.forEach((i, at) => {
    const row = c.subarray(at * n, (at + 1) * n);
    for (let p = 0; p < k; p++) {
      const x = transposeA ? a[p * m + i] : a[i * k + p];
      if (transposeB) for (let j = 0; j < n; j++) row[j] += x * b[j * k + p];
      else for (let j = 0, from = p * n; j < n; j++) row[j] += x * b[from + j];
    }
  });
  return c;
}

/** 0, 1, … length - 1 */
export function range(length) {
  return Array.from({ length }, (_, i) => i);
}

/** At most `most` of `length` places, first and last among them. */
export function spread(length, most) {
  if (length <= most) return range(length);
  return range(most).map((i) => Math.round((i * (length - 1)) / (most - 1)));
}
