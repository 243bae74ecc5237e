import { AbortError, ConfigError, FormatError } from "lowrank";
import {
  excerpt,
  firstDifference,
  isJsonObject,
  type JobSettings,
  OTHER_ORIGIN,
  parseJsonObject,
  runFiles,
  tasks,
} from "lowrank/extension";
import type { JobListener } from "lowrank/jobs";
import type { LowrankWorker } from "lowrank/worker";
import type { AttemptPlace } from "./attempts/attempt-place.js";
import { ANEW, tidy } from "./attempts/job-attempts.js";
import { goOnFromLast } from "./attempts/go-on.js";
import { placeAt } from "./attempts/place-at.js";
import { runUntil, type Standing, standingIn, standingOf } from "./run-until.js";
import type { Payload } from "./jobs/queued-training.js";

/** Summary of a finished job. Details are in its report.json. */
export interface TrainingOutcome {
  /** Folder or bucket address of the result. */
  readonly out: string;
  /** Accuracy on the held-out texts, 0 to 1. */
  readonly accuracy: number | null;
  /** The main metric of the task on the held-out examples, as lowrank names it; null if nothing was measured, or an earlier version did. */
  readonly metric?: { readonly task: string; readonly name: string; readonly value: number } | null;
  /** Mean loss on the held-out texts. */
  readonly loss: number | null;
  /** Finished optimizer steps. */
  readonly steps: number;
  /** Whether training is complete. Otherwise the job ended at its `until` step, and its checkpoint is kept. */
  readonly finished: boolean;
  /** Validation losses by step; empty if nothing is validated during training. */
  readonly measured: Standing["measured"];
}

/** Options of an attempt. */
interface AttemptOptions {
  readonly worker: LowrankWorker;
  readonly signal: AbortSignal;
  readonly onProgress: JobListener;
  /** Called with the step after which it continues; null if it starts from the beginning, with the reason if a checkpoint cannot be used. */
  readonly onBegin: (step: number | null, why?: string) => void;
  /** Called instead if the place already has a result. */
  readonly onFound: () => void;
}

/**
 * Makes one attempt at a queued training, in a worker: continues from the last checkpoint of earlier attempts, and publishes the
 * result, or a finished but unpublished one of an earlier attempt. If a result exists, it is the outcome. If the checkpoint cannot be
 * used (other data, threads or build), training starts from the beginning. Throws like `runJob`, and `ConfigError` if the result
 * belongs to another spec.
 */
export async function runAttempt(
  { spec, out, until }: Payload,
  attempt: string,
  { worker, signal, onProgress, onBegin, onFound }: AttemptOptions,
): Promise<TrainingOutcome> {
  const place = placeAt(out);
  const found = await foundIn(place, attempt, spec);
  if (found.outcome !== null) {
    await tidy(place, attempt);
    onFound();
    return found.outcome;
  }
  onBegin(found.step);
  const running = { worker, signal, onProgress };
  let made = attempt;
  try {
    await runUntil(spec, place.store(made), until, running);
  } catch (error) {
    if (!(error instanceof ConfigError) || error.details["reason"] !== OTHER_ORIGIN) throw error;
    // Every other attempt would fail in the same way.
    onBegin(null, error.message);
    made = `${attempt}${ANEW}`;
    await runUntil(spec, place.store(made), until, running);
  }
  const store = place.store(made);
  if (signal.aborted) throw new AbortError(undefined, { reason: signal.reason });
  const standing = await standingOf(store);
  if (standing !== null && !standing.finished) {
    const { step: steps, measured } = standing;
    return { out: place.name, accuracy: null, loss: null, steps, finished: false, measured };
  }
  return published(place, made, spec);
}

