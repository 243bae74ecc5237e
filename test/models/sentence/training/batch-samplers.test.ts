import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AbortError } from "../../../../ts/errors/errors.js";
import { engine } from "../../../../ts/engine/engine.js";
import { groupedOrder, noDuplicatesOrder } from "../../../../ts/models/sentence/training/batch-samplers.js";

const rowsOf = (texts: readonly (readonly string[])[]) => texts.map((one) => ({ texts: one }));

describe("batches without duplicates", () => {
  it("no text is in two rows of a batch, and an epoch has no row twice", async () => {
    const text = fc.integer({ min: 0, max: 12 }).map((n) => `text ${n}`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(text, text), { minLength: 2, maxLength: 40 }),
        fc.integer({ min: 2, max: 8 }),
        fc.nat(9),
        async (pairs, size, seed) => {
          const order = await noDuplicatesOrder(rowsOf(pairs), size, seed, engine());
          const shares = (some: readonly string[], others: readonly string[]) =>
            some.some((one) => others.includes(one));
          if (order === null) {
            expect(pairs.every((some) => pairs.every((others) => shares(some, others)))).toBe(true);
            return;
          }
          for (let step = 0; step < 6; step++) {
            const batch = [...order.at(step)];
            expect(batch.length).toBeGreaterThan(1);
            expect(batch.length).toBeLessThanOrEqual(size);
            const texts = batch.flatMap((row) => [...new Set(pairs[row])]);
            expect(new Set(texts).size).toBe(texts.length);
          }
          const epoch = Array.from({ length: order.perEpoch }, (_, step) => [...order.at(step)]).flat();
          expect(new Set(epoch).size).toBe(epoch.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("gives the same batches again for any step, in any order of asking, and from any step on", async () => {
    const rows = rowsOf(Array.from({ length: 50 }, (_, i) => [`q ${i % 20}`, `a ${i}`]));
    const make = async (from = 0) => (await noDuplicatesOrder(rows, 8, 3, engine(), { from }))!.at;
    const [one, other, resumed] = [await make(), await make(), await make(13)];
    const forwards = Array.from({ length: 20 }, (_, step) => [...one(step)]);
    for (let step = 19; step >= 0; step--) expect([...other(step)]).toEqual(forwards[step]);
    for (const step of [0, 13, 14, 2, 19]) expect([...resumed(step)]).toEqual(forwards[step]);
  });

  it("are made while other tasks run, and not any more once cancelled", async () => {
    const rows = rowsOf(Array.from({ length: 60_000 }, (_, i) => [`q ${i % 500}`, `a ${i}`]));
    const controller = new AbortController();
    let turns = 0;
    const turning = setInterval(() => ++turns === 2 && controller.abort(), 0);
    // A step so late that the order of a million epochs comes before it: on any machine the making ends by its signal only.
    const making = noDuplicatesOrder(rows, 400, 0, engine(), { signal: controller.signal, from: 150_000_000 });
    await expect(making).rejects.toThrow(AbortError);
    clearInterval(turning);
    expect(turns).toBeGreaterThanOrEqual(2);
  });

  it("an epoch ends soon where the rest shares a text", { timeout: 20_000 }, async () => {
    const rows = rowsOf(Array.from({ length: 30_000 }, (_, i) => [i < 100 ? `q ${i}` : "the same", `a ${i}`]));
    const { at, perEpoch } = (await noDuplicatesOrder(rows, 16, 0, engine()))!;
    for (let step = 0; step < 3 * perEpoch; step++) expect(at(step).length).toBeGreaterThan(1);
  });

  it("20,000 rows with one anchor take time in proportion to their number", { timeout: 20_000 }, async () => {
    const rows = rowsOf(Array.from({ length: 20_000 }, (_, i) => ["the same", `a ${i}`]));
    expect(await noDuplicatesOrder(rows, 16, 0, engine())).toBeNull();
  });
});

describe("batches grouped by label", () => {
  it("every class in a batch has at least two rows", async () => {
    const rows = Array.from({ length: 43 }, (_, i) => ({ texts: [`${i}`], label: i % 5 }));
    const order = (await groupedOrder(rows, 8, 1, engine()))!.at;
    for (let step = 0; step < 12; step++) {
      const counts = new Map<number, number>();
      for (const row of order(step)) counts.set(rows[row]!.label, (counts.get(rows[row]!.label) ?? 0) + 1);
      expect([...counts.values()].every((count) => count >= 2)).toBe(true);
    }
  });

  it("is null where each class has one row", async () => {
    expect(await groupedOrder([{ label: 0 }, { label: 1 }], 2, 0, engine())).toBeNull();
  });
});
