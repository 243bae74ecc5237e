import type { Checkpoint, EvaluateEvery, FitOptions } from "../train/fit-options.js";
import { CheckpointWriter, type Resumed } from "./store/checkpoint-file.js";
import type { RunState } from "./store/run-state.js";
import type { RunStore } from "./store/run-store.js";
import type { RunContext } from "./task-definition.js";

/** Steps between two checkpoints. */
const CHECKPOINT_EVERY = 25;

/** Options of `fit` that write checkpoints to the store and report every step. */
export interface FollowedSteps {
  readonly options: Pick<FitOptions, "signal" | "resume" | "checkpoint" | "onProgress">;
  /** Completed steps. */
  readonly done: () => number;
}

/** Follows the `total` steps of a run; first reports the steps of a resumed run. */
export function followSteps(
  run: RunState,
  total: number,
  store: RunStore,
  resumed: Resumed | null,
  { emit, signal }: RunContext,
): FollowedSteps {
  const checkpoints = new CheckpointWriter(store, run, resumed);
  const save = async (checkpoint: Checkpoint) => {
    await checkpoints.write(checkpoint);
    emit({ type: "checkpoint", step: checkpoint.step });
  };
  const progress = { type: "progress", phase: "train", total } as const;
  let done = resumed?.checkpoint.step ?? 0;
  emit({ ...progress, done });
  const options: FollowedSteps["options"] = {
    ...(signal && { signal }),
    ...(resumed !== null && { resume: resumed.checkpoint }),
    checkpoint: { every: CHECKPOINT_EVERY, save },
    onProgress({ step, loss, tokensPerSecond, secondsLeft }) {
      done = step + 1;
      emit({ ...progress, done, loss, tokensPerSecond, secondsLeft });
    },
  };
  return { options, done: () => done };
}

/**
 * How `fit` chooses the step to keep, by a loss on held-out examples; empty if none is measured.
 * @param every steps between two measurements; null for none
 * @param measure measures the loss
 * @param tell called with each measurement and whether its loss is the lowest so far, those of a resumed run included
 */
export function chosenByLoss<T extends { readonly loss: number }>(
  every: number | null,
  patience: number | null,
  resumed: Resumed | null,
  measure: () => Promise<T>,
  tell: (step: number, measured: T, best: boolean) => void,
): { evaluate?: EvaluateEvery } {
  if (every === null) return {};
  const before = resumed?.checkpoint.evaluation?.measured ?? [];
  let lowest = before.reduce((least, { value }) => Math.min(least, value), Infinity);
  const told = async (step: number) => {
    const measured = await measure();
    tell(step, measured, measured.loss < lowest);
    lowest = Math.min(lowest, measured.loss);
    return measured.loss;
  };
  return { evaluate: { every, measure: told, ...(patience !== null && { patience }) } };
}
