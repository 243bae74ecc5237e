import type { Engine } from "../engine/running.js";
import { permutation } from "../nn/random.js";

/** Where streams of classes begin, and those of rounds: far from those of `batchOrder`, which are epochs from 0. */
const [CLASS_STREAMS, ROUND_STREAMS] = [2 ** 30, 3 * 2 ** 30];

/**
 * The examples of each step, every class as often as any other. Round after round, each class that has examples gives one, in a
 * seeded order of classes; a class's examples come in a seeded order, each once before one comes again. Any step's batch can be
 * had without those before it.
 *
 * @param targets class of each example, one at least; @param size examples a step
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
  // The last of each is kept: steps come one after the other.
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
