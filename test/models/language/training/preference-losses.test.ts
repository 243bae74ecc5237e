import { describe, expect, it } from "vitest";
import {
  type AnswerScore,
  labelledLoss,
  pairLoss,
  type PreferenceLoss,
} from "../../../../ts/models/language/training/preference-losses.js";
import { type PreferenceLossOptions, takePreferenceLoss } from "../../../../ts/models/language/training/preferences.js";
import { goldenJson } from "../../../golden.js";

interface Formula {
  readonly options: PreferenceLossOptions;
  /** Of the first and the second answer of each pair. */
  readonly logps: readonly (readonly number[])[];
  readonly references: readonly (readonly number[])[];
  readonly tokens: readonly (readonly number[])[];
  readonly labels?: readonly boolean[];
  readonly divergence?: number;
  readonly losses: readonly number[];
  readonly slopes: readonly (readonly number[])[];
}

const { formulas } = await goldenJson<{ readonly formulas: readonly Formula[] }>("preferences.json");

describe.each(formulas)("the loss $options", (formula) => {
  const loss = takePreferenceLoss("test", formula.options);
  const score = (answer: number, i: number): AnswerScore => ({
    logp: formula.logps[answer]![i]!,
    tokens: formula.tokens[answer]![i]!,
    reference: formula.references[answer]![i]!,
  });
  const at = (i: number, first = score(0, i), second = score(1, i)) =>
    formula.labels === undefined
      ? pairLoss(loss, first, second)
      : labelledLoss(loss, first, formula.labels[i]!, formula.divergence!);
  const near = (value: number, expected: number, by: number) =>
    expect(Math.abs(value - expected)).toBeLessThanOrEqual(by * Math.max(1, Math.abs(expected)));

  it("has PyTorch's values and derivatives", () => {
    formula.losses.forEach((expected, i) => {
      near(at(i).loss, expected, 1e-10);
      formula.slopes.forEach((slopes, answer) => near(at(i).slopes[answer]!, slopes[i]!, 1e-9));
    });
    expect(formula.losses.length).toBe(12);
  });

  it("has the derivatives of central differences", () => {
    // The first three are too steep for differences.
    for (let i = 3; i < formula.losses.length; i++)
      formula.slopes.forEach((_, answer) => {
        const step = 1e-5;
        const moved = [-step, step].map((by) => {
          const scores = [score(0, i), score(1, i)];
          scores[answer] = { ...scores[answer]!, logp: scores[answer]!.logp + by };
          return at(i, ...scores).loss;
        });
        near(at(i).slopes[answer]!, (moved[1]! - moved[0]!) / (2 * step), 1e-7);
      });
  });
});

it("stays finite where a probability is 1, and NaN where it is NaN", () => {
  for (const name of ["dpo", "ipo", "orpo", "simpo"] as const) {
    const loss: PreferenceLoss = takePreferenceLoss("test", { loss: name });
    const certain = { logp: 0, tokens: 3, reference: -1 };
    const other = { logp: -900, tokens: 3, reference: -1 };
    for (const pair of [
      pairLoss(loss, certain, other),
      pairLoss(loss, other, certain),
      pairLoss(loss, certain, certain),
    ])
      for (const number of [pair.loss, ...pair.slopes]) expect(Number.isFinite(number)).toBe(true);
    expect(pairLoss(loss, { ...certain, logp: NaN }, other).loss).toBeNaN();
  }
  const kto = takePreferenceLoss("test", { loss: "kto" });
  expect(labelledLoss(kto, { logp: NaN, tokens: 1, reference: 0 }, true, 0).loss).toBeNaN();
  expect(labelledLoss(kto, { logp: -1e9, tokens: 1, reference: 0 }, true, 0)).toEqual({ loss: 1, slopes: [-0] });
});
