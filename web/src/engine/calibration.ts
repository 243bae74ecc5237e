import { runs } from "../state/runs.js";
import type { Span } from "./clock.js";

/** Number of earlier runs that are considered. */
const RECENT = 5;
/** Actual over estimated time, before this browser has finished a run. The estimate is from the fastest of a few steps. */
const UNKNOWN: Span = { low: 0.9, high: 1.9 };

/** Range of actual over estimated time in this browser's runs, slightly widened. */
function timeRatios(): Span {
  const shares = runs.value
    .flatMap(({ seconds, report }) => (seconds && report ? [seconds / report.estimate.seconds.total] : []))
    .slice(0, RECENT);
  if (shares.length === 0) return UNKNOWN;
  return { low: 0.85 * Math.min(...shares), high: 1.15 * Math.max(...shares) };
}

/** Corrects the library's estimate, in seconds, by the times of earlier runs. */
export function calibrated(seconds: number): Span {
  const { low, high } = timeRatios();
  return { low: low * seconds, high: high * seconds };
}

/** Range around the first guess, before anything is timed. Machines differ by a factor of four. */
export function guessed(seconds: number, isTimed: boolean): Span {
  const [low, high] = isTimed ? [0.75, 1.35] : [0.4, 1.6];
  return { low: low * seconds, high: high * seconds };
}
