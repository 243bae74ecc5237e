/** Maximum delay of a timer; a longer one would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** As `setTimeout`; no timer for a longer delay. */
export const timer = (milliseconds: number, then: () => void): ReturnType<typeof setTimeout> | undefined =>
  milliseconds > LONGEST ? undefined : setTimeout(then, milliseconds);

/** Starts a clock; the returned function returns the milliseconds since. It never goes back, even if the system's clock does. */
export function stopwatch(): () => number {
  // In Node, `performance` itself is a getter.
  const clock = performance;
  const start = clock.now();
  return () => clock.now() - start;
}
