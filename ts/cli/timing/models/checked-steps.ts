import type { Engine, FitReport } from "../../../index.js";
import { counter, type Counts } from "./counts.js";

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
