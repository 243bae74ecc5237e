import { ConfigError } from "../../errors/errors.js";
import type { Example } from "./example.js";

/** Scrambles 32 bits (the finisher of MurmurHash3). */
function scramble(bits: number): number {
  let x = bits;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A number of its own for each position under a seed: no state, so it needs neither the kernels nor an order. */
function rank(seed: number, position: number): number {
  const [low, high] = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
  return scramble(scramble(scramble(position + 0x9e3779b9) ^ low) ^ high);
}

/**
 * Splits examples in two at random, each class in the same proportion. Both parts keep the examples' order; the same seed gives the
 * same parts.
 * @param share of each class that goes to `validation`, above 0 and below 1, rounded; the last example of a class stays in `train`
 * @param seed whole number from 0
 * @throws `ConfigError` for a share or seed that makes no sense, or where nothing would be left for validation
 */
export function splitExamples<E extends Pick<Example, "label">>(
  examples: readonly E[],
  share: number,
  seed = 0,
): { train: E[]; validation: E[] } {
  if (!(share > 0 && share < 1)) throw new ConfigError(`splitExamples: expected a share above 0 and below 1, got ${share}`, { share });
  if (!Number.isSafeInteger(seed) || seed < 0) throw new ConfigError(`splitExamples: expected a seed that is a whole number from 0, got ${seed}`, { seed });
  const classes = new Map<string, number[]>();
  for (const [i, { label }] of examples.entries()) {
    const members = classes.get(label);
    if (members) members.push(i);
    else classes.set(label, [i]);
  }
  const held = new Set<number>();
  for (const members of classes.values()) {
    const count = Math.min(Math.round(members.length * share), members.length - 1);
    const shuffled = members.toSorted((a, b) => rank(seed, a) - rank(seed, b) || a - b);
    for (const i of shuffled.slice(0, count)) held.add(i);
  }
  if (held.size === 0)
    throw new ConfigError(`splitExamples: ${share} of ${examples.length} examples in ${classes.size} classes leaves none for validation`, { share, examples: examples.length });
  return { train: examples.filter((_, i) => !held.has(i)), validation: examples.filter((_, i) => held.has(i)) };
}
