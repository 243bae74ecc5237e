/** Largest difference between two lists of numbers, as a share of the first list's largest number; NaN where one has a NaN. */
export function apart(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  let [difference, most] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const here = Math.abs(expected[i]! - actual[i]!);
    // A NaN stays.
    difference = here <= difference ? difference : here;
    most = Math.max(most, Math.abs(expected[i]!));
  }
  return difference / (most || 1);
}
