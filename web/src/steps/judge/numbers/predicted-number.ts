import { m } from "../../../messages/index.js";
import type { RunOf } from "../../../state/runs.js";

/** A predicted number with no more digits than its mean error on the test leaves: one more than the error's first. */
export function predictedNumber({ report }: RunOf<"regress">, value: number): string {
  const { mae = 0 } = report?.result.after ?? {};
  if (mae === 0) return m().plainNumber(value);
  const first = Math.floor(Math.log10(mae));
  return m().plainNumber(Number(value.toFixed(Math.min(Math.max(1 - first, 0), 20))), 15);
}
