import { describe, expect, it } from "vitest";
import { foldExamples, splitExamples } from "../../../../ts/index.js";
import { dealt, holdShare } from "../../../../ts/io/examples/parts/split.js";
import { plainText } from "../../../../ts/io/examples/row.js";

type Row = { text: string; label: string };

/** Texts of `classes` labels; every `every`-th repeats the one `back` places before it, written in another way. */
function repeating(count: number, classes: number, every: number, back: number): Row[] {
  const rows: Row[] = [];
  for (let i = 0; i < count; i++) {
    const before = i % every === 0 ? rows[i - back] : undefined;
    const text = before === undefined ? `Text number ${i}` : ` ${before.text.toUpperCase().replace(" ", "\u3000 ")}\n`;
    rows.push({ text, label: `class ${(i * 7) % classes}` });
  }
  return rows;
}

/** Texts that stand on both sides. */
function shared(some: readonly Row[], others: readonly Row[]): string[] {
  const there = new Set(some.map(({ text }) => plainText(text)));
  return others.map(({ text }) => plainText(text)).filter((text) => there.has(text));
}

const shares = (rows: readonly Row[], all: readonly Row[]) =>
  [...new Set(all.map(({ label }) => label))].map(
    (label) => rows.filter((row) => row.label === label).length / all.filter((row) => row.label === label).length,
  );

describe("equal texts lie on one side", () => {
  const sets: [string, Row[]][] = [
    ["few of them", repeating(400, 4, 10, 3)],
    ["every second", repeating(401, 3, 2, 5)],
    [
      "four of each",
      Array.from({ length: 300 }, (_, i) => ({ text: `Text ${i >> 2}`, label: `class ${(i >> 2) % 5}` })),
    ],
    ["under two labels", repeating(300, 2, 4, 1)],
  ];

  it.each(sets)("of a split, whose classes keep their share: %s", (_, rows) => {
    for (const seed of [0, 1, 2]) {
      const { train, validation } = splitExamples(rows, 0.25, seed);
      expect(train.length + validation.length).toBe(rows.length);
      expect(shared(train, validation)).toEqual([]);
      for (const share of shares(validation, rows)) expect(Math.abs(share - 0.25)).toBeLessThan(0.04);
      expect(splitExamples(rows, 0.25, seed)).toEqual({ train, validation });
    }
    expect(splitExamples(rows, 0.25, 3)).not.toEqual(splitExamples(rows, 0.25, 4));
  });

  it.each(sets)("of folds, which keep their sizes: %s", (_, rows) => {
    const folds = foldExamples(rows, 5, { seed: 1 });
    for (const { train, validation } of folds) {
      expect(shared(train, validation)).toEqual([]);
      expect(Math.abs(validation.length - rows.length / 5)).toBeLessThan(0.05 * rows.length);
      for (const share of shares(validation, rows)) expect(Math.abs(share - 0.2)).toBeLessThan(0.07);
    }
    expect(folds.flatMap(({ validation }) => validation).length).toBe(rows.length);
    expect(foldExamples(rows, 5, { seed: 1 })).toEqual(folds);
  });

  it.each([sets[0]!, sets[3]!])("and groups too, which an equal text joins: %s", (_, rows) => {
    const groups = rows.map((__, i) => `customer ${Math.floor(i / 3)}`);
    const of = new Map(rows.map((row, i) => [row, groups[i]!]));
    const { train, validation } = splitExamples(rows, 0.25, { seed: 2, groups });
    const parts = [{ train, validation }, ...foldExamples(rows, 3, { seed: 2, groups })];
    for (const { train: some, validation: others } of parts) {
      expect(shared(some, others)).toEqual([]);
      const learnt = new Set(some.map((row) => of.get(row)));
      expect(others.filter((row) => learnt.has(of.get(row)))).toEqual([]);
      expect(others.length).toBeGreaterThan(0);
    }
  });

  it("which has some where any text can be spared, however often each stands there", () => {
    const rows = ["a", "b", "c", "d"].flatMap((text, i) =>
      Array.from({ length: 10 + i }, () => ({ text, label: "xy"[i >> 1]! })),
    );
    for (const seed of [0, 1, 2]) {
      // A tenth would be four or five examples: the smallest text that leaves one of its label has ten.
      const { train, validation } = splitExamples(rows, 0.1, seed);
      expect(validation.map(({ text }) => text)).toEqual(new Array(10).fill("a"));
      expect(new Set(train.map(({ label }) => label)).size).toBe(2);
    }
    const alone = rows.filter(({ text }) => text !== "a" && text !== "c");
    expect(() => splitExamples(alone, 0.1)).toThrow(/leaves none for validation/);
  });

  it("are compared up to a length that every engine has", () => {
    expect(plainText("\ufdfa")).toHaveLength(18);
    const text = "\ufdfa".repeat(2 ** 23);
    const rows = [
      { text, label: "a" },
      { text: "b", label: "b" },
    ];
    expect(() => splitExamples(rows, 0.5)).toThrow(
      /^a text of 8388608 characters, which begins with .* more than 134217728 in the form/,
    );
    expect(plainText("A ".repeat(2 ** 22))).toHaveLength(2 ** 23 - 1);
  });

  it("a label's last text stays where it is learnt from", () => {
    const same = Array.from({ length: 9 }, () => ({ text: "the same", label: "rare" }));
    const others = Array.from({ length: 40 }, (_, i) => ({ text: `text ${i}`, label: "often" }));
    for (const seed of [0, 1, 2, 3]) {
      const { train, validation } = splitExamples([...same, ...others], 0.5, seed);
      expect(train.filter(({ label }) => label === "rare")).toHaveLength(9);
      expect(validation).toHaveLength(20);
    }
    expect(() => splitExamples(same, 0.5)).toThrow(/of which equal texts stay together, leaves none for validation/);
    expect(() => foldExamples(same, 2)).toThrow(/2 folds need as many different texts, got 1/);
    const groups = same.map((_, i) => i);
    expect(() => foldExamples(same, 2, { groups })).toThrow(/2 folds need as many groups, got 1, since groups with an/);
  });
});

