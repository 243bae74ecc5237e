import { timeStep } from "../../train/step.js";
import type { Task } from "../../train/task.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { nextTask, stopwatch } from "../../waiting/next-task.js";
import type { TaskFile } from "../data-parts.js";
import type { JobEstimate, JobSeconds, ReadyJob } from "../job-events.js";
import type { Prepared } from "../prepare.js";
import type { Evaluator, FileExample, RunContext, TokenizedExample, TokenizedParts } from "../task-definition.js";
import { tokensIn } from "./memory-need.js";

/** Steps to time, at least and at most: the first ones run code that is not optimised yet. Timing ends after so many milliseconds. */
const [TRIALS, ENOUGH_MS] = [4, 1500];

/** Tokens of the examples with which measuring is timed: one batch. */
const SAMPLE_TOKENS = 512;

/** A longer run, in seconds, gives a warning. */
const LONG = 20 * 60;

/**
 * Times some of the run's own steps and measurements without updating parameters, so the run's bits do not change. Warns if the run will
 * take more than twenty minutes. Throws `AbortError` within a step.
 * @param done completed steps of a resumed run; null for a new run
 * @param runs number of such runs in a row: folds
 * @param finalDone completed steps of the final fit
 */
export async function estimateJob(
  prepared: Prepared,
  done: number | null,
  context: RunContext,
  runs = 1,
  finalDone = 0,
): Promise<JobEstimate> {
  const { settings, steps, evaluateEvery, model, tokens, memory, room, batches, training, final, data } = prepared;
  const evaluator = training.evaluator ?? model;
  const { emit, optionNames } = context;
  const { accumulate } = settings;
  if (steps > 0) model.graph.reserve(room);
  const counts = countsOf(tokens);
  const validation = counts.validation.reduce((sum, count) => sum + count, 0);
  const reads = { validation, ...model.reads(counts) };
  const measuring = data.test === null ? 0 : counts.measured.reduce((sum, count) => sum + count, 0);
  const finalTokens = () => model.finalFit!.reads(final!.tokens.map(({ ids }) => ids.length)) + measuring;
  const isMeasured = tokens.measured.length > 0;
  const seconds = jobSeconds(
    {
      steps,
      evaluateEvery,
      done,
      tokens: reads,
      stepTokens: batches.map(tokensIn),
      ...(final !== null && { final: { steps: Math.max(0, final.steps - finalDone), tokens: finalTokens() } }),
    },
    {
      trained: steps === 0 ? 0 : await secondsPerToken(stepTrials(training.task, batches, accumulate), context),
      measured: isMeasured ? await secondsPerToken(measureTrials(evaluator, tokens.measured, context), context) : 0,
    },
  );
  const tokensName = optionNames.setting("maxTokens");
  const fewer =
    steps === 0 ? `a lower ${tokensName} makes` : `fewer ${optionNames.setting("steps")} or a lower ${tokensName} make`;
  const all = runs * seconds.total;
  if (all > LONG)
    emit({
      type: "warning",
      message: `this run will take about ${Math.round(all / 60)} minutes; ${fewer} it shorter`,
    });
  return { seconds, memory };
}

/**
 * The ready event, as plain data.
 * @param done completed steps of a resumed run; null for a new run
 * @param folds number of folds to run; null for a single run
 */
export function readyJob(
  prepared: Prepared,
  done: number | null,
  estimate: JobEstimate,
  folds: number | null = null,
): ReadyJob {
  const { task, settings, steps, evaluateEvery, engine, source, base, model, data, tokens, training } = prepared;
  const { train, validation, test, labels } = data;
  const { chosenBy, final } = prepared;
  const part = ({ file, examples }: TaskFile<FileExample>, tokenized: readonly TokenizedExample[]) => ({
    file,
    examples: examples.length,
    ...model.counts?.(tokenized),
  });
  return {
    task,
    settings,
    steps,
    evaluateEvery,
    resumedAfter: done,
    engine,
    ...(chosenBy !== undefined && { chosenBy }),
    model: { name: source.name, origin: source.origin, layers: base.layers, hiddenSize: base.hiddenSize },
    data: {
      train: part(train, tokens.train),
      validation: { ...part(validation, tokens.validation), split: validation.split },
      test: test && { ...part(test, tokens.measured), split: test.split },
      labels,
      groups: null,
      ...model.details,
    },
    ...(final !== null && { finalFit: { examples: final.examples.length, steps: final.steps } }),
    parameters: model.parameters,
    checkpointing: training.checkpointing,
    folds,
    estimate,
  };
}

