import { ConfigError } from "lowrank";
import { checkOptions, whole } from "lowrank/extension";
import { jobId } from "./job-id.js";
import { type Payload, type QueuedTraining, takeTraining, tries } from "./queued-training.js";

/** Options for submitting a job. */
export interface SubmitOptions {
  /** The job's name, without spaces and colons, and not a reserved name ("completed", "wait"). A second job with the same name is not added. Default: a number. */
  readonly id?: string;
  /** Smaller numbers run first, 1 to 2,097,151; default 1,000. */
  readonly priority?: number;
  /** Number of attempts before the job fails, 1 to 20, with pauses of one second, two, four and so on; default 3. Killed or returned attempts are not counted. */
  readonly attempts?: number;
  /** Time after which the job fails. Default: none. */
  readonly deadline?: Date;
}

/** One more attempt would wait another six days. With about sixty, the time would exceed what servers can store. */
const MOST_ATTEMPTS = 20;

/** Checks a job completely and returns its entry in the queue. Throws `ConfigError` for invalid settings. */
export function takeSubmission(what: string, training: QueuedTraining, options: SubmitOptions) {
  checkOptions(what, options, ["id", "priority", "attempts", "deadline"]);
  const { priority = 1_000, attempts = 3, deadline } = options;
  const id = jobId(what, options.id);
  if (deadline !== undefined && !(deadline instanceof Date && deadline.getTime() > Date.now()))
    throw new ConfigError(`${what}: deadline must be a Date in the future`, { op: what, option: "deadline" });
  const payload: Payload = takeTraining(what, training, deadline?.getTime() ?? null);
  const given = {
    ...(id === undefined ? {} : { jobId: id }),
    priority: whole(what, "priority", priority, 1, 2_097_151),
    ...tries(whole(what, "attempts", attempts, 1, MOST_ATTEMPTS)),
  };
  return { payload, given };
}
