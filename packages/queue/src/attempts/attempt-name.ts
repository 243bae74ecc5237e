import type { Job } from "bullmq";
import { createHash } from "node:crypto";

/** Suffix for attempts that could not use the last checkpoint and started from the beginning. */
export const ANEW = "-anew";

/** The name of a new attempt. Names are sortable, because the attempts of a job start at different times, and end with a mark of the job. */
export function attemptName({ queueQualifiedName, id, attemptsStarted }: Job): string {
  const mark = createHash("sha256").update(`${queueQualifiedName}:${id}`).digest("hex").slice(0, 12);
  return `${Date.now().toString(36)}-${attemptsStarted}-${process.pid}-${mark}`;
}

/** Whether two attempts are of the same job. */
export const areOfOneJob = (one: string, other: string): boolean => jobMark(one) === jobMark(other);

const jobMark = (attempt: string) => attempt.replace(ANEW, "").split("-").at(-1);
