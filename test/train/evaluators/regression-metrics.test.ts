import { expect, it } from "vitest";
import { ConfigError, regressionMetrics, ShapeError } from "../../../ts/index.js";
import { goldenJson } from "../../golden.js";

interface Case {
  readonly true: number[];
  readonly predicted: number[];
  readonly metrics: Readonly<Record<"mae" | "rmse" | "r2", number>>;
}

it("errors are scikit-learn's, those of a constant target too", async () => {
  const { regression } = await goldenJson<{ regression: Case[] }>("tasks/evaluators/classification.json");
  expect(regression).toHaveLength(4);
  for (const { true: targets, predicted, metrics } of regression) {
    const found = regressionMetrics(predicted, Float64Array.from(targets));
    for (const name of ["mae", "rmse", "r2"] as const)
      expect(Math.abs(found[name] - metrics[name])).toBeLessThanOrEqual(1e-12);
  }
});

// Computed by SciPy (pearsonr, spearmanr) in float64.
it("correlations are SciPy's; equal numbers share a rank", () => {
  const { pearson, spearman } = regressionMetrics([2.5, 1.5, 4, 1.5, 4, 7, 3, 6], [3, 1, 4, 1, 5, 9, 2, 6]);
  expect(pearson).toBeCloseTo(0.9670195726783258, 12);
  expect(spearman).toBeCloseTo(0.9697147791310179, 12);
  expect(regressionMetrics([2, 3], [2, 2])).toMatchObject({ r2: 0, pearson: 0, spearman: 0 });
});

it("equal targets have r2 0 or 1, whatever their mean is rounded to", () => {
  // (0.1 + 0.1 + 0.1) / 3 is not 0.1.
  expect(regressionMetrics([0.2, 0.2, 0.2], [0.1, 0.1, 0.1]).r2).toBe(0);
  expect(regressionMetrics([0.1, 0.1, 0.1], [0.1, 0.1, 0.1]).r2).toBe(1);
});

it("refuses what does not fit together", () => {
  expect(() => regressionMetrics([1], [1, 2])).toThrow(ShapeError);
  expect(() => regressionMetrics(["1"] as never, [1])).toThrow(ConfigError);
  expect(() => regressionMetrics([], [])).toThrow(ConfigError);
  expect(() => regressionMetrics([NaN], [1])).toThrow(ConfigError);
});
