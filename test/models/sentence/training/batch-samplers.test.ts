import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { engine } from "../../../../ts/engine/engine.js";
import { groupedOrder, noDuplicatesOrder } from "../../../../ts/models/sentence/training/batch-samplers.js";

const rowsOf = (texts: readonly (readonly string[])[]) => texts.map((one) => ({ texts: one }));

describe("batches without duplicates", () => {
  it("no text is in two rows of a batch, and an epoch has no row twice", () => {
    const text = fc.integer({ min: 0, max: 12 }).map((n) => `text ${n}`);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(text, text), { minLength: 2, maxLength: 40 }),
        fc.integer({ min: 2, max: 8 }),
        fc.nat(9),
        (pairs, size, seed) => {
          const order = noDuplicatesOrder(rowsOf(pairs), size, seed, engine());
          const shares = (some: readonly string[], others: readonly string[]) =>
            some.some((one) => others.includes(one));
          if (order === null) {
            expect(pairs.every((some) => pairs.every((others) => shares(some, others)))).toBe(true);
            return;
          }
          for (let step = 0; step < 6; step++) {
            const batch = [...order(step)];
            expect(batch.length).toBeGreaterThan(1);
            expect(batch.length).toBeLessThanOrEqual(size);
            const texts = batch.flatMap((row) => [...new Set(pairs[row])]);
            expect(new Set(texts).size).toBe(texts.length);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("gives the same batches again for any step, in any order of asking", () => {
    const rows = rowsOf(Array.from({ length: 50 }, (_, i) => [`q ${i % 20}`, `a ${i}`]));
    const [one, other] = [noDuplicatesOrder(rows, 8, 3, engine())!, noDuplicatesOrder(rows, 8, 3, engine())!];
    const forwards = Array.from({ length: 20 }, (_, step) => [...one(step)]);
    for (let step = 19; step >= 0; step--) expect([...other(step)]).toEqual(forwards[step]);
  });

  it("20,000 rows with one anchor take time in proportion to their number", { timeout: 20_000 }, () => {
    const rows = rowsOf(Array.from({ length: 20_000 }, (_, i) => ["the same", `a ${i}`]));
    expect(noDuplicatesOrder(rows, 16, 0, engine())).toBeNull();
  });
});

describe("batches grouped by label", () => {
  it("every class in a batch has at least two rows", () => {
    const rows = Array.from({ length: 43 }, (_, i) => ({ texts: [`${i}`], label: i % 5 }));
    const order = groupedOrder(rows, 8, 1, engine())!;
    for (let step = 0; step < 12; step++) {
      const counts = new Map<number, number>();
      for (const row of order(step)) counts.set(rows[row]!.label, (counts.get(rows[row]!.label) ?? 0) + 1);
      expect([...counts.values()].every((count) => count >= 2)).toBe(true);
    }
  });

  it("is null where each class has one row", () => {
    expect(
      groupedOrder(
        [
          { texts: ["a"], label: 0 },
          { texts: ["b"], label: 1 },
        ],
        2,
        0,
        engine(),
      ),
    ).toBeNull();
  });
});
