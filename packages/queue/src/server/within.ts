/** Waits for `work`, at most `milliseconds`. Returns whether it has settled by then. */
export async function endsWithin(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  let clock: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (clock = setTimeout(resolve, milliseconds, false)));
  const ended = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, late]);
  } finally {
    clearTimeout(clock);
  }
}
