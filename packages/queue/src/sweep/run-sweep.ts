import { ConfigError } from "lowrank";
import { callable, checkOptions, checkSignal, text, throwIfAborted, unexpected } from "lowrank/extension";
import { folderStore } from "lowrank/jobs";
import { checkPlace } from "../attempts/place-at.js";
import { JobQueue } from "../job-queue.js";
import { best } from "./halving.js";
import { queueTrials } from "./queue-trials.js";
import { localTrials, type LocalOptions } from "./local-trials.js";
import type { RunTrials } from "./run-trials.js";
import { openRecord, type SweepRecord, type SweepReport, type SweepResult, writeRecord } from "./sweep-record.js";
import { type SweepPlan, type SweepSpec, takeSweep } from "./sweep-plan.js";
import { choiceLoss, trialLoss } from "./trial-losses.js";

/** Events of a sweep. */
export type SweepEvent =
  /** A stage starts: `settings` settings are trained until step `until`. */
  | { readonly type: "rung"; readonly until: number; readonly settings: number; readonly trials: number }
  /** A training has reached the end of a stage, with its lowest validation loss so far; null if it failed. */
  | {
      readonly type: "trial";
      readonly name: string;
      readonly step: number;
      readonly loss: number | null;
      readonly error: string | null;
    };

/** Options of a sweep. */
export interface SweepOptions extends LocalOptions {
  /** Folder for sweep.json, which stores the state, and for `trials`, with a folder per training. */
  readonly out: string;
  /** Runs the trainings as jobs of this queue, whose workers also select those that continue. Default: they run here, one after another. */
  readonly queue?: JobQueue;
  /** Place of the trainings' results with a queue: a folder that every worker reaches or s3://bucket/folder; default `out`. */
  readonly place?: string;
  /** Stops the sweep. A call with the same sweep and folder continues it. */
  readonly signal?: AbortSignal;
  /** Called with each event. */
  readonly onEvent?: (event: SweepEvent) => void;
}

/**
 * Compares settings by their validation loss, with successive halving: all are trained for a few steps, the best
 * continue from their checkpoints, and so on. The results of the last ones are bit-identical to training them alone. Without a queue,
 * trainings run one after another in a thread. Throws `ConfigError` for invalid options before training starts, and if the folder
 * contains another sweep or is in use by another process; `AbortError`; the errors of `runJob` before training starts.
 *
 * @example
 * const sweep = { spec: { data: "reviews.csv", steps: 200 }, grid: { learningRate: [3e-4, 1e-3], rank: [4, 8, 16] } };
 * const { results } = await runSweep(sweep, { out: "runs/sweep" });
 */
export async function runSweep(sweep: SweepSpec, options: SweepOptions): Promise<SweepReport> {
  const what = "runSweep";
  checkOptions(what, options, ["out", "queue", "place", "threads", "build", "signal", "onEvent"]);
  const { signal = new AbortController().signal, queue, onEvent = () => undefined, ...local } = options;
  checkSignal(what, signal);
  const tell = callable(what, "onEvent", onEvent);
  const out = text(what, "out", local.out);
  const plan = takeSweep(what, sweep);
  if (queue !== undefined) {
    if (!(queue instanceof JobQueue)) throw unexpected(what, "queue", "a JobQueue", queue);
    const place = checkPlace(what, text(what, "place", local.place ?? out));
    return throughRungs(plan, out, queueTrials(queue, plan, place, signal), signal, tell);
  }
  const trials = localTrials(what, plan, out, local, signal);
  const release = await folderStore(out).claim();
  try {
    return await throughRungs(plan, out, trials.run, signal, tell);
  } finally {
    trials.close();
    await release();
  }
}

async function throughRungs(
  plan: SweepPlan,
  out: string,
  run: RunTrials,
  signal: AbortSignal,
  tell: (event: SweepEvent) => void,
): Promise<SweepReport> {
  let record = await openRecord(out, plan);
  await writeRecord(out, record);
  let choices = plan.choices.map((_, i) => i);
  for (const [i, { until, settings }] of plan.rungs.entries()) {
    throwIfAborted(signal);
    if (i > 0)
      choices = [...best(choices, (choice) => choiceLoss(record.trials, choice, plan.rungs[i - 1]!.until), settings)];
    const all = plan.trials.filter(({ choice }) => choices.includes(choice));
    tell({ type: "rung", until, settings: choices.length, trials: all.length });
    const sound = all.filter(({ name }) => recordOf(record, name).error === null);
    const waiting = sound.filter(({ name }) => recordOf(record, name).rungs <= i);
    const at = { stage: i, choices, names: sound.map(({ name }) => name) };
    await run(waiting, at, async ({ name }, reached) => {
      if (reached.error === null && reached.measured.length === 0)
        throw new ConfigError(
          "runSweep: there are no validation losses to compare: set validation or validationSplit",
          {
            op: "runSweep",
            option: "validationSplit",
          },
        );
      const next = { ...recordOf(record, name), ...reached, rungs: i + 1 };
      record = { ...record, trials: record.trials.map((trial) => (trial.name === name ? next : trial)) };
      await writeRecord(out, record);
      const loss = trialLoss(next, until);
      tell({ type: "trial", name, step: next.step, loss: Number.isFinite(loss) ? loss : null, error: next.error });
    });
  }
  return reportOf(record);
}

const recordOf = (record: SweepRecord, name: string) => record.trials.find((trial) => trial.name === name)!;

function reportOf(record: SweepRecord): SweepReport {
  const { plan, trials } = record;
  const results = plan.choices.map((choice, index): SweepResult => {
    const own = trials.filter((trial) => trial.choice === index);
    const rungs = Math.min(...own.map((trial) => trial.rungs));
    const until = plan.rungs[rungs - 1]!.until;
    const loss = choiceLoss(trials, index, until);
    return {
      index,
      choice,
      steps: until,
      trials: own.map(({ name }) => name),
      loss: Number.isFinite(loss) ? loss : null,
      error: own.find(({ error }) => error !== null)?.error ?? null,
    };
  });
  const order = (a: SweepResult, b: SweepResult) =>
    Number(a.loss === null) - Number(b.loss === null) || b.steps - a.steps || a.loss! - b.loss! || a.index - b.index;
  return {
    results: results.sort(order),
    steps: trials.reduce((sum, { step }) => sum + step, 0),
    stepsInFull: trials.length * plan.rungs.at(-1)!.until,
    rungs: plan.rungs,
  };
}
