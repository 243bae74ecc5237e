import type { Engine } from "../engine/running.js";
import { permutation } from "../nn/random.js";
import { whole } from "../arguments/settings.js";

/**
 * The examples of each step: each epoch in a new seeded order. Batches have full size; what remains at an epoch's end is left out of that
 * epoch. Any step's batch can be computed directly. Throws `ConfigError` unless `count` and `batchSize` are whole numbers from 1 and `seed`
 * one from 0.
 */
export function batchOrder(count: number, batchSize: number, seed: number, on?: Engine): (step: number) => Int32Array {
  whole("batchOrder", "count", count, 1, 2 ** 30);
  const size = Math.min(whole("batchOrder", "batchSize", batchSize, 1), count);
  whole("batchOrder", "seed", seed);
  const stepsPerEpoch = Math.floor(count / size);
  let epoch = -1;
  let order: Int32Array = new Int32Array();
  return (step) => {
    const wanted = Math.floor(whole("batchOrder", "the step", step) / stepsPerEpoch);
    if (wanted !== epoch) {
      order = permutation(count, seed, wanted, on);
      epoch = wanted;
    }
    const start = (step % stepsPerEpoch) * size;
    return order.slice(start, start + size);
  };
}
