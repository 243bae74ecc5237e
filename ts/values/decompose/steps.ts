/** Work in steps: the caller may do other work between two of them, or stop. */
export type Steps<T> = Generator<void, T, void>;

/** Runs all steps at once. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Runs the steps with a pause before each, which may throw; the work so far is then dropped. */
export async function withPauses<T>(steps: Steps<T>, pause: () => Promise<void> | undefined): Promise<T> {
  for (;;) {
    // Most pauses are empty, and an await costs as much as a step.
    const waiting = pause();
    if (waiting !== undefined) await waiting;
    const { done, value } = steps.next();
    if (done) return value;
  }
}
