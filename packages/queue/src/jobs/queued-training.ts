import { ConfigError } from "lowrank";
import { type AnyJobSpec, checkOptions, type JobSettings, takeAnySpec, text, VERSION, whole } from "lowrank/extension";
import { checkPlace } from "../attempts/place-at.js";

/** A training as it is given to a queue: data alone, all else by reference. */
export interface QueuedTraining {
  /** What the run depends on, of any task. Its data, test and model are what every worker reaches: paths, addresses of https or s3, names on the hub. */
  readonly spec: AnyJobSpec;
  /** Where its checkpoints and its result go: a folder that every worker reaches, or s3://bucket/folder. */
  readonly out: string;
  /**
   * Where its validation has been measured after so many steps, the job ends, its checkpoint kept; a later job with the same spec and place
   * goes on from there. Default: it runs to its end.
   */
  readonly until?: number;
}

/** What stands in the queue. */
export interface Payload {
  /** Version of the package that has submitted it. */
  readonly version: string;
  readonly spec: JobSettings;
  readonly out: string;
  /** After a measurement at so many steps it ends; null for never. */
  readonly until: number | null;
  /** When it is of no use any more, milliseconds since 1970; null for never. */
  readonly deadline: number | null;
  /** Set by whoever cancels it while a worker has it. */
  readonly cancelled?: boolean;
}

/** A training, checked whole and with its defaults. Throws `ConfigError`. */
export function takeTraining(what: string, training: QueuedTraining, deadline: number | null): Payload {
  checkOptions(`${what}: training`, training, ["spec", "out", "until"]);
  const { spec, out, until } = training;
  return {
    ...{ version: VERSION, spec: takeAnySpec(what, spec), deadline },
    out: checkPlace(what, text(what, "out", out)),
    until: until === undefined ? null : whole(what, "until", until, 1),
  };
}

/** What a queue holds, which anybody may have written. Throws `ConfigError` for what is no training. */
export function readPayload(what: string, given: unknown): Payload {
  const { version, spec, out, until, deadline = null, cancelled } = Object(given) as Record<keyof Payload, unknown>;
  if (typeof version !== "string")
    throw new ConfigError(`${what}: the job holds no training of this package`, { op: what });
  if (deadline !== null && !Number.isFinite(deadline))
    throw new ConfigError(`${what}: the job's deadline is a time in milliseconds`, { op: what, value: deadline });
  const training = takeTraining(
    what,
    { spec: spec as AnyJobSpec, out: out as string, ...(typeof until === "number" && { until }) },
    deadline as number | null,
  );
  return { ...training, version, cancelled: cancelled === true };
}

/** How often a job is tried, and how it waits in between: one second, two, four. */
export const tries = (attempts: number) => ({ attempts, backoff: { type: "exponential", delay: 1_000 } });
