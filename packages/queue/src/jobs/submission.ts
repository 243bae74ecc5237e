import { ConfigError } from "lowrank";
import { checkOptions, whole } from "lowrank/extension";
import { jobId } from "./job-id.js";
import { type Payload, type QueuedTraining, takeTraining, tries } from "./queued-training.js";

/** How a job is submitted. */
export interface SubmitOptions {
  /** Its name in the queue, without spaces and colons, and none of the queue's own words ("completed", "wait"); a second job of one name is not taken. Default: a number. */
  readonly id?: string;
  /** Smaller numbers first, 1 to 2,097,151; default 1,000. */
  readonly priority?: number;
  /** How often it is tried before it counts as failed, 1 to 20, after one second, two, four and so on; default 3. What is killed, or handed back, is not counted. */
  readonly attempts?: number;
  /** When it is of no use any more; it then fails. Default: never. */
  readonly deadline?: Date;
}

/** The next one would wait for six days more; at some sixty no server knows such a time. */
const MOST_ATTEMPTS = 20;

/** What a queue is given of a job, checked whole. Throws `ConfigError` for what makes no sense. */
export function takeSubmission(what: string, training: QueuedTraining, options: SubmitOptions) {
  checkOptions(what, options, ["id", "priority", "attempts", "deadline"]);
  const { priority = 1_000, attempts = 3, deadline } = options;
  const id = jobId(what, options.id);
  if (deadline !== undefined && !(deadline instanceof Date && deadline.getTime() > Date.now()))
    throw new ConfigError(`${what}: deadline is a Date that is yet to come`, { op: what, option: "deadline" });
  const payload: Payload = takeTraining(what, training, deadline?.getTime() ?? null);
  const given = {
    ...(id === undefined ? {} : { jobId: id }),
    priority: whole(what, "priority", priority, 1, 2_097_151),
    ...tries(whole(what, "attempts", attempts, 1, MOST_ATTEMPTS)),
  };
  return { payload, given };
}
