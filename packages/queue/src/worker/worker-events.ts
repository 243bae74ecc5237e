import type { TrainingOutcome } from "../run-attempt.js";

/** What a worker tells. */
export type QueueWorkerEvent =
  /** It takes jobs from now on. */
  | { readonly type: "ready"; readonly queue: string; readonly concurrency: number; readonly threads: number }
  /** Bull Board is there. */
  | { readonly type: "board"; readonly address: string }
  /** A job begins here, or goes on after a step of an earlier attempt. */
  | { readonly type: "begin"; readonly id: string; readonly attempt: number; readonly resumedAfter: number | null }
  /** A result lies in a job's place already, its own or another job's: nothing is trained, and that is its outcome. */
  | { readonly type: "found"; readonly id: string; readonly out: string }
  | { readonly type: "completed"; readonly id: string; readonly outcome: TrainingOutcome }
  | { readonly type: "failed"; readonly id: string; readonly error: string; readonly again: boolean }
  /** A job goes back to the queue, its checkpoint kept. */
  | { readonly type: "handed back"; readonly id: string; readonly why: string }
  /** A worker that had a job has died, here or elsewhere: the job goes on. */
  | { readonly type: "stalled"; readonly id: string }
  /** The server cannot be reached, or refuses something; what runs goes on. */
  | { readonly type: "trouble"; readonly message: string };
