import type { Engine } from "../../../engine/running.js";
import { permutation } from "../../../nn/random.js";
import { type SampledOrder, sampledOrder, type SampledOrderOptions } from "./sampled-order.js";
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
 * Batches with at least two rows of each class in them, as losses on triplets of a batch need. Rows of a class come in a seeded order, two at
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