/** Number of tokens of each example, by part. */
function countsOf(parts: TokenizedParts<TokenizedExample>): TokenizedParts<number> {
  const count = (examples: readonly TokenizedExample[]) => examples.map(({ ids }) => ids.length);
  return { train: count(parts.train), validation: count(parts.validation), measured: count(parts.measured) };
}

/** Seconds per token. */
interface Speed {
  readonly trained: number;
  readonly measured: number;
}

/** A run, and the completed steps if it is resumed. */
interface PlannedRun {
  readonly steps: number;
  readonly evaluateEvery: number | null;
  readonly done: number | null;
  /** The final fit: steps that are left, and tokens that are computed besides; omitted for none. */
  readonly final?: { readonly steps: number; readonly tokens: number };
  /** Tokens of each step, in order; only of the first steps of a long run. */
  readonly stepTokens: readonly number[];
  /** Tokens of the validation, the baseline and the final measurement. */
  readonly tokens: { readonly validation: number; readonly baseline: number; readonly finish: number };
}

/** @internal Seconds of a run at these speeds. */
export function jobSeconds(
  { steps, evaluateEvery, done, stepTokens, tokens, final }: PlannedRun,
  { trained, measured }: Speed,
): JobSeconds {
  const left = steps - (done ?? 0);
  const counted = stepTokens.reduce((sum, count) => sum + count, 0);
  const each = steps === 0 ? 0 : (trained * counted) / stepTokens.length;
  const stepping = each * left;
  // The first measurement is before the first step; a resumed run has done it.
  const evaluations = evaluateEvery === null ? 0 : Math.ceil(left / evaluateEvery) + (done === null ? 1 : 0);
  const validation = measured * tokens.validation * evaluations;
  const baseline = done === null ? measured * tokens.baseline : 0;
  const [training, test] = [stepping + validation, measured * tokens.finish];
  const parts = { baseline, training, validation, test };
  if (final === undefined) return { ...parts, total: baseline + training + test };
  const finalFit = each * final.steps + measured * final.tokens;
  return { ...parts, finalFit, total: baseline + training + test + finalFit };
}

/** Work to time: returns its tokens and milliseconds. */
type Trial = () => Promise<{ readonly tokens: number; readonly milliseconds: number }>;

/** A trial by its number. */
type Trials = (i: number) => Trial;

/** The fastest of several trials. */
async function secondsPerToken(trial: Trials, { signal }: RunContext): Promise<number> {
  let best = Infinity;
  const elapsed = stopwatch();
  for (let i = 0; i < TRIALS && (i === 0 || elapsed() < ENOUGH_MS); i++) {
    await nextTask();
    throwIfAborted(signal);
    const { tokens, milliseconds } = await trial(i)();
    best = Math.min(best, milliseconds / Math.max(tokens, 1) / 1000);
  }
  return best;
}

/** Steps on the first batches. */
const stepTrials =
  <X extends TokenizedExample>(
    task: Pick<Task<X>, "graph" | "params" | "loss">,
    batches: readonly (readonly X[])[],
    accumulate: number,
  ): Trials =>
  (i) =>
  async () => {
    const batch = batches[i % batches.length]!;
    const milliseconds = await timeStep(task, batch, accumulate);
    return { tokens: tokensIn(batch), milliseconds };
  };

/** The first of the measured examples. */
function measureTrials<X extends TokenizedExample>(
  evaluator: Evaluator<X>,
  all: readonly X[],
  { signal }: RunContext,
): Trials {
  const some: X[] = [];
  let tokens = 0;
  for (const one of all) {
    if (tokens >= SAMPLE_TOKENS) break;
    some.push(one);
    tokens += one.ids.length;
  }
  return () => async () => {
    const elapsed = stopwatch();
    await evaluator.measure(some, { signal });
    return { tokens, milliseconds: elapsed() };
  };
}
