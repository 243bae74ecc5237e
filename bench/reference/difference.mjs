/** Largest difference over the largest entry of what is expected; infinite where lengths differ or a number is none. */
export function relativeError(got, expected) {
  if (got.length !== expected.length) return Infinity;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(got[i] - expected[i]);
    if (!(d <= difference)) difference = d;
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  const error = largest === 0 ? difference : difference / largest;
  return Number.isNaN(error) ? Infinity : error;
}
