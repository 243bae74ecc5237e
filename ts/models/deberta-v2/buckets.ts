import { log } from "../../values/elementary.js";
import type { RelativePositions } from "./config.js";

/** Bucket of a distance: near ones by themselves, far ones by their logarithm. In float32, as transformers computes it. */
function bucketOf(distance: number, buckets: number, furthest: number): number {
  const half = Math.floor(buckets / 2);
  const away = Math.abs(distance);
  if (away <= half) return distance;
  const log32 = (x: number) => Math.fround(log(Math.fround(x)));
  const part = Math.fround(log32(away / half) / log32((furthest - 1) / half));
  return Math.sign(distance) * (Math.ceil(Math.fround(part * (half - 1))) + half);
}

/**
 * Rows of the table of relative positions, `[2·span]`, that the distances i − j of a text have: those between the furthest, one for
 * each distance, which texts of `longest` tokens need.
 */
export function relativeRows({ span, buckets, furthest }: RelativePositions, longest: number) {
  const reach = Math.max(longest, 1) - 1;
  const rows = Int32Array.from({ length: 2 * reach + 1 }, (_, i) => {
    const distance = i - reach;
    const position = buckets > 0 ? bucketOf(distance, buckets, furthest) : distance;
    return Math.min(Math.max(position + span, 0), 2 * span - 1);
  });
  // They rise with the distance, so those in use are one range.
  const first = rows[0]!;
  return { first, end: rows.at(-1)! + 1, buckets: rows.map((row) => row - first) };
}
