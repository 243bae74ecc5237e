import type { JobEvent, ReadyJob } from "lowrank/jobs";
import type { Point } from "../state/runs.js";
import { type Watched, watchedAfter } from "./watched.js";

/** State of a training that a page shows. */
export interface JobProgress {
  readonly ready: ReadyJob | null;
  readonly phase: string | null;
  readonly done: number;
  readonly total: number;
  readonly tokensPerSecond: number | null;
  readonly secondsLeft: number | null;
  readonly stopping: boolean;
  /** Predictions for examples of the validation; null before the first. */
  readonly watched: Watched | null;
}

export const atStart: JobProgress = {
  ready: null,
  phase: null,
  done: 0,
  total: 0,
  tokensPerSecond: null,
  secondsLeft: null,
  stopping: false,
  watched: null,
};

/** Seconds that are left: measured while it trains, before that the estimate of the whole; null afterwards, and while none is known. */
export function timeLeft({ ready, phase, secondsLeft }: JobProgress) {
  if (phase === "train" && secondsLeft !== null) return { seconds: secondsLeft, isMeasured: true } as const;
  if (phase === "validate" || ready === null) return null;
  return { seconds: ready.estimate.seconds.total, isMeasured: false } as const;
}

/** Losses of a run by step. */
export interface Curves {
  readonly training: readonly Point[];
  readonly validation: readonly Point[];
}

/** Progress and curves after an event; without change for events that they do not show. */
export function after(event: JobEvent, progress: JobProgress, { training, validation }: Curves): [JobProgress, Curves] {
  switch (event.type) {
    case "ready": {
      // Steps after the checkpoint are repeated.
      const kept = (points: readonly Point[]) => points.filter(({ step }) => step <= (event.job.resumedAfter ?? -1));
      return [
        { ...progress, ready: event.job },
        { training: kept(training), validation: kept(validation) },
      ];
    }
    case "progress": {
      const { phase, done, total, loss, tokensPerSecond = null, secondsLeft = null } = event;
      const drawn = phase === "train" && loss !== undefined ? [...training, { step: done, loss }] : training;
      return [
        { ...progress, phase, done, total, tokensPerSecond, secondsLeft },
        { training: drawn, validation },
      ];
    }
    case "evaluation":
      return [
        { ...progress, watched: watchedAfter(event, progress.watched) },
        { training, validation: [...validation, { step: event.step, loss: event.loss }] },
      ];
    default:
      return [progress, { training, validation }];
  }
}
