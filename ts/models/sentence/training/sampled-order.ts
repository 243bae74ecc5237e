import type { FitOptions } from "../../../train/fit-options.js";
import { breather } from "../../../waiting/next-task.js";

/** The batches of a sampler. */
export interface SampledOrder {
  /** The examples of a step, the same whenever it is asked for. */
  readonly at: (step: number) => Int32Array;
  /** Batches of the first epoch; later ones may have a few more or fewer. */
  readonly perEpoch: number;
}

/** How a sampler's order is prepared. */
export interface SampledOrderOptions {
  /** The first step that will be asked for; default 0. */
  readonly from?: number;
  /** Cancels the preparation: it rejects with `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}

/** The batches of an epoch one after another, and null between them wherever some work was done. */
type Batches = (epoch: number) => Generator<number[] | null, void, undefined>;

/**
 * The batches of each epoch one after another. The first epoch, and those up to the step `from`, are made here with pauses; later ones as
 * steps come to them, a batch at a time. An epoch without batches is the first one again. Null if the first has none.
 */
export async function sampledOrder(
  batchesOf: Batches,
  { from = 0, signal }: SampledOrderOptions,
): Promise<SampledOrder | null> {
  const breathe = breather(signal);
  const made = async (of: number) => {
    const batches: number[][] = [];
    for (const batch of batchesOf(of)) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      if (batch !== null) batches.push(batch);
    }
    return batches;
  };
  const first = await made(0);
  if (first.length === 0) return null;
  /** The step after the last of each epoch that is known. */
  const ends = [first.length];
  let reached = { epoch: 0, batches: first };
  while (from >= ends.at(-1)!) {
    const own = await made(ends.length);
    reached = { epoch: ends.length, batches: own.length > 0 ? own : first };
    ends.push(ends.at(-1)! + reached.batches.length);
  }

  /** An epoch, its batches as far as they are known, and what gives the rest. */
  let present = { epoch: 0, batches: first, rest: null as ReturnType<Batches> | null };
  const open = (epoch: number) => {
    if (epoch === 0) return { epoch, batches: first, rest: null };
    if (epoch === reached.epoch) return { ...reached, rest: null };
    return { epoch, batches: [], rest: batchesOf(epoch) };
  };
  const beginOf = (epoch: number) => (epoch === 0 ? 0 : ends[epoch - 1]!);
  const complete = () => {
    const { epoch, batches } = present;
    if (batches.length === 0) present.batches = first;
    ends[epoch] = beginOf(epoch) + present.batches.length;
    present.rest = null;
  };
  const at = (step: number): Int32Array => {
    for (let { epoch } = present; ; epoch++) {
      if (step < beginOf(epoch)) epoch = 0;
      while (ends[epoch] !== undefined && step >= ends[epoch]!) epoch++;
      if (epoch !== present.epoch) present = open(epoch);
      const place = step - beginOf(epoch);
      while (present.rest !== null && place >= present.batches.length) {
        const next = present.rest.next();
        if (next.done) complete();
        else if (next.value !== null) present.batches.push(next.value);
      }
      const batch = present.batches[place];
      if (batch !== undefined) return Int32Array.from(batch);
    }
  };
  return { at, perEpoch: first.length };
}

/** The options of `fit` with a sampler's order, whose epochs have as many steps as it makes batches. */
export function inEpochsOf({ at, perEpoch }: SampledOrder, { epochs = 3, ...given }: FitOptions): FitOptions {
  return { ...given, order: at, steps: given.steps ?? Math.max(1, Math.round(epochs * perEpoch)) };
}