/** Looks for earlier work: the outcome, or the step after which to continue. */
async function foundIn(place: AttemptPlace, attempt: string, spec: JobSettings) {
  const before = await outcomeOf(place, spec);
  if (before !== null) return { outcome: before, step: null };
  const left = await goOnFromLast(place, attempt, (report, name) => differenceIn(spec, factsIn(report, name)) === null);
  if (left.finished !== null) return { outcome: await published(place, left.finished, spec), step: null };
  // An attempt found above may have become the result in the meantime.
  if (left.step === null) return { outcome: await outcomeOf(place, spec), step: null };
  return { outcome: null, step: left.step };
}

/** Publishes an attempt's files as the result. If another result is there, the attempt's files stay. */
async function published(place: AttemptPlace, attempt: string, spec: JobSettings): Promise<TrainingOutcome> {
  await place.publish(attempt);
  const outcome = await outcomeOf(place, spec);
  await tidy(place, attempt);
  return outcome!;
}

/**
 * Reads a place's result; null if nothing is published. Throws `ConfigError` if it belongs to another training or is none, `FormatError` if its
 * report is damaged.
 */
async function outcomeOf(place: AttemptPlace, spec: JobSettings): Promise<TrainingOutcome | null> {
  let bytes = await place.result(runFiles.report);
  if (bytes === null) {
    const names = (await place.names()) ?? [];
    if (names.length === 0) return null;
    // Another attempt may have published in the meantime.
    bytes = await place.result(runFiles.report);
    if (bytes === null) throw noResult(place, names);
  }
  const facts = factsIn(bytes, `${place.name}: ${runFiles.report}`);
  checkOwn(place, spec, facts);
  const { accuracy = null, loss = null } = facts.result?.after ?? {};
  const metric = mainMetric(facts);
  const { step: steps, measured } = standingIn(bytes, `${place.name}: ${runFiles.report}`);
  return { out: place.name, accuracy, metric, loss, steps, finished: true, measured };
}

/** The parts of a report that a job needs. */
interface Facts {
  readonly task?: string;
  readonly metrics?: Readonly<Record<string, { readonly value?: number } | undefined>>;
  readonly settings?: Partial<JobSettings>;
  readonly result?: { readonly after?: { readonly accuracy?: number; readonly loss?: number } };
}

function factsIn(report: Uint8Array, name: string): Facts {
  const fail = (problem: string) => new FormatError(`${name}: ${problem}`, { file: name });
  const facts = parseJsonObject(report, fail);
  for (const key of ["settings", "result", "metrics"])
    if (facts[key] !== undefined && !isJsonObject(facts[key]))
      throw fail(`expected ${key} to be an object, got ${excerpt(facts[key])}; move the result away to train again`);
  return facts;
}

const noResult = ({ name: place }: AttemptPlace, names: readonly string[]) =>
  new ConfigError(
    `${place} has a folder "result" without a ${runFiles.report} (with ${excerpt(names[0])}), which is not the result of a training: ` +
      "choose another place for the job, or move that folder away",
    { place, expected: runFiles.report, value: names },
  );

/** The first of the task's metrics that a report has. */
function mainMetric({ task = "", metrics = {} }: Facts): TrainingOutcome["metric"] {
  const names = Object.hasOwn(tasks, task) ? Object.keys(tasks[task as keyof typeof tasks].metrics) : [];
  const name = names.find((one) => typeof metrics[one]?.value === "number");
  return name === undefined ? null : { task, name, value: metrics[name]!.value! };
}

/** The first setting in which a report's training differs from this one; null if there is none. */
const differenceIn = (spec: JobSettings, { settings = {} }: Facts) =>
  firstDifference<Partial<JobSettings>>(spec, settings);

/** Two jobs may have the same place. Without this check, the later one would report the earlier one's result. */
function checkOwn({ name: place }: AttemptPlace, spec: JobSettings, facts: Facts): void {
  const name = differenceIn(spec, facts);
  if (name === null) return;
  const [own, there] = [spec, facts.settings ?? {}].map((all) => excerpt(all[name]));
  throw new ConfigError(
    `${place} has the result of a training with another spec: its ${name} was ${there}, this job's is ${own}; ` +
      "choose another place for the job, or remove that result first",
    { place, option: name },
  );
}
