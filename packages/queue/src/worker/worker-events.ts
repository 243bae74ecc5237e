import type { TrainingOutcome } from "../run-attempt.js";

/** Events of a worker. */
export type QueueWorkerEvent =
  /** The worker takes jobs from now on. */
  | { readonly type: "ready"; readonly queue: string; readonly concurrency: number; readonly threads: number }
  /** Bull Board is running. */
  | { readonly type: "board"; readonly address: string }
  /** A job starts here, or continues after a step of an earlier attempt. */
  | { readonly type: "begin"; readonly id: string; readonly attempt: number; readonly resumedAfter: number | null }
  /** The job's place already has a result, from this or another job. Nothing is trained, and this is the job's result. */
  | { readonly type: "found"; readonly id: string; readonly out: string }
  | { readonly type: "completed"; readonly id: string; readonly outcome: TrainingOutcome }
  | { readonly type: "failed"; readonly id: string; readonly error: string; readonly again: boolean }
  /** A job returns to the queue with its checkpoint. */
  | { readonly type: "handed back"; readonly id: string; readonly why: string }
  /** A job's worker has died, here or elsewhere. The job continues. */
  | { readonly type: "stalled"; readonly id: string }
  /** The server cannot be reached, or refuses something. Running jobs continue. */
  | { readonly type: "trouble"; readonly message: string };
