/** Starts a clock; the returned function returns the milliseconds since. It never goes back, even if the system's clock does. */
export function stopwatch(): () => number {
  // In Node, `performance` itself is a getter.
  const clock = performance;
  const start = clock.now();
  return () => clock.now() - start;
}
