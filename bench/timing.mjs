/**
 * Something to time. `run` does it once, its promise is awaited where it gives one; or `sample(count)` does it `count`
 * times elsewhere and resolves to the milliseconds that took.
 * @typedef {{ run?: () => unknown, sample?: (count: number) => Promise<number> }} Timed
 */

/**
 * How samples are taken with so many threads, in milliseconds; see `interleave`.
 *
 * ONNX Runtime's threads spin for up to 20 ms after a call, as the process's CPU time shows, and would keep a core from
 * whoever is timed next. Threads that slept are put on a core of their own by some systems only after some ms of work.
 */
export function samplingFor(threads) {
  return threads > 1 ? { burst: 5, rest: 25, warm: 20 } : { burst: 2, rest: 0, warm: 0 };
}

/** Milliseconds that a sample of one side is drawn out to where another side's call takes long. */
const LONGEST_BURST = 50;

/**
 * Times things in turn (first, second, …, first, second, …), so that whatever else the machine does meets all of them.
 *
 * @param {Timed[]} entries
 * @param {object} options
 * @param {number} options.seconds how long each is timed, at least
 * @param {number} [options.burst] milliseconds that one sample takes at least: short calls are timed in bunches
 * @param {number} [options.rest] milliseconds of rest before a sample, in which others' spinning threads fall asleep
 * @param {number} [options.warm] milliseconds of work after the rest, before the clock runs: training does not rest
 * @returns {Promise<{ ms: number, median: number, samples: number }[]>} of one call, in the order of the entries
 */
export async function interleave(entries, { seconds, burst, rest, warm }) {
  const each = [];
  for (const entry of entries) each.push(await millisecondsOfCall(entry, burst, seconds));
  // Samples of all last about as long: a short one would meet the processor's best moments more often than a long one.
  const length = Math.max(burst, Math.min(LONGEST_BURST, Math.max(...each)));
  const counts = each.map((ms) => Math.max(1, Math.round(length / ms)));
  const times = entries.map(() => []);
  const begin = performance.now();
  const enough = () => times[0].length >= 200 || performance.now() - begin > seconds * 1000 * entries.length;
  while (times[0].length < 7 || !enough()) {
    for (const [i, entry] of entries.entries()) {
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
      for (const start = performance.now(); performance.now() - start < warm;) await sample(entry, counts[i]);
      times[i].push((await sample(entry, counts[i])) / counts[i]);
    }
  }
  return times.map(summary);
}

/** Runs until it is warm, and finds how long a call takes when calls fill a burst. */
async function millisecondsOfCall(entry, burst, seconds) {
  let count = 1;
  let calls = 0;
  const begin = performance.now();
  for (;;) {
    const took = await sample(entry, count);
    calls += count;
    const warm = performance.now() - begin > seconds * 300 && calls > 2;
    if (warm && took >= burst) return took / count;
    if (took < burst) count = Math.ceil(count * Math.min(4, Math.max(1.1, burst / Math.max(took, 0.05))));
  }
}

async function sample(entry, count) {
  if (entry.sample !== undefined) return entry.sample(count);
  const begin = performance.now();
  for (let i = 0; i < count; i++) {
    const result = entry.run();
    if (typeof result?.then === "function") await result;
  }
  return performance.now() - begin;
}

/** The fastest and the middle one. */
export function summary(times) {
  const sorted = [...times].sort((a, b) => a - b);
  return { ms: sorted[0], median: sorted[sorted.length >> 1], samples: sorted.length };
}
