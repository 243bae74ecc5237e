import { describe, expect, it } from "vitest";
import { AbortError } from "../../ts/errors/errors.js";
import { productSvdInSteps, type Svd, svd, svdInSteps } from "../../ts/values/svd.js";
import { atOnce, type Steps, withPauses } from "../../ts/waiting/next-task.js";

const matrix = (rows: number, columns: number) =>
  Float64Array.from({ length: rows * columns }, (_, at) => ((at * 7919) % 1009) / 1009 - 0.5);

const cases: Record<string, { steps: () => Steps<Svd>; whole: () => Svd; least: number }> = {
  // Columns of Q and R, pairs of columns in each sweep.
  "all of a square": {
    steps: () => svdInSteps(matrix(60, 60), 60, 60, 60),
    whole: () => svd(matrix(60, 60), 60, 60),
    least: 120 + 59 * 4,
  },
  // Some forty products with strips of the matrix.
  "the leading part of a large one": {
    steps: () => svdInSteps(matrix(400, 300), 400, 300, 4),
    whole: () => svd(matrix(400, 300), 400, 300, 4),
    least: 9 * 7,
  },
  "of a product": {
    steps: () => productSvdInSteps(matrix(200, 8), matrix(8, 300), [200, 8, 300], 4),
    whole: () => atOnce(productSvdInSteps(matrix(200, 8), matrix(8, 300), [200, 8, 300], 4)),
    least: 32,
  },
};

describe.each(Object.entries(cases))("an SVD in steps: %s", (_name, { steps, whole, least }) => {
  it("has many, and the same bits", async () => {
    let count = 0;
    const made = await withPauses(steps(), () => void count++);
    expect(count).toBeGreaterThan(least);
    expect(made).toEqual(whole());
    expect(atOnce(steps())).toEqual(whole());
  });

  it("ends with the step at which a pause throws", async () => {
    let [asked, done] = [0, 0];
    const counted = function* (): Steps<Svd> {
      const inner = steps();
      for (;;) {
        const { done: ended, value } = inner.next();
        if (ended) return value;
        done++;
        yield;
      }
    };
    const pause = async () => {
      if (++asked > 20) throw new AbortError();
    };
    await expect(withPauses(counted(), pause)).rejects.toBeInstanceOf(AbortError);
    expect([asked, done]).toEqual([21, 20]);
  });
});
