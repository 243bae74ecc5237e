// @needs browser
import { expect, it } from "vitest";
import { macroF1Loss, recommend } from "../../ts/tasks/classify/report.js";
import { recommendedBy } from "../../ts/tasks/head/head-comparison.js";
import type { PairedDifference } from "../../ts/train/metrics/paired-difference.js";
import { guessColumns } from "../../web/src/data/columns.js";
import type { Task } from "../../web/src/data/target.js";
import { de } from "../../web/src/messages/de/main.js";
import { en } from "../../web/src/messages/en/main.js";
import { es } from "../../web/src/messages/es/main.js";
import { isGuessAsGood, measuredTexts, verdictOf } from "../../web/src/steps/judge/verdict.js";

type Result = Parameters<typeof isGuessAsGood>[0];
type Report = Parameters<typeof verdictOf>[1];
type Interval = readonly [low: number, gain: number, high: number];

const verdictFor = (task: Task, result: object) =>
  verdictOf(task, { result, data: { test: { examples: 200 } } } as unknown as Report);

/** The verdict of a test on 200 texts, by what the adapter has over the head alone in accuracy and in macro F1. */
function verdict([low, gain, high]: Interval, f1: Interval = [low, gain, high], largestClass = 0.5) {
  const overHeadAlone: PairedDifference = {
    count: 200,
    accuracy: { difference: gain, interval: [low, high] },
    macroF1: { difference: f1[1], interval: [f1[0], f1[2]] },
  };
  const recommended = recommend(overHeadAlone);
  const [headOnly, after] = [0.8, 0.8 + gain].map((accuracy) => ({ accuracy, count: 200 }));
  const found = verdictFor("classify", {
    after,
    headOnly,
    largestClass,
    overHeadAlone,
    recommended,
    macroF1Loss: macroF1Loss(overHeadAlone),
  });
  // The page and the report never disagree.
  expect(found.use).toBe(recommended === "adapter" ? "adapter" : "head");
  return found;
}

it("the verdict of one label a text says more than chance of nothing that may be chance, and agrees with the report", () => {
  expect(verdict([0.01, 0.05, 0.09]).kind).toBe("better");
  expect(verdict([-0.09, -0.05, -0.01]).kind).toBe("simple");
  // Ahead, even and behind by what may be chance: the report recommends the simple model.
  for (const gain of [0.02, 0, -0.02]) expect(verdict([gain - 0.03, gain, gain + 0.03]).kind).toBe("equal");
  // Only rare labels gain.
  expect(verdict([-0.03, -0.005, 0.02], [0.02, 0.06, 0.1])).toMatchObject({ kind: "rare", use: "adapter" });
});

it("a model that does not beat a guess is said to be none to use", () => {
  expect(verdict([0.01, 0.05, 0.09], undefined, 0.9).kind).toBe("worse");
  expect(verdict([-0.03, 0, 0.03], undefined, 0.8).kind).toBe("guess");
  expect(verdict([-0.35, -0.3, -0.2], undefined, 0.6)).toMatchObject({ kind: "simple", isBelow: true });
  const without = { after: { accuracy: 0.9, count: 200 }, headOnly: null, overHeadAlone: null, recommended: null };
  expect(verdictFor("classify", { ...without, largestClass: 0.5 })).toMatchObject({ kind: "alone", use: "adapter" });
});

/** What a report says of a gain over the simple model whose 95 % interval is that wide on both sides. */
function comparison(difference: number, half: number) {
  const overHeadAlone = { difference, interval: [difference - half, difference + half] as const };
  return { overHeadAlone, recommended: recommendedBy(overHeadAlone) };
}

it("several labels: the simple model is better than the adapted one, or a guess is better than both", () => {
  const found = (mostFrequent: number, headOnly: number, after: number, half: number | null) => {
    const [guess, simple, adapted] = [mostFrequent, headOnly, after].map((exactMatch) => ({ exactMatch }));
    const compared = half === null ? {} : comparison(after - headOnly, half);
    return verdictFor("multi-label", {
      yardsticks: { mostFrequent: guess, headOnly: simple },
      after: adapted,
      ...compared,
    });
  };
  expect(found(0.3, 0.829, 0.657, 0.1)).toMatchObject({ kind: "simple", use: "head", isBelow: false });
  expect(found(0.3, 0.6, 0.657, 0.1)).toMatchObject({ kind: "equal", use: "head" });
  // On the same texts a difference shows that is within the adapted model's own interval.
  expect(found(0.3, 0.6, 0.657, 0.05)).toMatchObject({ kind: "better", use: "adapter" });
  expect(found(0.9, 0.829, 0.657, 0.1)).toMatchObject({ kind: "worse", use: "head" });
  // A report of an earlier version compares nothing.
  expect(found(0.3, 0.829, 0.657, null)).toMatchObject({ kind: "alone", use: "adapter", simple: null });
});

