import { sum } from "../../train/evaluators/number-lists.js";

/** From this factor on, outputs are too close to the mean; below, what differs may be chance. */
const FLAT = 2;

/**
 * The linear function of the outputs that is closest to what they are to be, if they are far too close to the mean; else 1 and 0. The rank
 * correlation, which chooses the step, does not see their scale: it may choose an early step, at which the head is still small. Outputs that
 * are all equal, or none, give 1 and 0 too.
 */
export function outputScale(outputs: readonly number[], examples: readonly { readonly output: number }[]) {
  const targets = examples.map(({ output }) => output);
  const middle = (values: readonly number[]) => sum(values) / values.length;
  const [x, y] = [middle(outputs), middle(targets)];
  const product = middle(outputs.map((output, i) => (output - x) * (targets[i]! - y)));
  const square = middle(outputs.map((output) => (output - x) * (output - x)));
  const slope = product / square;
  return slope > FLAT && slope < Infinity ? { slope, offset: y - slope * x } : { slope: 1, offset: 0 };
}
