import { summary } from "../timing.mjs";
import { BEHIND, PROMPT } from "./prompt.mjs";

/** Milliseconds of rest before each turn, in which the other side's spinning threads fall asleep. */
const PAUSE = 30;

/**
 * Times the sides in turn on one prompt: reading it, and what is generated behind it.
 * @param {object[]} sides ours first; each with `run`, which resolves to `{ prompt, generation }` in milliseconds
 * @param {{ rounds: number, runtime: string, weights: string }} options `weights`: the file's form, such as "Q4_1"
 */
export async function measure(sides, { rounds, runtime, weights }, emit) {
  const times = sides.map(() => []);
  // The first round warms up.
  for (let round = -1; round < rounds; round++) {
    for (const [i, side] of sides.entries()) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      const time = await side.run();
      if (round >= 0) times[i].push(time);
    }
  }
  for (const [i, { peer, build, threads, loaded }] of sides.entries()) {
    const beside = sides.length > 1 ? sides[i === 0 ? 1 : 0].peer : null;
    const common = { shape: weights, peer, build, threads, runtime, gflops: null, beside };
    for (const [kind, tokens] of Object.entries({ prompt: PROMPT, generation: BEHIND })) {
      const of = summary(times[i].map((time) => time[kind]));
      emit({ row: { case: `language ${kind}`, ...common, ...of, tokensPerSecond: (1000 * tokens) / of.ms } });
    }
    emit({ row: { case: "language load", ...common, ms: loaded, median: loaded, samples: 1 } });
  }
}
