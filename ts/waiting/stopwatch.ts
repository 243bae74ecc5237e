/** A clock that starts now: what it gives tells the milliseconds since. Never runs backwards, whatever the system's clock does. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => performance.now() - start;
}