it("numbers: a smaller error is better, and one above that of the mean is worse than guessing", () => {
  const found = (mean: number, headOnly: number | null, after: number) => {
    const yardsticks = { mean: { mae: mean }, headOnly: headOnly === null ? null : { mae: headOnly } };
    const compared = headOnly === null ? { overHeadAlone: null, recommended: null } : comparison(headOnly - after, 0.2);
    return verdictFor("regress", { yardsticks, after: { mae: after }, ...compared });
  };
  expect(found(1.28, 1.6, 1.57)).toMatchObject({ kind: "worse", use: "head" });
  expect(found(1.28, 1.1, 1.57)).toMatchObject({ kind: "simple", use: "head", isBelow: true });
  expect(found(1.28, 0.9, 0.5)).toMatchObject({ kind: "better", use: "adapter" });
  expect(found(1.28, 0.9, 0.85)).toMatchObject({ kind: "equal", use: "head" });
  expect(found(1.28, null, 0.85)).toMatchObject({ kind: "alone", use: "adapter" });
});

it("labels of words: the report's recommendation, and no mark that is right is no better than marking nothing", () => {
  const found = (recommended: string, interval: readonly number[], f1: number) =>
    verdictFor("tokens", { after: { f1 }, headOnly: { f1: f1 / 2 }, overHeadAlone: { interval }, recommended });
  expect(found("adapter", [0.1, 0.3], 0.6)).toMatchObject({ kind: "better", use: "adapter" });
  expect(found("head-only", [-0.1, 0.3], 0.6)).toMatchObject({ kind: "equal", use: "head" });
  expect(found("head-only", [-0.3, -0.1], 0.6)).toMatchObject({ kind: "simple", use: "head" });
  expect(found("head-only", [-0.3, 0.1], 0)).toMatchObject({ kind: "guess" });
});

it("an adapter that may be no better than always saying the most frequent label is said to be so", () => {
  const told = (accuracy: number, low: number) =>
    isGuessAsGood({ after: { accuracy, intervals: { accuracy: [low, 1] } }, largestClass: 0.97 } as unknown as Result);
  expect([told(0.97, 0.94), told(0.99, 0.97), told(0.99, 0.98)]).toEqual([true, true, false]);
});

it("numbers below 0 have a minus, and what rounds to nothing none", () => {
  expect([-0.126, -0.004, 0.5].map(en.decimal)).toEqual(["\u22120.13", "0.00", "0.50"]);
  expect([-0.1234, -0.0004].map((value) => de.points(value, 1000))).toEqual(["\u221212,3", "0,0"]);
});

it("results have no more digits than the texts that they are measured on carry", () => {
  expect([24, 999, 1000].map((count) => en.share(0.8749, count))).toEqual(["87%", "87%", "87.5%"]);
  expect([24, 1000].map((count) => en.points(0.0349, count))).toEqual(["3", "3.5"]);
  expect([24, 1000].map((count) => en.error(1.5749, count))).toEqual(["1.6", "1.57"]);
  expect([24, 1000].map((count) => en.metric(0.8749, count))).toEqual(["0.87", "0.875"]);
  // The number of texts is that of the test, or of the validation where there is none.
  expect(measuredTexts({ data: { test: null, validation: { examples: 7 } } } as unknown as Report)).toBe(7);
});

it("100 % is all and 0 % none: what rounds to them is written otherwise, and a probability is never certain", () => {
  expect([1, 0.997, 0.004, 0].map((value) => en.share(value, 300))).toEqual(["100%", "over 99%", "under 1%", "0%"]);
  expect([0.9996, 0.999].map((value) => en.share(value, 5000))).toEqual(["over 99.9%", "99.9%"]);
  expect([1, 0.9949, 0.5, 0].map(en.odds)).toEqual(["over 99%", "99%", "50%", "under 1%"]);
  expect([de.odds(1), es.odds(0)]).toEqual(["über 99\u00a0%", "menos del 1\u00a0%"]);
});

it("a column that says the same everywhere, or numbers, is not taken for labels where there are words", () => {
  const columns = ["id", "date", "lang", "priority", "description", "owner"];
  const teams = ["billing", "login", "bug", "wish"];
  const records = Array.from({ length: 80 }, (_, i) => [
    `INC-${i}`,
    `2026-01-${10 + (i % 20)}`,
    "en",
    String(i % 3),
    `what was said in ticket ${i}, at some length`,
    teams[i % 4]!,
  ]);
  expect(guessColumns({ columns, records })).toEqual({ text: 4, label: 5 });
});
