/** Work that is done step by step: whoever runs it may do something else between two of them, or never go on. */
export type Steps<T> = Generator<void, T, void>;

/** Does it all at once. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Does it with a pause before each step, which may throw; what is done so far is dropped then. */
export async function withPauses<T>(steps: Steps<T>, pause: () => Promise<void> | undefined): Promise<T> {
  for (;;) {
    // Most pauses are none, and an await costs as much as a step.
    const waiting = pause();
    if (waiting !== undefined) await waiting;
    const { done, value } = steps.next();
    if (done) return value;
  }
}
