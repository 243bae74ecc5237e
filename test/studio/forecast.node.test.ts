// @needs browser
// @rest studio
import { expect, it } from "vitest";
import { Clock } from "../../web/src/engine/clock.js";
import { partsOf } from "../../web/src/engine/parts.js";

/** Numbers from 0 to 1, the same for the same seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** Seconds of each step: by its texts, by who else uses the machine for some steps, and by chance. */
function stepSeconds(seed: number, steps: number): number[] {
  const next = numbers(seed);
  let load = 1;
  return Array.from({ length: steps }, () => {
    if (next() < 0.1) load = 0.8 + 0.6 * next();
    return load * (0.5 + next());
  });
}

it("what is left lies within the range in about nine of ten cases, and the range is not much wider than it must be", () => {
  const [steps, evaluateEvery, evaluation, rest] = [200, 20, 3, 5];
  let within = 0;
  let asked = 0;
  const widths: number[] = [];
  for (let seed = 1; seed <= 100; seed++) {
    const took = stepSeconds(seed, steps);
    const end = took.reduce((sum, value) => sum + value, 0) + (steps / evaluateEvery) * evaluation + rest;
    const clock = new Clock();
    let now = 0;
    clock.step(0, 0);
    took.forEach((seconds, i) => {
      clock.step(i + 1, (now += seconds));
      if ((i + 1) % evaluateEvery === 0) clock.evaluated((now += evaluation));
      const left = clock.left({ steps, evaluateEvery, rest });
      if (![40, 80, 120].includes(i)) return;
      asked++;
      const is = end - now;
      if (is >= left!.low && is <= left!.high) within++;
      widths.push((left!.high - left!.low) / is);
    });
  }
  expect(within / asked).toBeGreaterThan(0.85);
  expect(widths.sort((a, b) => a - b)[Math.floor(widths.length / 2)]).toBeLessThan(0.6);
});

it("says nothing before there is something to compare, and takes steps that are told together", () => {
  const clock = new Clock();
  clock.step(0, 0);
  clock.step(9, 9);
  expect(clock.left({ steps: 20, evaluateEvery: null, rest: 0 })).toBeNull();
  clock.step(10, 10);
  const left = clock.left({ steps: 20, evaluateEvery: null, rest: 0 })!;
  expect((left.low + left.high) / 2).toBeCloseTo(10);
});

it("parts have every label's share, and equal texts are never on two sides", () => {
  const next = numbers(7);
  const examples = Array.from({ length: 300 }, (_, i) => ({
    text: `Text  ${Math.floor(next() * 200)}${i % 2 ? "" : " "}`,
    label: i % 3 === 0 ? "seldom" : "often",
  }));
  const parts = partsOf(examples, 3);
  const byText = new Map<string, number>();
  examples.forEach(({ text }, i) => {
    const key = text.replace(/\s+/g, " ").trim();
    expect(byText.get(key) ?? parts[i]).toBe(parts[i]);
    byText.set(key, parts[i]!);
  });
  for (const label of ["seldom", "often"])
    for (const part of [0, 1, 2]) {
      const count = examples.filter((one, i) => one.label === label && parts[i] === part).length;
      expect(count).toBeGreaterThan((0.6 * examples.filter((one) => one.label === label).length) / 3);
    }
});
