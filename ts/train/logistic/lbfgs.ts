/** A point, with the function's value and gradient there. */
export interface Evaluated {
  readonly point: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

/** A smooth convex function of several numbers, 0 or more, with its gradient. */
export type Objective = (point: Float64Array) => Promise<Evaluated>;

/** When to end, and a function to await between two passes over the variables (there may be millions). */
export interface Ending {
  readonly tolerance: number;
  readonly limit: number;
  readonly breathe: () => Promise<void> | undefined;
}

/** Number of stored updates. */
const HISTORY = 10;
/** Maximum tries of a line search: each at least halves the interval, or doubles the step. */
const TRIES = 40;
/** Constants of the strong Wolfe conditions: the remaining slope, and the required share of the expected decrease. */
const [CURVATURE, DECREASE] = [0.9, 1e-4];
/** Smaller relative decreases are lost in float32's rounding. */
const NOISE = 1e-7;

/**
 * Minimises a convex function by L-BFGS (Nocedal and Wright, algorithm 7.5), with the strong Wolfe conditions. Ends when the value is
 * within the share `tolerance` of the minimum, estimated as half the squared gradient for variables with curvature about 1; when rounding
 * allows no further decrease; or after `limit` iterations.
 */
export async function minimise(
  objective: Objective,
  start: Float64Array,
  { tolerance, limit, breathe }: Ending,
): Promise<Evaluated & { readonly iterations: number }> {
  let here = await objective(start);
  let updates: Update[] = [];
  let iterations = 0;
  while (iterations < limit && dot(here.gradient, here.gradient) > 2 * tolerance * here.value) {
    const direction = await descent(here.gradient, updates, breathe);
    const next = await search(objective, here, direction);
    if (next === null) {
      // The stored updates may be rounding errors; tries the plain gradient once.
      if (updates.length === 0) break;
      updates = [];
      continue;
    }
    iterations++;
    const step = minus(next.point, here.point);
    const change = minus(next.gradient, here.gradient);
    const product = dot(step, change);
    if (product > 0) updates = [...updates.slice(1 - HISTORY), { step, change, product }];
    here = next;
  }
  return { ...here, iterations };
}

/** One step taken: s, y and sᵀy. */
interface Update {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly product: number;
}

/** −H·g by the two loops over the updates. */
async function descent(
  gradient: Float64Array,
  updates: readonly Update[],
  breathe: Ending["breathe"],
): Promise<Float64Array> {
  const result = new Float64Array(gradient.length);
  add(result, -1, gradient);
  const shares = updates.map(() => 0);
  for (let i = updates.length - 1; i >= 0; i--) {
    await breathe();
    const { step, change, product } = updates[i]!;
    shares[i] = dot(step, result) / product;
    add(result, -shares[i]!, change);
  }
  const last = updates.at(-1);
  if (last !== undefined) {
    const scale = last.product / dot(last.change, last.change);
    for (let i = 0; i < result.length; i++) result[i]! *= scale;
  }
  for (const [i, { step, change, product }] of updates.entries()) {
    await breathe();
    add(result, shares[i]! - dot(change, result) / product, step);
  }
  return result;
}

/**
 * A point on the line that satisfies the conditions; null if rounding hides it. A convex function's slope grows along the line, so its sign
 * shows the two ends of the interval.
 */
async function search(objective: Objective, here: Evaluated, direction: Float64Array): Promise<Evaluated | null> {
  const slope = dot(here.gradient, direction);
  if (!(slope < 0)) return null;
  const noise = NOISE * (1 + Math.abs(here.value));
  let [low, lowSlope] = [0, slope];
  let [high, highSlope] = [Infinity, NaN];
  let length = 1;
  for (let i = 0; i < TRIES; i++) {
    const point = here.point.slice();
    add(point, length, direction);
    const there = await objective(point);
    const thereSlope = dot(there.gradient, direction);
    const falls = there.value <= here.value + DECREASE * length * slope + noise;
    if (falls && Math.abs(thereSlope) <= -CURVATURE * slope) return there;
    if (falls && thereSlope < 0) [low, lowSlope] = [length, thereSlope];
    else [high, highSlope] = [length, thereSlope];
    length = high === Infinity ? further(low, lowSlope, slope) : between(low, lowSlope, high, highSlope);
  }
  return null;
}

/** The point beyond `low` where the slope would be 0 by linear extrapolation. */
function further(low: number, lowSlope: number, slope: number): number {
  const grown = lowSlope - slope;
  const zero = grown > 0 ? (low * -slope) / grown : Infinity;
  return Math.min(Math.max(zero, 2 * low), 10 * low);
}

/** The zero of the line through two slopes, kept away from both ends. */
function between(low: number, lowSlope: number, high: number, highSlope: number): number {
  const width = high - low;
  const share = highSlope > 0 ? -lowSlope / (highSlope - lowSlope) : 0.5;
  return low + width * Math.min(Math.max(share, 0.1), 0.9);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function minus(a: Float64Array, b: Float64Array): Float64Array {
  const difference = a.slice();
  add(difference, -1, b);
  return difference;
}

/** a ← a + scale·b */
function add(a: Float64Array, scale: number, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i]! += scale * b[i]!;
}
