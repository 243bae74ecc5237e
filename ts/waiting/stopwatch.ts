/** A clock that starts now: what it gives tells the milliseconds since. Never runs backwards, whatever the system's clock does. */
export function stopwatch(): () => number {
  // `performance` itself is behind a getter in Node.
  const clock = performance;
  const start = clock.now();
  return () => clock.now() - start;
}
