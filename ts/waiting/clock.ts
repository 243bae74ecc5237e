/** Maximum delay of a timer; a longer one would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** Calls `then` after a delay, as `setTimeout`; undefined, without a timer, for a delay that is too long for it. */
export const timer = (milliseconds: number, then: () => void): ReturnType<typeof setTimeout> | undefined =>
  milliseconds > LONGEST ? undefined : setTimeout(then, milliseconds);

/** Starts a clock; the returned function returns the milliseconds since. It never goes back, even if the system's clock does. */
export function stopwatch(): () => number {
  // In Node, `performance` itself is a getter.
  const clock = performance;
  const start = clock.now();
  return () => clock.now() - start;
}
