import { AbortError, ConfigError } from "lowrank";
import { excerpt, firstDifference, type JobSettings, OTHER_ORIGIN, runFiles } from "lowrank/extension";
import type { JobListener } from "lowrank/jobs";
import type { LowrankWorker } from "lowrank/worker";
import type { AttemptPlace } from "./attempts/attempt-place.js";
import { ANEW, goOnFromLast } from "./attempts/go-on.js";
import { placeAt } from "./attempts/place-at.js";
import { runUntil, type Standing, standingIn, standingOf } from "./run-until.js";
import type { Payload } from "./jobs/queued-training.js";

/** What a finished job says of itself; the rest is in its report.json. */
export interface TrainingOutcome {
  /** Where the result is. */
  readonly out: string;
  /** Share of the texts measured on that were labelled right, 0 to 1. */
  readonly accuracy: number | null;
  /** Mean loss on them. */
  readonly loss: number | null;
  /** Optimizer steps done. */
  readonly steps: number;
  /** Whether that are all; else it was to end after a measurement, and its checkpoint is kept. */
  readonly finished: boolean;
  /** Losses on the validation by steps done; none where nothing is measured on the way. */
  readonly measured: Standing["measured"];
}

/** How an attempt is run. */
interface AttemptOptions {
  readonly worker: LowrankWorker;
  readonly signal: AbortSignal;
  readonly onProgress: JobListener;
  /** Hears which step it goes on after; null where it begins, and why where it cannot go on from the checkpoint that there is. */
  readonly onBegin: (step: number | null, why?: string) => void;
  /** Called instead where a result lies in the place already. */
  readonly onFound: () => void;
}

/**
 * One attempt at a queued training, in a worker: goes on from the last checkpoint of those before, and publishes what it
 * made, or what one of them made that was ended before it could. Where a result is there, that is the outcome. What cannot go on from
 * that checkpoint, since data, threads or build are others, begins anew. Errors as `runJob`, and `ConfigError` where the result is
 * of another spec.
 */
export async function runAttempt(
  { spec, out, until }: Payload,
  attempt: string,
  { worker, signal, onProgress, onBegin, onFound }: AttemptOptions,
): Promise<TrainingOutcome> {
  const place = placeAt(out);
  const found = await foundIn(place, attempt, spec);
  if (found.outcome !== null) {
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
    // Every other attempt would find the same.
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

/** What is there before an attempt begins: the outcome, or the step that it goes on after. */
async function foundIn(place: AttemptPlace, attempt: string, spec: JobSettings) {
  const before = await outcomeOf(place, spec);
  if (before !== null) return { outcome: before, step: null };
  const left = await goOnFromLast(place, attempt, (report) => differenceIn(spec, factsIn(report)) === null);
  if (left.finished !== null) return { outcome: await published(place, left.finished, spec), step: null };
  // What was there a moment ago may be the result by now.
  if (left.step === null) return { outcome: await outcomeOf(place, spec), step: null };
  return { outcome: null, step: left.step };
}

/** Makes an attempt's blobs the result. */
async function published(place: AttemptPlace, attempt: string, spec: JobSettings): Promise<TrainingOutcome> {
  await place.publish(attempt);
  await place.tidy();
  return (await outcomeOf(place, spec))!;
}

/** What a place's result says; null where nothing is published. Throws `ConfigError` for that of another training. */
async function outcomeOf(place: AttemptPlace, spec: JobSettings): Promise<TrainingOutcome | null> {
  const bytes = await place.result(runFiles.report);
  if (bytes === null) return null;
  const facts = factsIn(bytes);
  checkOwn(place, spec, facts);
  const { accuracy = null, loss = null } = facts.result?.after ?? {};
  const { step: steps, measured } = standingIn(bytes, `${place.name}: ${runFiles.report}`);
  return { out: place.name, accuracy, loss, steps, finished: true, measured };
}

/** What a report says that a job asks of it. */
interface Facts {
  readonly settings?: Partial<JobSettings>;
  readonly result?: { readonly after?: { readonly accuracy?: number; readonly loss?: number } };
}

const factsIn = (report: Uint8Array) => JSON.parse(new TextDecoder().decode(report)) as Facts;

/** The first setting in which a report is of another training; null where it is of this one. */
const differenceIn = (spec: JobSettings, { settings = {} }: Facts) =>
  firstDifference<Partial<JobSettings>>(spec, settings);

/** Two jobs may have been given one place: the later one would be told the result of the earlier one as its own. */
function checkOwn({ name: place }: AttemptPlace, spec: JobSettings, facts: Facts): void {
  const name = differenceIn(spec, facts);
  if (name === null) return;
  const [own, there] = [spec, facts.settings ?? {}].map((all) => excerpt(all[name]));
  throw new ConfigError(
    `${place} holds the result of a training with another spec: its ${name} was ${there}, this job's is ${own}; ` +
      "give the job another place, or remove that result first",
    { place, option: name },
  );
}
