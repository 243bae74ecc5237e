import { ConfigError } from "lowrank";
import { type AnyJobSpec, checkOptions, type JobSettings, takeAnySpec, text, VERSION, whole } from "lowrank/extension";
import { checkPlace } from "../attempts/place-at.js";

/** A training for a queue: plain data that names files by address. */
export interface QueuedTraining {
  /** The run's settings, for any task. Every worker must reach its data, test and model: paths, https or s3 addresses, names on the hub. */
  readonly spec: AnyJobSpec;
  /** Place for checkpoints and result: a folder that every worker reaches, or s3://bucket/folder. */
  readonly out: string;
  /**
   * The job ends at the validation after this many steps and keeps its checkpoint. A later job with the same spec and place
   * continues from there. Default: the job runs to its end.
   */
  readonly until?: number;
}

/** A training's entry in the queue. */
export interface Payload {
  /** Version of the package that submitted it. */
  readonly version: string;
  readonly spec: JobSettings;
  readonly out: string;
  /** Step after whose validation it ends; null for none. */
  readonly until: number | null;
  /** Deadline in milliseconds since 1970; null for none. */
  readonly deadline: number | null;
  /** Set if it is cancelled while a worker runs it. */
  readonly cancelled?: boolean;
}

/** Checks a training completely and adds defaults. Throws `ConfigError`. */
export function takeTraining(what: string, training: QueuedTraining, deadline: number | null): Payload {
  checkOptions(`${what}: training`, training, ["spec", "out", "until"]);
  const { spec, out, until } = training;
  return {
    version: VERSION,
    spec: takeAnySpec(what, spec),
    deadline,
    out: checkPlace(what, text(what, "out", out)),
    until: until === undefined ? null : whole(what, "until", until, 1),
  };
}

/** Reads a queue's entry, which another program may have written. Throws `ConfigError` if it is not a training. */
export function readPayload(what: string, given: unknown): Payload {
  const { version, spec, out, until, deadline = null, cancelled } = Object(given) as Record<keyof Payload, unknown>;
  if (typeof version !== "string")
    throw new ConfigError(`${what}: the job is not a training of this package`, { op: what });
  if (deadline !== null && !Number.isFinite(deadline))
    throw new ConfigError(`${what}: the job's deadline must be a time in milliseconds`, { op: what, value: deadline });
  const training = takeTraining(
    what,
    { spec: spec as AnyJobSpec, out: out as string, ...(typeof until === "number" && { until }) },
    deadline as number | null,
  );
  return { ...training, version, cancelled: cancelled === true };
}

/** Number of attempts, and the pauses between them: one second, two, four. */
export const tries = (attempts: number) => ({ attempts, backoff: { type: "exponential", delay: 1_000 } });
