import type { Job } from "bullmq";
import { createHash } from "node:crypto";
import type { AttemptPlace } from "./attempt-place.js";

/** Suffix for attempts that could not use the last checkpoint and started from the beginning. */
export const ANEW = "-anew";

/** The name of a new attempt. Names are sortable, because the attempts of a job start at different times, and end with a mark of the job. */
export function attemptName({ queueQualifiedName, id, attemptsStarted }: Job): string {
  const mark = createHash("sha256").update(`${queueQualifiedName}:${id}`).digest("hex").slice(0, 12);
  return `${Date.now().toString(36)}-${attemptsStarted}-${process.pid}-${mark}`;
}

/**
 * Removes attempts of a place with a result: those of the attempt's job, and those of jobs that no longer run. Another job with the same place may
 * still train; it removes its attempts when it ends.
 */
export async function tidy(place: AttemptPlace, attempt: string): Promise<void> {
  // Another job may have removed this attempt while it was being published.
  for (const name of new Set([attempt, ...(await place.attempts())]))
    if (jobMark(name) === jobMark(attempt) || !(await place.isLive(name))) await place.remove(name);
}

const jobMark = (attempt: string) => attempt.replace(ANEW, "").split("-").at(-1);
