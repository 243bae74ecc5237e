export { JobQueue } from "./job-queue.js";
export type { QueuedJob, QueuedProgress, QueuedState, SubmitOptions } from "./job-queue.js";
export type { QueuedTraining } from "./queued-training.js";
export { runQueueWorker } from "./queue-worker.js";
export type { QueueWorkerEvent, QueueWorkerOptions } from "./queue-worker.js";
export type { TrainingOutcome } from "./run-attempt.js";
