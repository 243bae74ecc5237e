import { expect, it } from "vitest";
import { ConfigError, multiLabelMetrics, regressionMetrics } from "../../../ts/index.js";
import { checkScoresFit, comparedWithHead, recommendedBy } from "../../../ts/tasks/head/head-comparison.js";
import { tasks } from "../../../ts/tasks/index.js";

const targets = [0.1, 3.7, 2.2, 5.3, 4.4, 1.9, 0.6];
const predicted = [0.3, 3.1, 2.9, 5.2, 4.5, 1.1, 0.7];
const numbers = {
  yardsticks: {
    mean: regressionMetrics(
      targets.map(() => 2.6),
      targets,
    ),
    headOnly: regressionMetrics(predicted, targets),
  },
  headScores: targets.map((target, i) => -Math.abs(predicted[i]! - target)),
};
const exact = [1, 0, 1, 1, 0, 0, 1];
const { f1Micro, f1Macro, mapMacro, subsetAccuracy } = multiLabelMetrics(
  exact.map((right) => [right, 1 - right]),
  exact.map(() => [1, 0]),
);
const scores = { f1Micro, f1Macro, map: mapMacro, exactMatch: subsetAccuracy, loss: 0.4 };
const labels = { yardsticks: { mostFrequent: scores, headOnly: scores }, headScores: exact };

const states = [
  ["regress", numbers],
  ["multi-label", labels],
] as const;

it.each(states)("a checkpoint of %s has scores that agree with its yardstick", (task, state) => {
  const check = (changed: object) => () =>
    tasks[task].checkState("a file", JSON.parse(JSON.stringify({ ...state, ...changed })));
  expect(check({})).not.toThrow();
  const none = { ...state.yardsticks, headOnly: null };
  expect(check({ yardsticks: none, headScores: null })).not.toThrow();
  const [first, ...rest] = state.headScores;
  const wrong: unknown[] = [
    undefined,
    null,
    [],
    rest,
    [first! + 1, ...rest],
    ["0", ...rest],
    [null, ...rest],
    "1",
    0,
    {},
  ];
  for (const headScores of wrong) {
    expect(check({ headScores })).toThrow(ConfigError);
    expect(check({ headScores })).toThrow(
      /run\.headScores is a score of the head-only baseline for each text, or null/,
    );
  }
  expect(check({ yardsticks: none })).toThrow(/run\.headScores/);
  for (const headOnly of [
    undefined,
    3,
    {},
    { ...state.yardsticks.headOnly, [task === "regress" ? "mae" : "exactMatch"]: "1" },
  ])
    expect(check({ yardsticks: { ...state.yardsticks, headOnly } })).toThrow(/run\.yardsticks\.headOnly/);
});

it("a checkpoint with scores of another number of texts does not fit the data", () => {
  expect(() => checkScoresFit(numbers, null, 7)).not.toThrow();
  for (const none of [{}, { headScores: null }]) expect(() => checkScoresFit(none, null, 7)).not.toThrow();
  expect(() => checkScoresFit(numbers, null, 8)).toThrow(/run\.headScores has 7 scores, the data 8 examples/);
});

it("what is significantly better is recommended; what was not compared is not", async () => {
  const of = (low: number, high: number) => recommendedBy({ difference: (low + high) / 2, interval: [low, high] });
  expect([of(0.1, 0.2), of(0, 0.2), of(-0.2, -0.1), recommendedBy(null)]).toEqual([
    "adapter",
    "head-only",
    "head-only",
    null,
  ]);
  const none = { overHeadAlone: null, recommended: null };
  const { headScores: first } = numbers;
  expect(await comparedWithHead(null, first, undefined)).toEqual(none);
  expect(await comparedWithHead(first, null, undefined)).toEqual(none);
  const better = first.map((score) => score + 1);
  expect(await comparedWithHead(better, first, undefined)).toMatchObject({ recommended: "adapter" });
});
