import { fit } from "../train/fit.js";
import type { FitEvaluation } from "../train/fit-options.js";
import { type FinalPlan, inProportion, openRun, type Prepared } from "./prepare.js";
import { divergenceOf, explainDivergence, followSteps, type Trained } from "./train-run.js";
import { phaseEvents } from "./job-events.js";
import type { ReportedFinalFit } from "./report.js";
import { checkCheckpointFits, finalBlobs, type Resumed } from "./store/checkpoint-file.js";
import type { RecordWriter } from "./store/run-record.js";
import type { RunState } from "./store/run-state.js";
import type { RunStore } from "./store/run-store.js";
import type { RunContext } from "./task-definition.js";

/** The result of a final fit. */
export interface FinalResult {
  readonly reported: ReportedFinalFit;
  /** The model that is saved. */
  readonly model: Prepared["model"];
  /** The warning as in `Trained`. */
  readonly diverged: string | null;
}

/** Where a final fit begins. */
export interface FinalStart {
  /** Random streams drawn before the run's first model was made, so that this one has the same numbers. */
  readonly streams: number;
  /** State of the run for checkpoints. */
  readonly run: RunState;
  readonly resumed: Resumed | null;
  readonly record: Pick<RecordWriter, "trainFinal">;
}

/**
 * Trains a new model on the rows of training and validation, to the step that the first fit has chosen. Disposes of the first model, so that
 * both need the memory of one. Writes checkpoints to the store.
 */
export async function fitFinal(
  prepared: Prepared,
  first: Trained,
  { streams, run, resumed, record }: FinalStart,
  store: RunStore,
  context: RunContext,
): Promise<FinalResult> {
  const { data, base, tokens, model: former } = prepared;
  const plan = prepared.final!;
  const steps = finalSteps(plan, first.evaluation, tokens.train.length);
  await record.trainFinal(steps);
  former.dispose();
  base.graph.streamsDrawn = streams;
  const parts = {
    ...data,
    train: { ...data.train, examples: plan.examples },
    validation: { ...data.validation, examples: [] },
  };
  const last = await openRun(
    { ...prepared, data: parts, settings: plan.settings },
    withoutPhases(context, steps === 0),
    true,
  );
  const { model, training } = last;
  const all = last.tokens.train;
  const shapes = model.params().map((id) => model.graph.shape(id));
  if (resumed !== null) checkCheckpointFits(store, resumed, { steps, shapes }, undefined, finalBlobs);
  const followed =
    steps === 0 ? null : followSteps(run, steps, store, resumed, context, { phase: "final-fit", blobs: finalBlobs });
  await model.finalFit!.begin(all, first.outcome.validated);
  let diverged: string | null = null;
  if (followed !== null) {
    const fitted = await fit(training.task, all, { ...training.options, steps, ...followed.options }).catch(
      (error: unknown) => {
        throw explainDivergence(error, followed.done() + 1, context.optionNames);
      },
    );
    diverged = divergenceOf(last, fitted, context);
  }
  await model.finalFit!.end?.(all);
  const { measured } = last.tokens;
  const found =
    data.test === null ? null : await model.measure(measured, phaseEvents(context, "validate", measured.length));
  const metrics = found && { ...found.metrics, loss: found.loss };
  return { reported: { examples: all.length, steps, metrics }, model, diverged };
}

/** Steps of the final fit: those up to the kept one, in proportion to the rows. @param few rows of the first fit */
function finalSteps({ tokens, steps }: FinalPlan, evaluation: FitEvaluation | null, few: number): number {
  if (evaluation === null) return steps;
  const { step } = evaluation.best;
  return step === 0 ? 0 : Math.min(steps, Math.max(1, inProportion(step, few, tokens.length)));
}

/** A context without the progress of the phases in which the model is prepared: these belong to the final fit. */
function withoutPhases(context: RunContext, isHead: boolean): RunContext {
  const { emit } = context;
  return {
    ...context,
    emit(event) {
      if (event.type !== "progress" || (event.phase !== "encode-train" && event.phase !== "head-only")) emit(event);
      else if (isHead && event.phase === "encode-train") emit({ ...event, phase: "final-fit" });
    },
  };
}
