import { permutation } from "../nn/random.js";

/**
 * The examples of each step: epoch after epoch in a new seeded order, a batch being whole; what is left at an epoch's
 * end waits for another epoch. Any step's batch can be had without those before it.
 */
export function batchOrder(count: number, batchSize: number, seed: number): (step: number) => Int32Array {
  const size = Math.min(batchSize, count);
  const stepsPerEpoch = Math.floor(count / size);
  let epoch = -1;
  let order: Int32Array = new Int32Array();
  return (step) => {
    const wanted = Math.floor(step / stepsPerEpoch);
    if (wanted !== epoch) {
      epoch = wanted;
      order = permutation(count, seed, epoch);
    }
    const start = (step % stepsPerEpoch) * size;
    return order.slice(start, start + size);
  };
}
