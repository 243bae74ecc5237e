import { ConfigError, LowrankError } from "../errors/errors.js";
import type {
  Checkpoint,
  EvaluateEvery,
  FitEvaluation,
  FitOptions,
  FitReport,
  StepRecord,
} from "../train/fit-options.js";
import { fit } from "../train/fit.js";
import type { Prepared } from "./prepare.js";
import type { RunOutcome } from "./report.js";
import type { OptionNames } from "./spec/option-names.js";
import { type CheckpointBlobs, CheckpointWriter, type Resumed } from "./store/checkpoint-file.js";
import { originOf, type RunState } from "./store/run-state.js";
import { runFiles, type RunStore } from "./store/run-store.js";
import type { Measured, RunContext, TaskEntry } from "./task-definition.js";

/** The result of a run. */
export interface Trained {
  readonly outcome: RunOutcome;
  readonly steps: readonly StepRecord[];
  /** Validation losses, and the kept step; null if the last step is kept. */
  readonly evaluation: FitEvaluation | null;
  /** The warning if training ended far above the loss of guessing; otherwise null. */
  readonly diverged: string | null;
  /** What `baseline` found, for checkpoints. */
  readonly state: object;
}

/** Measures the baseline, trains, and measures the result. Writes checkpoints to the store. */
export async function trainRun(
  prepared: Prepared,
  store: RunStore,
  resumed: Resumed | null,
  context: RunContext,
): Promise<Trained> {
  const { model, tokens } = prepared;
  const state = resumed === null ? await model.baseline(tokens) : resumed.run;
  const fitted = prepared.steps === 0 ? null : await trainSteps(prepared, state, store, resumed, context);
  const outcome = await model.finish(state, tokens, fitted);
  const steps = fitted?.steps ?? [];
  const diverged = fitted === null ? null : divergenceOf(prepared, fitted, context);
  return { outcome, steps, evaluation: fitted?.evaluation ?? null, diverged, state };
}

/** Trains; what is measured on the validation chooses the step to keep. */
function trainSteps(
  prepared: Prepared,
  state: object,
  store: RunStore,
  resumed: Resumed | null,
  context: RunContext,
): Promise<FitReport> {
  const { task, entry, chosenBy, settings, steps, evaluateEvery, model, tokens, training } = prepared;
  const { emit, signal, optionNames } = context;
  const { options, done } = followSteps(stateOf(prepared, state), steps, store, resumed, context);
  const watching = chosenStep(
    evaluateEvery,
    settings.patience,
    resumed,
    { ...entry, chosenBy },
    () => (training.evaluator ?? model).measure(tokens.validation, { signal }),
    (step, measured, best) => {
      const { loss, metrics } = measured;
      emit({ type: "evaluation", task, step, loss, metrics, best, ...shownOf(prepared, measured, context) });
    },
  );
  return fit(training.task, tokens.train, { ...training.options, ...options, ...watching }).catch((error: unknown) => {
    throw explainDivergence(error, done() + 1, optionNames);
  });
}

/** Examples of the validation with their predictions; empty if none are asked for. */
function shownOf({ data }: Prepared, { predictionOf }: Measured, { showExamples = 0 }: RunContext) {
  if (showExamples === 0 || predictionOf === undefined) return {};
  const { examples } = data.validation;
  const count = Math.min(showExamples, examples.length);
  const places = Array.from({ length: count }, (_, i) => Math.floor((i * examples.length) / count));
  return { examples: places.map((i) => ({ text: examples[i]!.text, ...predictionOf(i) })) };
}

/** The state of a run in its checkpoints. */
export const stateOf = ({ settings, data, modelHash, engine }: Prepared, state: object): RunState => ({
  settings,
  ...originOf({ ...data, modelHash, engine }),
  ...state,
});

/**
 * How `fit` chooses the step to keep, by a measurement on held-out examples; empty if none is measured.
 * @param every steps between two measurements; null for none
 * @param tell called with each measurement and whether it is the best so far, those of a resumed run included
 */
function chosenStep(
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

/** Steps between two checkpoints. */
const CHECKPOINT_EVERY = 25;

/** Options of `fit` that write checkpoints to the store and report every step. */
interface FollowedSteps {
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

/** The warning if training ended far above the loss of guessing, which is shown; otherwise null. */
export function divergenceOf(
  { model, tokens, batchAt }: Prepared,
  { steps }: FitReport,
  { emit, optionNames }: RunContext,
): string | null {
  const guessing = model.guessing?.(batchAt, tokens.train) ?? null;
  const text = guessing && divergenceText(steps, guessing.loss, optionNames, guessing.weightOf);
  if (text !== null) emit({ type: "warning", message: text });
  return text;
}

/** Multiple of the loss of guessing: with a final loss above it, training failed although all numbers are finite. */
const ABOVE_GUESSING = 1.5;

/**
 * The warning if the mean loss of the last tenth of the steps is far above the loss of guessing; otherwise null.
 *
 * @param guessing the loss of guessing: the logarithm of the number of classes
 * @param weightOf the total weight of a step's examples: with class weights, a step's loss is a weighted mean, and a
 *   step without heavy examples says little
 * @internal exported for its tests
 */
export function divergenceText(
  steps: readonly StepRecord[],
  guessing: number,
  optionNames: OptionNames,
  weightOf: (step: number) => number = () => 1,
): string | null {
  const last = steps.slice(-Math.max(1, Math.ceil(steps.length / 10)));
  const weights = last.map(({ step }) => weightOf(step));
  const loss =
    last.reduce((sum, step, i) => sum + weights[i]! * step.loss, 0) / weights.reduce((sum, weight) => sum + weight, 0);
  if (!(loss > ABOVE_GUESSING * guessing)) return null;
  return (
    `training diverged: the final loss is ${loss.toPrecision(3)}, guessing has ${guessing.toPrecision(3)}; ` +
    advice(optionNames)
  );
}

/**
 * Replaces the message of `fit` for NaN or infinity by one with the caller's names of settings; returns other errors unchanged.
 * @param step from 1
 */
export function explainDivergence(error: unknown, step: number, optionNames: OptionNames): unknown {
  if (!(error instanceof LowrankError) || error.code !== "NON_FINITE") return error;
  const { loss, gradNorm, learningRate } = error.details as Readonly<Record<string, number | undefined>>;
  const rate = learningRate === undefined ? "" : ` at learning rate ${learningRate.toPrecision(3)}`;
  const what =
    loss !== undefined && !Number.isFinite(loss)
      ? `the loss of step ${step} is ${loss}${rate}`
      : gradNorm !== undefined && !Number.isFinite(gradNorm)
        ? `the norm of the gradients of step ${step} is ${gradNorm}${rate}`
        : error.message.replace(/^(fit: )?(training diverged: )?/, "").replace(/; try .*$/, "");
  return new ConfigError(
    `training diverged: ${what}; ${advice(optionNames)}`,
    { step, ...error.details },
    { cause: error },
  );
}

/** What to try, for messages. */
const advice = ({ setting }: OptionNames) =>
  `try a lower ${setting("learningRate")}, a longer ${setting("warmup")} or a lower ${setting("maxGradNorm")}`;
