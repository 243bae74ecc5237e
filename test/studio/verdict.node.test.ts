import { expect, it } from "vitest";
import type { PairedDifference } from "../../ts/train/metrics/paired-difference.js";
import { macroF1Loss, recommend } from "../../ts/tasks/classify/result/recommendation.js";
import { guessColumns } from "../../web/src/data/columns.js";
import { de } from "../../web/src/messages/de/main.js";
import { en } from "../../web/src/messages/en/main.js";
import { isGuessAsGood, verdictOf } from "../../web/src/steps/judge/verdict.js";

type Result = Parameters<typeof isGuessAsGood>[0];
type Interval = readonly [low: number, gain: number, high: number];

/** The verdict of a test on 200 texts, by what the adapter has over the head alone in accuracy and in macro F1. */
function verdict([low, gain, high]: Interval, f1: Interval = [low, gain, high]) {
  const overHeadAlone: PairedDifference = {
    count: 200,
    accuracy: { difference: gain, interval: [low, high] },
    macroF1: { difference: f1[1], interval: [f1[0], f1[2]] },
  };
  return verdictOf({
    overHeadAlone,
    recommended: recommend(overHeadAlone),
    macroF1Loss: macroF1Loss(overHeadAlone),
  })!;
}

it("a verdict says more than chance of nothing that may be chance, and which of the two is ahead", () => {
  expect(verdict([0.01, 0.05, 0.09]).kind).toBe("adapter");
  expect(verdict([-0.09, -0.05, -0.01]).kind).toBe("worse");
  expect(verdict([-0.01, 0.02, 0.05])).toMatchObject({ kind: "ahead", gain: 0.02, interval: [-0.01, 0.05] });
  expect(verdict([-0.05, -0.02, 0.01]).kind).toBe("behind");
  expect(verdict([-0.03, 0, 0.03]).kind).toBe("even");
  expect(verdictOf({ overHeadAlone: null, recommended: null, macroF1Loss: null })).toBeNull();
});

it("an adapter that only rare labels gain by is not said to have more texts right", () => {
  const rare = verdict([-0.03, -0.005, 0.02], [0.02, 0.06, 0.1]);
  expect(rare).toEqual({ kind: "rare", gain: 0.06, interval: [0.02, 0.1], lost: null });
  expect(en.judge.verdicts.rare(en.points(100 * rare.gain))).toMatch(/6\.0 points more in the average over the labels/);
  // Frequent labels may be paid for with rare ones, too.
  expect(verdict([-0.02, 0.01, 0.04], [-0.1, -0.06, -0.02])).toMatchObject({ kind: "ahead", lost: 0.06 });
});

it("an adapter that may be no better than always saying the most frequent label is said to be so", () => {
  const told = (accuracy: number, low: number) =>
    isGuessAsGood({ after: { accuracy, intervals: { accuracy: [low, 1] } }, largestClass: 0.97 } as unknown as Result);
  expect([told(0.97, 0.94), told(0.99, 0.97), told(0.99, 0.98)]).toEqual([true, true, false]);
});

it("numbers below 0 have a minus, and what rounds to nothing none", () => {
  expect([-0.126, -0.004, 0.5].map(en.decimal)).toEqual(["\u22120.13", "0.00", "0.50"]);
  expect([-12.34, -0.04].map(de.points)).toEqual(["\u221212,3", "0,0"]);
});

it("a column that says the same everywhere, or numbers, is not taken for labels where there are words", () => {
  const columns = ["id", "date", "lang", "priority", "description", "owner"];
  const teams = ["billing", "login", "bug", "wish"];
  const records = Array.from({ length: 80 }, (_, i) => [
    ...[`INC-${i}`, `2026-01-${10 + (i % 20)}`, "en", String(i % 3)],
    ...[`what was said in ticket ${i}, at some length`, teams[i % 4]!],
  ]);
  expect(guessColumns({ columns, records })).toEqual({ text: 4, label: 5 });
});
