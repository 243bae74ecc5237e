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

/** What a sweep tells. */
export type SweepEvent =
  /** A stage begins: so many settings are trained until a step. */
  | { readonly type: "rung"; readonly until: number; readonly settings: number; readonly trials: number }
  /** A training has come to the end of a stage, with the lowest loss so far on what is held out; null where it failed. */
  | {
      readonly type: "trial";
      readonly name: string;
      readonly step: number;
      readonly loss: number | null;
      readonly error: string | null;
    };

/** How a sweep is run. */
export interface SweepOptions extends LocalOptions {
  /** A folder: sweep.json says how it stands, and each training has a folder in `trials`. */
  readonly out: string;
  /** Trainings are jobs of this queue, whose workers also decide which of them go on; default: they run here, one after another. */
  readonly queue?: JobQueue;
  /** With a queue: a folder that every worker reaches, or s3://bucket/folder, for the trainings' results; default `out`. */
  readonly place?: string;
  /** Ends it; called again with the same sweep and folder it goes on. */
  readonly signal?: AbortSignal;
  /** Hears what goes on. */
  readonly onEvent?: (event: SweepEvent) => void;
}

/**
 * Compares settings by the loss on what is held out, with early stopping by successive halving: all are trained for a few steps, the best
 * of them go on from their checkpoints, and so on; the last ones' results are to the bit those of training them alone. Without a queue
 * trainings run one after another, in a thread. Throws `ConfigError` for what makes no sense, before anything is trained, and where the folder
 * holds another sweep or another process sweeps in it; `AbortError`; what `runJob` throws before training begins.
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
          "runSweep: nothing was measured to compare by: hold something out, by validation or validationSplit",
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
      ...{ index, choice, steps: until, trials: own.map(({ name }) => name) },
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
