import type { Engine } from "../../../engine/running.js";
import { permutation } from "../../../nn/random.js";
import type { SentenceRow } from "./sentence-examples.js";

/** Which examples share a step. */
export type BatchSampler = "random" | "no-duplicates" | "group-by-label";

type Order = (step: number) => Int32Array;

/** Candidates that are looked at for a place in a batch, as a multiple of the batch size: so that repeated texts cost no quadratic time. */
const LOOK_AHEAD = 4;

/**
 * Batches without a text that another row of the batch has too, which in-batch losses would count as a negative. A row that does not fit
 * waits for a later batch of the same epoch. Batches of one row are left out. Null if no batch can be made.
 */
export function noDuplicatesOrder(rows: readonly SentenceRow[], size: number, seed: number, on: Engine): Order | null {
  return epochs((epoch) => {
    const waiting = permutation(rows.length, seed, epoch, on);
    const batches: number[][] = [];
    let start = 0;
    while (start < waiting.length) {
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
      if (batch.length > 1 && (batch.length === size || batches.length === 0 || start < waiting.length))
        batches.push(batch);
    }
    return batches;
  });
}

/**
 * Batches with at least two rows of each class in them, as losses on triplets of a batch need. Rows of a class come in a seeded order, two at
 * a time, from the classes in turn. Null if no class has two rows.
 */
export function groupedOrder(rows: readonly SentenceRow[], size: number, seed: number, on: Engine): Order | null {
  return epochs((epoch) => {
    const members = new Map<number, number[]>();
    for (const i of permutation(rows.length, seed, epoch, on)) {
      const own = members.get(rows[i]!.label!);
      if (own === undefined) members.set(rows[i]!.label!, [i]);
      else own.push(i);
    }
    const batches: number[][] = [];
    let batch: number[] = [];
    let classes = [...members.values()];
    while ((classes = classes.filter((own) => own.length > 1)).length > 0)
      for (const own of classes) {
        batch.push(own.pop()!, own.pop()!);
        if (batch.length < size) continue;
        batches.push(batch);
        batch = [];
      }
    return batches.length > 0 || batch.length === 0 ? batches : [batch];
  });
}

/** The batches of each epoch one after another; those of past epochs are only counted. */
function epochs(batchesOf: (epoch: number) => number[][]): Order | null {
  const first = batchesOf(0);
  if (first.length === 0) return null;
  let [epoch, begin, batches] = [0, 0, first];
  return (step) => {
    if (step < begin) [epoch, begin, batches] = [0, 0, first];
    while (step >= begin + batches.length) {
      begin += batches.length;
      epoch += 1;
      const made = batchesOf(epoch);
      batches = made.length > 0 ? made : first;
    }
    return Int32Array.from(batches[step - begin]!);
  };
}
