import { readFileSync } from "node:fs";
import { join } from "node:path";

// What `datasets` built, and how a run's examples are drawn from it.

/** Rows { text, label, group } of NAME_pool.tsv or NAME_test.tsv. */
function readRows(folder, name, part) {
  const text = readFileSync(join(folder, `${name}_${part}.tsv`), "utf8");
  return text.split("\n").flatMap((line) => {
    if (line === "") return [];
    const [label, group, text] = line.split("\t");
    return { text, label, group };
  });
}

/** Numbers from 0 to below 1 of a seed (mulberry32). */
export function generator(seed) {
  let state = (seed * 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled(rows, next) {
  const order = [...rows];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/**
 * Takes whole groups in the order given until each class has its share of `count`, at least `least` where it has as many.
 * Gives what was taken and the rest.
 */
function take(rows, count, least) {
  const groups = new Map();
  for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row]);
  const left = new Map();
  for (const { label } of rows) left.set(label, (left.get(label) ?? 0) + 1);
  for (const [label, size] of left)
    left.set(label, Math.min(size, Math.max(least, Math.round((count * size) / rows.length))));
  const [taken, rest] = [[], []];
  for (const group of groups.values()) {
    const { label } = group[0];
    const fits = group.length <= left.get(label);
    (fits ? taken : rest).push(...group);
    if (fits) left.set(label, left.get(label) - group.length);
  }
  return { taken, rest };
}

/**
 * A run's parts: about `count` examples of the pool, of which a share of `held` is the validation part, and the first `tests`
 * of the test file. Classes stand in the same proportions, groups on one side.
 */
export function drawParts(folder, name, { count, held, seed, tests }) {
  const next = generator(seed + 1);
  const pool = shuffled(readRows(folder, name, "pool"), next);
  const drawn = count >= pool.length ? pool : take(pool, count, 3).taken;
  const { taken: validation, rest: train } = take(shuffled(drawn, next), Math.round(drawn.length * held), 1);
  const labels = [...new Set(pool.map(({ label }) => label))].sort();
  return { labels, train, validation, test: readRows(folder, name, "test").slice(0, tests) };
}
