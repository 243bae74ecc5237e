import type { FitEvaluation, FitReport, StepRecord } from "../train/fit-options.js";
import { fit } from "../train/fit.js";
import { chosenStep, followSteps } from "./followed-steps.js";
import type { Prepared } from "./prepare.js";
import { explainDivergence, divergenceText } from "./result/divergence.js";
import type { RunOutcome } from "./result/report.js";
import type { Resumed } from "./store/checkpoint-file.js";
import { originOf } from "./store/origin-check.js";
import type { RunState } from "./store/run-state.js";
import type { RunStore } from "./store/run-store.js";
import type { Measured, RunContext } from "./task-definition.js";

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

/** The state of a run in its checkpoints. */
export const stateOf = ({ settings, data, modelHash, engine }: Prepared, state: object): RunState => ({
  settings,
  ...originOf({ ...data, modelHash, engine }),
  ...state,
});

/** Examples of the validation with their predictions; empty if none are asked for. */
function shownOf({ data }: Prepared, { predictionOf }: Measured, { showExamples = 0 }: RunContext) {
  if (showExamples === 0 || predictionOf === undefined) return {};
  const { examples } = data.validation;
  const count = Math.min(showExamples, examples.length);
  const places = Array.from({ length: count }, (_, i) => Math.floor((i * examples.length) / count));
  return { examples: places.map((i) => ({ text: examples[i]!.text, ...predictionOf(i) })) };
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
