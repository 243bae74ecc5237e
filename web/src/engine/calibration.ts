import { runs } from "../state/runs.js";
import type { Span } from "./clock.js";

/** Runs that are looked back at. */
const RECENT = 5;
/** What a run takes of what is foretold from the fastest of a few steps, where this browser has finished none. */
const UNKNOWN: Span = { low: 0.9, high: 1.9 };

/** Shares of what was foretold that runs in this browser took, a little widened. */
function tookOfForetold(): Span {
  const shares = runs.value
    .flatMap(({ seconds, report }) => (seconds && report ? [seconds / report.estimate.seconds.total] : []))
    .slice(0, RECENT);
  if (shares.length === 0) return UNKNOWN;
  return { low: 0.85 * Math.min(...shares), high: 1.15 * Math.max(...shares) };
}

/** What a run is likely to take that the library foretells so many seconds of, by what earlier runs took. */
export function calibrated(foretold: number): Span {
  const { low, high } = tookOfForetold();
  return { low: low * foretold, high: high * foretold };
}

/** How much is made of the first guess, before anything is timed: another machine may be four times as fast. */
export function guessed(seconds: number, isTimed: boolean): Span {
  const [low, high] = isTimed ? [0.75, 1.35] : [0.4, 1.6];
  return { low: low * seconds, high: high * seconds };
}
