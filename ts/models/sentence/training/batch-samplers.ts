import type { Engine } from "../../../engine/running.js";
import { ConfigError } from "../../../errors/errors.js";
import type { Graph } from "../../../graph/graph.js";
import { permutation } from "../../../nn/random.js";
import type { FitOptions } from "../../../train/fit-options.js";
import type { SentenceLossName } from "../../../train/losses/sentence-loss.js";
import { breather } from "../../../waiting/next-task.js";
import type { FitLossOptions } from "./sentence-task.js";
import type { SentenceRow } from "./sentence-examples.js";

/** Which examples share a step. */
export type BatchSampler = "random" | "no-duplicates" | "group-by-label";

/** Candidates that are looked at for a place in a batch, as a multiple of the batch size: so that repeated texts cost no quadratic time. */
const LOOK_AHEAD = 4;

/**
 * Batches without a text that another row of the batch has too, which in-batch losses would count as a negative. A row that does not fit
 * waits for a later batch of the same epoch. Batches of one row are left out. Null if no batch can be made.
 */
export function noDuplicatesOrder(
  rows: readonly Pick<SentenceRow, "texts">[],
  size: number,
  seed: number,
  on: Engine,
  options: SampledOrderOptions = {},
): Promise<SampledOrder | null> {
  return sampledOrder(function* (epoch) {
    const waiting = permutation(rows.length, seed, epoch, on);
    // So that an epoch takes time in proportion to its rows. The first one looks for a batch as long as there may be one.
    let [made, single] = [0, 0];
    const most = Math.ceil(rows.length / size);
    let start = 0;
    while (start < waiting.length && (single <= most || (epoch === 0 && made === 0))) {
      const texts = new Set<string>();
      const batch: number[] = [];
      const passed: number[] = [];
      let next = start;
      for (; next < waiting.length && batch.length < size && passed.length < LOOK_AHEAD * size; next++) {
        const own = rows[waiting[next]!]!.texts;
        if (own.some((text) => texts.has(text))) passed.push(waiting[next]!);
        else {
          batch.push(waiting[next]!);
          own.forEach((text) => texts.add(text));
        }
      }
      start = next - passed.length;
      waiting.set(passed, start);
      // As in other orders, an epoch ends without its incomplete batch, unless it is the only one.
      const isBatch = batch.length > 1 && (batch.length === size || made === 0 || start < waiting.length);
      if (isBatch) made++;
      else single++;
      yield isBatch ? batch : null;
    }
  }, options);
}

/**
 * @internal Batches with at least two rows of each class in them, as losses on triplets of a batch need. Rows of a class come in a seeded order, two at
 * a time, from the classes in turn. Null if no class has two rows.
 */
export function groupedOrder(
  rows: readonly Pick<SentenceRow, "label">[],
  size: number,
  seed: number,
  on: Engine,
  options: SampledOrderOptions = {},
): Promise<SampledOrder | null> {
  return sampledOrder(function* (epoch) {
    const members = new Map<number, number[]>();
    for (const [place, i] of permutation(rows.length, seed, epoch, on).entries()) {
      const own = members.get(rows[i]!.label!);
      if (own === undefined) members.set(rows[i]!.label!, [i]);
      else own.push(i);
      if (place % 4096 === 0) yield null;
    }
    let [made, batch] = [0, [] as number[]];
    let classes = [...members.values()];
    while ((classes = classes.filter((own) => own.length > 1)).length > 0)
      for (const own of classes) {
        batch.push(own.pop()!, own.pop()!);
        if (batch.length < size) continue;
        yield batch;
        [made, batch] = [made + 1, []];
      }
    if (made === 0 && batch.length > 0) yield batch;
  }, options);
}

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
async function sampledOrder(
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

/** A loss's name without case and dividers, since `sentenceLoss` understands names of classes too. */
export const plainName = (loss: string) => loss.toLowerCase().replace(/[^a-z]/g, "");

/** The losses that read a batch's other rows: as negatives, or as triplets. */
export function samplerOf(loss: SentenceLossName, { inner }: FitLossOptions): BatchSampler {
  if (plainName(loss).startsWith("matryoshka")) {
    const own = inner ?? "multiple-negatives-ranking";
    return samplerOf(typeof own === "string" ? own : own.name, {});
  }
  if (plainName(loss).startsWith("batch")) return "group-by-label";
  return /multiplenegatives|mnrl|infonce|gist/.test(plainName(loss)) ? "no-duplicates" : "random";
}

/** The order of a sampler; null for `fit`'s own. Rejects with `ConfigError` if no batch can be made, with `AbortError` if cancelled. */
export async function orderOf(
  rows: readonly Pick<SentenceRow, "texts" | "label">[],
  sampler: BatchSampler,
  size: number,
  seed: number,
  { engine }: Graph,
  options: SampledOrderOptions,
): Promise<SampledOrder | null> {
  if (sampler === "random" || rows.length === 1) return null;
  const make = sampler === "no-duplicates" ? noDuplicatesOrder : groupedOrder;
  const order = await make(rows, size, seed, engine, options);
  if (order !== null) return order;
  const problem = sampler === "no-duplicates" ? "any two examples have a text in common" : "no class has two examples";
  throw new ConfigError(
    `fit: ${problem}, so there are no batches; add other examples, or set batchSampler to "random"`,
    {
      op: "fit",
      option: "batchSampler",
      value: sampler,
    },
  );
}
