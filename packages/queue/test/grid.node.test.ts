// @rest services
import { expect, it } from "vitest";
import { ConfigError } from "../../../ts/errors/errors.js";
import { allChoices, drawnChoices, takeGrid } from "../src/sweep/grid.js";
import { best, rungsOf } from "../src/sweep/halving.js";
import { type SweepSpec, takeSweep } from "../src/sweep/sweep-plan.js";

it("a grid is all choices of its values, each once", () => {
  const grid = takeGrid("a test", { rank: [4, 8, 4], dora: [true, false] });
  expect(allChoices("a test", grid)).toEqual([
    { rank: 4, dora: true },
    { rank: 4, dora: false },
    { rank: 8, dora: true },
    { rank: 8, dora: false },
  ]);
});

it("draws different choices, the same ones by the same seed", () => {
  const grid = takeGrid("a test", {
    learningRate: { from: 1e-4, to: 1e-2 },
    rank: { from: 4, to: 32 },
    dora: [true, false],
  });
  const drawn = drawnChoices("a test", grid, 200, 3);
  expect(drawnChoices("a test", grid, 200, 3)).toEqual(drawn);
  expect(drawnChoices("a test", grid, 200, 4)).not.toEqual(drawn);
  expect(new Set(drawn.map((choice) => JSON.stringify(choice))).size).toBe(200);
  const rates = drawn.map(({ learningRate }) => learningRate as number);
  expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-4);
  expect(Math.max(...rates)).toBeLessThanOrEqual(1e-2);
  // Half of them below the mean of the logarithms; five standard deviations.
  const below = rates.filter((rate) => rate < 1e-3).length;
  expect(Math.abs(below - 100)).toBeLessThan(36);
  expect(drawn.every(({ rank }) => Number.isInteger(rank) && (rank as number) >= 4 && (rank as number) <= 32)).toBe(
    true,
  );
  expect(() => drawnChoices("a test", takeGrid("a test", { rank: [4, 8] }), 3, 0)).toThrow(/only about 2 combinations/);
});

it("stages of successive halving take at most half the steps of all in full, from four settings on", () => {
  expect(rungsOf(12, 96, 2, 12)).toEqual([
    { until: 12, settings: 12 },
    { until: 24, settings: 6 },
    { until: 48, settings: 3 },
    { until: 96, settings: 2 },
  ]);
  expect(rungsOf(12, 100, 3, null)).toEqual([
    { until: 11, settings: 12 },
    { until: 33, settings: 4 },
    { until: 100, settings: 2 },
  ]);
  expect(rungsOf(12, 100, null, null)).toEqual([{ until: 100, settings: 12 }]);
  expect(rungsOf(1, 100, 2, 10)).toEqual([{ until: 100, settings: 1 }]);
  // Fewer steps than stages, and measurements that come late.
  expect(rungsOf(100, 3, 2, null)).toEqual([
    { until: 2, settings: 100 },
    { until: 3, settings: 50 },
  ]);
  expect(rungsOf(12, 48, 2, 24)).toEqual([
    { until: 24, settings: 12 },
    { until: 48, settings: 2 },
  ]);
  for (const [settings, steps, eta, every] of [
    [4, 100, 2, null],
    [12, 96, 2, 12],
    [64, 1000, 4, null],
    [17, 400, 3, 10],
  ] as const) {
    const rungs = rungsOf(settings, steps, eta, every);
    let [taken, before] = [0, 0];
    for (const { until, settings: count } of rungs) [taken, before] = [taken + count * (until - before), until];
    expect(taken / (settings * steps)).toBeLessThanOrEqual(0.5);
    expect(rungs.at(-1)!.until).toBe(steps);
    expect(rungs[0]!.settings).toBe(settings);
  }
});

it("the best are those with the lowest loss; what is no number comes last", () => {
  const losses = [0.5, NaN, 0.1, Infinity, 0.1, 0.3];
  const of = (count: number) => best([0, 1, 2, 3, 4, 5], (i) => losses[i]!, count);
  expect(of(1)).toEqual([2]);
  expect(of(3)).toEqual([2, 4, 5]);
  expect(of(5)).toEqual([0, 1, 2, 4, 5]);
});

it("refuses what makes no sense before anything is trained", () => {
  const spec = { data: "a.csv", steps: 100 };
  const refusals: [SweepSpec, RegExp][] = [
    [{ spec, grid: {} }, /grid must be an object with/],
    [{ spec, grid: { rank: [] } }, /grid\.rank is a list of values/],
    [{ spec, grid: { rank: { from: 8, to: 4 } } }, /grid\.rank is a list of values/],
    [{ spec, grid: { rank: [4, 0] } }, /rank 0: spec\.rank is a whole number from 1/],
    [{ spec, grid: { rnk: [4] } }, /rnk/],
    [{ spec, grid: { steps: [4, 8] } }, /grid\.steps cannot vary/],
    [{ spec, grid: { rank: { from: 4, to: 8 } } }, /grid\.rank is a range: set random/],
    [{ spec, grid: { rank: [4] }, seeds: [] }, /seeds must be a list of different whole numbers/],
    [{ spec, grid: { rank: [4] }, seeds: [1, 1] }, /seeds must be a list of different whole numbers/],
    [{ spec, grid: { rank: [4] }, eta: 0 }, /eta is a whole number from 1/],
    [{ spec: { data: "a.csv" }, grid: { rank: [4] } }, /spec\.steps is required/],
  ];
  for (const [sweep, says] of refusals) {
    expect(() => takeSweep("a test", sweep), String(says)).toThrow(says);
    expect(() => takeSweep("a test", sweep)).toThrow(ConfigError);
  }
});
