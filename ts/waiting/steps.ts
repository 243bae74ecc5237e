/** Work in steps of a few milliseconds each, so that its caller can pause in between, or stop. Its result is the generator's return value. */
export type Steps<T> = Generator<void, T, void>;

/** The result of all steps, without a pause. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Runs the steps with a pause before each, which may throw; the work so far is then dropped. */
export async function withPauses<T>(steps: Steps<T>, pause: () => Promise<void> | undefined): Promise<T> {
  for (;;) {
    // Most pauses are empty, and an await costs as much as a step.
    const waiting = pause();
    if (waiting !== undefined) await waiting;
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The results of work on each of some values, in order, with null between two steps: who takes them may pause there. */
export function* inSteps<V, T>(values: Iterable<V>, work: (value: V) => Steps<T>): Generator<T | null> {
  for (const value of values) {
    const steps = work(value);
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) yield null;
    yield step.value;
  }
}
