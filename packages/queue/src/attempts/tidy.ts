import { areOfOneJob } from "./attempt-name.js";
import type { AttemptPlace } from "./attempt-place.js";

/**
 * Removes attempts of a place with a result: those of the attempt's job, and those of jobs that no longer run. Another job with the same place may
 * still train; it removes its attempts when it ends.
 */
export async function tidy(place: AttemptPlace, attempt: string): Promise<void> {
  // Another job may have removed this attempt while it was being published.
  for (const name of new Set([attempt, ...(await place.attempts())]))
    if (areOfOneJob(name, attempt) || !(await place.isLive(name))) await place.remove(name);
}
