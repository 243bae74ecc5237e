/** A point and what a function is there. */
export interface Evaluated {
  readonly point: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

/** A smooth convex function of several numbers, 0 or more, with its gradient. */
export type Objective = (point: Float64Array) => Promise<Evaluated>;

/** When to end, and what to await between two passes over the variables, of which there may be millions. */
export interface Ending {
  readonly tolerance: number;
  readonly limit: number;
  readonly breathe: () => Promise<void> | undefined;
}

/** Updates that are remembered. */
const HISTORY = 10;
/** Tries of one line search: each at least halves what is left, or doubles the step. */
const TRIES = 40;
/** How much of the slope may be left after a step, and how much of the decrease that it promised must be there. */
const [CURVATURE, DECREASE] = [0.9, 1e-4];
/** Decreases smaller than this share of the value are lost in float32's rounding. */
const NOISE = 1e-7;

/**
 * The minimum of a convex function by L-BFGS (Nocedal and Wright, algorithm 7.5), steps by the strong Wolfe conditions. Ends
 * where it is less than the share `tolerance` of its value above the minimum, as half the gradient's square says of variables in
 * which it curves by about 1; where rounding leaves no way down; or after `limit` iterations.
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
      // What is remembered may be rounding's; the gradient itself is tried once more.
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
 * A point on the way that fulfils the conditions; null where there is none that rounding lets see. Of a convex function the
 * slope grows along the line, so the two ends of the interval are known by it.
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

/** Beyond `low`, where the slope would be 0 if it went on growing as it did. */
function further(low: number, lowSlope: number, slope: number): number {
  const grown = lowSlope - slope;
  const zero = grown > 0 ? (low * -slope) / grown : Infinity;
  return Math.min(Math.max(zero, 2 * low), 10 * low);
}

/** Between two points, where a line through their slopes is 0; away from both ends. */
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
