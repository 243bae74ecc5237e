import type { Engine, FitReport } from "../../../index.js";

/** What crosses to a GPU and back: the numbers that decide speed on every GPU. */
export interface Counts {
  readonly dispatches: number;
  readonly submissions: number;
  readonly bytesUploaded: number;
  readonly bytesRead: number;
}

/** Counts of an engine since it was started; undefined on WebAssembly. */
const countsOf = (engine: Engine) => (engine as { readonly counts?: Counts }).counts;

/** Starts to count; the returned function returns the counts since its last call. */
export function counter(engine: Engine): () => Counts | undefined {
  let before = countsOf(engine);
  return () => {
    const now = countsOf(engine);
    const found =
      now && before
        ? {
            dispatches: now.dispatches - before.dispatches,
            submissions: now.submissions - before.submissions,
            bytesUploaded: now.bytesUploaded - before.bytesUploaded,
            bytesRead: now.bytesRead - before.bytesRead,
          }
        : undefined;
    before = now;
    return found;
  };
}

/** Two training steps: their losses and norms, and the counts of the second, which has nothing to prepare. */
export async function checkedSteps(
  engine: Engine,
  fit: (options: { readonly steps: number; readonly onProgress: () => void }) => Promise<FitReport>,
) {
  const count = counter(engine);
  let counts: Counts | undefined;
  const { steps } = await fit({ steps: 2, onProgress: () => void (counts = count()) });
  return { numbers: steps.flatMap(({ loss, gradNorm }) => [loss, gradNorm]), counts };
}
