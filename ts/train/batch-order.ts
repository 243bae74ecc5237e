import { whole } from "../arguments/settings.js";
import type { Engine } from "../engine/running.js";
import { permutation } from "../nn/random.js";

/** First random streams of classes and of rounds: far from those of `batchOrder`, which are epochs from 0. */
const [CLASS_STREAMS, ROUND_STREAMS] = [2 ** 30, 3 * 2 ** 30];

/**
 * The examples of each step, with every class equally often. In each round, each class with examples contributes one, in a seeded order of
 * classes; a class's examples come in a seeded order, each once before any repeats. Any step's batch can be computed directly.
 *
 * @param targets class of each example, at least one; @param size examples of a step
 */
export function balancedOrder(
  targets: readonly number[],
  size: number,
  seed: number,
  on: Engine,
): (step: number) => Int32Array {
  const members = new Map<number, number[]>();
  targets.forEach((target, i) => {
    const own = members.get(target);
    if (own) own.push(i);
    else members.set(target, [i]);
  });
  const classes = [...members].sort(([a], [b]) => a - b).map(([, own]) => own);
  // The last of each is cached: steps come in order.
  const orders = classes.map(() => ({ pass: -1, order: new Int32Array() }));
  let [round, sequence] = [-1, new Int32Array()];
  const memberAt = (index: number, turn: number) => {
    const own = classes[index]!;
    const pass = Math.floor(turn / own.length);
    const kept = orders[index]!;
    if (kept.pass !== pass) {
      const stream = (CLASS_STREAMS + pass * classes.length + index) % ROUND_STREAMS;
      orders[index] = { pass, order: permutation(own.length, seed, stream, on) as Int32Array<ArrayBuffer> };
    }
    return own[orders[index]!.order[turn % own.length]!]!;
  };
  return (step) =>
    Int32Array.from({ length: size }, (_, i) => {
      const place = step * size + i;
      const wanted = Math.floor(place / classes.length);
      if (wanted !== round) {
        round = wanted;
        sequence = permutation(classes.length, seed, ROUND_STREAMS + (round % 2 ** 30), on) as Int32Array<ArrayBuffer>;
      }
      return memberAt(sequence[place % classes.length]!, round);
    });
}

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