describe("where no two texts are equal", () => {
  const rows = Array.from({ length: 24 }, (_, i) => ({ text: `t${i}`, label: "abc"[Math.floor((i * i) / 7) % 3]! }));
  const numbers = (some: readonly Row[]) => some.map(({ text }) => Number(text.slice(1)));

  it("parts are those that were always drawn", () => {
    expect(numbers(splitExamples(rows, 0.3, 5).validation)).toEqual([5, 9, 12, 14, 19, 22, 23]);
    expect(foldExamples(rows, 4, { seed: 6 }).map(({ validation }) => numbers(validation))).toEqual([
      [0, 2, 3, 9, 17, 19],
      [4, 5, 12, 13, 18, 22],
      [7, 11, 15, 16, 20, 23],
      [1, 6, 8, 10, 14, 21],
    ]);
    const groups = rows.map((_, i) => i % 7);
    expect(numbers(splitExamples(rows, 0.3, { seed: 5, groups }).validation)).toEqual([4, 5, 11, 12, 18, 19]);
  });

  it("each is a unit of its own, which changes nothing", () => {
    const labels = Array.from({ length: 211 }, (_, i) => `label ${(i * i) % 11}`);
    const alone = [...labels.keys()];
    for (const seed of [0, 9]) {
      for (const n of [2, 5, 13, 211]) expect(dealt(labels, alone, n, seed)).toEqual(dealt(labels, null, n, seed));
      for (const share of [0.05, 0.3, 0.9])
        expect([...holdShare(labels, alone, share, seed)]).toEqual([...holdShare(labels, null, share, seed)]);
    }
  });
});
