import type { Checkpoint, EvaluateEvery, FitOptions } from "../train/fit-options.js";
import { type CheckpointBlobs, CheckpointWriter, type Resumed } from "./store/checkpoint-file.js";
import type { RunState } from "./store/run-state.js";
import { runFiles, type RunStore } from "./store/run-store.js";
import type { Measured, RunContext, TaskEntry } from "./task-definition.js";

/** Steps between two checkpoints. */
const CHECKPOINT_EVERY = 25;

/** Options of `fit` that write checkpoints to the store and report every step. */
export interface FollowedSteps {
  readonly options: Pick<FitOptions, "signal" | "resume" | "checkpoint" | "onProgress">;
  /** Completed steps. */
  readonly done: () => number;
}

/** The fit whose steps are followed: its phase and its blobs. */
interface Followed {
  readonly phase: "train" | "final-fit";
  readonly blobs: CheckpointBlobs;
}

/** Follows the `total` steps of a fit; first reports the steps of a resumed one. */
export function followSteps(
  run: RunState,
  total: number,
  store: RunStore,
  resumed: Resumed | null,
  { emit, signal }: RunContext,
  { phase, blobs }: Followed = { phase: "train", blobs: runFiles },
): FollowedSteps {
  const checkpoints = new CheckpointWriter(store, run, resumed, blobs);
  const save = async (checkpoint: Checkpoint) => {
    await checkpoints.write(checkpoint);
    emit({ type: "checkpoint", step: checkpoint.step, ...(phase === "final-fit" && { final: true as const }) });
  };
  const progress = { type: "progress", phase, total } as const;
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
 * How `fit` chooses the step to keep, by a measurement on held-out examples; empty if none is measured.
 * @param every steps between two measurements; null for none
 * @param tell called with each measurement and whether it is the best so far, those of a resumed run included
 */
export function chosenStep(
  every: number | null,
  patience: number | null,
  resumed: Resumed | null,
  { chosenBy, metrics }: Pick<TaskEntry, "metrics"> & { readonly chosenBy: string | undefined },
  measure: () => Promise<Measured>,
  tell: (step: number, measured: Measured, best: boolean) => void,
): { evaluate?: EvaluateEvery } {
  if (every === null) return {};
  const better = chosenBy === undefined ? "lower" : metrics[chosenBy]!.better;
  const sign = better === "lower" ? 1 : -1;
  const before = resumed?.checkpoint.evaluation?.measured ?? [];
  let lowest = before.reduce((least, { value }) => Math.min(least, sign * value), Infinity);
  const told = async (step: number) => {
    const measured = await measure();
    const value = chosenBy === undefined ? measured.loss : measured.metrics[chosenBy]!;
    tell(step, measured, sign * value < lowest);
    lowest = Math.min(lowest, sign * value);
    return value;
  };
  return { evaluate: { every, better, measure: told, ...(patience !== null && { patience }) } };
}
