import { describe, expect, it } from "vitest";
import { AbortError, ConfigError, metrics, pairedDifference, ShapeError } from "../../../ts/index.js";
import { binomial, permutation, Philox } from "../../../ts/nn/random.js";
import { scoreDifference } from "../../../ts/train/metrics/paired-difference.js";
import { goldenJson } from "../../golden.js";

interface Case {
  readonly name: string;
  readonly classes: number;
  readonly targets: number[];
  readonly predictions: number[];
  readonly confusion: number[][];
  readonly accuracy: number;
  readonly macroF1: number;
  readonly perClass: { precision: number; recall: number; f1: number; support: number }[];
}
const { cases } = await goldenJson<{ cases: Case[] }>("metrics/scores.json");

/** Logits that say one class. */
const saying = (predictions: readonly number[], classes: number) =>
  predictions.map((predicted) => Float32Array.from({ length: classes }, (_, i) => (i === predicted ? 1 : 0)));

const measured = (predictions: readonly number[], targets: readonly number[], classes: number, options = {}) =>
  metrics(saying(predictions, classes), targets, classes, options);

describe("scores are scikit-learn's with zero_division=0", () => {
  it.each(cases.map((each) => [each.name, each] as const))(
    "%s",
    async (_, { classes, targets, predictions, ...expected }) => {
      const found = await measured(predictions, targets, classes);
      expect(found.confusion).toEqual(expected.confusion);
      expect(found.accuracy).toBeCloseTo(expected.accuracy, 14);
      expect(found.macroF1).toBeCloseTo(expected.macroF1, 14);
      found.perClass.forEach((scores, i) => {
        const { precision, recall, f1, support } = expected.perClass[i]!;
        expect(scores.support).toBe(support);
        expect(scores.precision).toBeCloseTo(precision, 14);
        expect(scores.recall).toBeCloseTo(recall, 14);
        expect(scores.f1).toBeCloseTo(f1, 14);
      });
      expect(found.perClass).toHaveLength(classes);
    },
  );

  it("of nothing are no numbers, and have no intervals", async () => {
    expect(await metrics([], [], 2)).toEqual({
      count: 0,
      accuracy: NaN,
      loss: NaN,
      macroF1: NaN,
      intervals: null,
      confusion: [
        [0, 0],
        [0, 0],
      ],
      perClass: [1, 2].map(() => ({ precision: 0, recall: 0, f1: 0, support: 0 })),
    });
  });
});

describe("random numbers", () => {
  it("are the kernels', word for word", () => {
    for (const [seed, stream] of [
      [0, 0],
      [7, 3],
      [2 ** 52 + 12345, 2 ** 32 - 1],
    ] as const) {
      const random = new Philox(seed, stream);
      // What the permutation draws from the kernels, drawn again.
      const numbers = Array.from({ length: 1000 }, () => (random.word() >>> 8) / 2 ** 24);
      const order = Int32Array.from(numbers.keys());
      for (let i = 999; i > 0; i--) {
        const j = Math.floor(numbers[i]! * (i + 1));
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      expect(order).toEqual(permutation(1000, seed, stream));
    }
  });

  it.each([
    [1, 0.5],
    [20, 0.05],
    [20, 0.5],
    [30, 0.9],
    [400, 0.2],
    [10_000, 0.49],
    [1e6, 0.001],
  ])("successes of %d tries at %d have the shares that they should", (n, p) => {
    const random = new Philox(5, n);
    const draws = 40_000;
    const counts = new Map<number, number>();
    for (let i = 0; i < draws; i++) {
      const k = binomial(random, n, p);
      counts.set(k, (counts.get(k) ?? 0) + 1);
    }
    expect([...counts.keys()].every((k) => Number.isInteger(k) && k >= 0 && k <= n)).toBe(true);
    // Cumulative shares beside exact ones: Kolmogorov's distance, whose 99.99 % limit is 2.23/√draws.
    let [exact, found, worst] = [0, 0, 0];
    let log = n * Math.log1p(-p);
    for (let k = 0; k <= n; k++) {
      exact += Math.exp(log);
      found += (counts.get(k) ?? 0) / draws;
      worst = Math.max(worst, Math.abs(exact - found));
      log += Math.log((n - k) / (k + 1)) + Math.log(p / (1 - p));
    }
    expect(worst).toBeLessThan(2.23 / Math.sqrt(draws));
  });
});

/** Samples of rows, drawn one by one: what the draws of counts stand for. */
async function byRows(
  count: number,
  samples: number,
  measure: (rows: number[]) => number | Promise<number>,
): Promise<[number, number]> {
  const random = new Philox(99, 1);
  const drawn = Array.from({ length: samples }, () =>
    Array.from({ length: count }, () => Math.floor(random.uniform() * count)),
  );
  const values = (await Promise.all(drawn.map(async (rows) => measure(rows)))).sort((a, b) => a - b);
  return [values[Math.floor(0.025 * samples)]!, values[Math.floor(0.975 * samples)]!];
}

describe("intervals", () => {
  const { classes, targets, predictions } = cases.find(({ name }) => name === "unbalanced")!;

  it("are those of samples of rows", async () => {
    const { intervals } = await measured(predictions, targets, classes, { resamples: 20_000 });
    const rowsOf = (of: "accuracy" | "macroF1") =>
      byRows(targets.length, 4000, async (rows) => {
        const [said, is] = [rows.map((i) => predictions[i]!), rows.map((i) => targets[i]!)];
        return (await measured(said, is, classes, { intervals: false }))[of];
      });
    for (const of of ["accuracy", "macroF1"] as const) {
      (await rowsOf(of)).forEach((end, i) => expect(Math.abs(intervals![of][i]! - end)).toBeLessThan(0.02));
    }
  });

  it("of accuracy have the width that a share's has", async () => {
    const right = 700;
    const said = Array.from({ length: 1000 }, (_, i) => (i < right ? 0 : 1));
    const { intervals } = await measured(said, new Array(1000).fill(0), 2);
    const deviation = Math.sqrt((0.7 * 0.3) / 1000);
    expect(intervals!.accuracy[0]).toBeCloseTo(0.7 - 1.96 * deviation, 2);
    expect(intervals!.accuracy[1]).toBeCloseTo(0.7 + 1.96 * deviation, 2);
  });

  it("come again by seed, and are left out on request", async () => {
    const of = async (options: object) => (await measured(predictions, targets, classes, options)).intervals;
    expect(await of({})).toEqual(await of({ seed: 0, resamples: 1000 }));
    expect(await of({ seed: 1 })).not.toEqual(await of({}));
    expect(await of({ intervals: false })).toBeNull();
    await expect(of({ interval: false })).rejects.toThrow('did you mean "intervals"');
    await expect(of({ resamples: 0 })).rejects.toThrow(ConfigError);
  });

  it.each([
    [0, 10, 0, 0.27753],
    [10, 10, 0.72247, 1],
    [1, 1, 0.20655, 1],
    [15, 50, 0.191036, 0.437504],
    [500, 500, 0.99238, 1],
  ])("of %d right out of %d are Wilson's, as scipy's binomtest has them", async (right, all, low, high) => {
    const said = Array.from({ length: all }, (_, i) => (i < right ? 0 : 1));
    const { accuracy } = (await measured(said, new Array(all).fill(0), 2)).intervals!;
    expect(accuracy[0]).toBeCloseTo(low, 5);
    expect(accuracy[1]).toBeCloseTo(high, 5);
  });

  it.each([
    ["perfect", [0, 1, 1, 0]],
    ["always wrong", [1, 0, 0, 1]],
  ])("of a classifier that is %s have a width, for macro F1 too", async (_, said) => {
    const { intervals, macroF1 } = await measured(said, [0, 1, 1, 0], 2);
    const [low, high] = intervals!.macroF1;
    expect(high - low).toBeGreaterThan(0.4);
    expect(low).toBeLessThanOrEqual(macroF1);
    expect(high).toBeGreaterThanOrEqual(macroF1);
    expect(intervals!.macroF1).toEqual(intervals!.accuracy);
  });
});

describe("many classes", () => {
  const classes = 10_000;

  it("have the cells that are not 0 in place of a matrix", async () => {
    const { confusion, confusionCells, perClass, accuracy } = await measured([0, 2, 1, 9999], [0, 1, 1, 9999], classes);
    expect(accuracy).toBe(0.75);
    expect(confusion).toBeNull();
    expect(confusionCells).toEqual([
      { truth: 0, predicted: 0, count: 1 },
      { truth: 1, predicted: 1, count: 1 },
      { truth: 1, predicted: 2, count: 1 },
      { truth: 9999, predicted: 9999, count: 1 },
    ]);
    expect(perClass[1]).toMatchObject({ precision: 1, recall: 0.5, support: 2 });
  });

  it.each([
    [256, true],
    [257, false],
  ])("of %d begin behind the matrix's last", async (count, isMatrix) => {
    const found = await measured([0], [0], count);
    expect(Array.isArray(found.confusion)).toBe(isMatrix);
    expect("confusionCells" in found).toBe(!isMatrix);
  });

  it("make text in proportion to examples and classes", async () => {
    const some = Array.from({ length: 600 }, (_, i) => i * 16);
    const found = await measured(some, some, classes);
    expect(JSON.stringify(found).length).toBeLessThan(80 * classes + 60 * some.length);
  });
});

describe("a long measurement", () => {
  const targets = Array.from({ length: 4000 }, (_, i) => i % 1000);
  const logits = saying(
    targets.map((target) => (target * 7) % 1000),
    1000,
  );

  it("lets other work in, and ends by its signal", async () => {
    const cancelled = new AbortController();
    let turns = 0;
    const timer = setInterval(() => ++turns === 2 && cancelled.abort("enough"), 0);
    try {
      const ends = metrics(logits, targets, 1000, { resamples: 1e6, signal: cancelled.signal });
      await expect(ends).rejects.toThrow(AbortError);
      expect(turns).toBeGreaterThanOrEqual(2);
    } finally {
      clearInterval(timer);
    }
    await expect(metrics(logits, targets, 1000, { signal: cancelled.signal })).rejects.toThrow(AbortError);
    await expect(metrics([], [], 2, { signal: {} as AbortSignal })).rejects.toThrow(ConfigError);
  });

  it("is of the rows as they were when it began", async () => {
    const [rows, truth] = [saying([0, 1, 1], 2), [0, 1, 1]];
    const measuring = metrics(rows, truth, 2);
    for (const row of rows) row.fill(NaN);
    truth.fill(0);
    expect((await measuring).accuracy).toBe(1);
  });
});

describe("lists that answer for themselves", () => {
  const rows = () => [new Float32Array([1, 2]), new Float32Array([2, 1]), new Float32Array([0, 3])];
  const targets = () => [0, 1, 1];
  const overridden = <T extends object>(given: T, own: Record<PropertyKey, unknown>) => Object.assign(given, own);
  const nothing = () => ["nothing"];
  class Answering extends Array<never> {
    override map = nothing as never;
    override slice = nothing as never;
    override entries = nothing as never;
  }

  it.each<[string, () => unknown, () => unknown]>([
    [
      "targets that iterate over others",
      rows,
      () => overridden(targets(), { [Symbol.iterator]: () => [9, -1, "x"].values() }),
    ],
    ["rows that map to others", () => overridden(rows(), { map: nothing, entries: nothing, slice: nothing }), targets],
    ["a row that slices to another", () => rows().map((row) => overridden(row, { slice: nothing })), targets],
    ["a class of lists", () => Answering.from(rows()), () => Answering.from(targets())],
    [
      "items that are others each time",
      rows,
      () => {
        const read = new Set<unknown>();
        const get = (list: number[], name: string | symbol) => {
          const again = read.has(name) && name !== "length";
          read.add(name);
          return again ? 77 : (Reflect.get(list, name) as unknown);
        };
        return new Proxy(targets(), { get });
      },
    ],
  ])("are read once, by place: %s", async (_name, logits, classes) => {
    const expected = await metrics(rows(), targets(), 2);
    const given = [logits(), classes()] as [Float32Array[], number[]];
    expect(await metrics(...given, 2)).toEqual(expected);
  });

  it("are heard to be cancelled at once, however few rows there are", async () => {
    const abort = new AbortController();
    const measuring = metrics(rows(), targets(), 2, { signal: abort.signal });
    abort.abort();
    await expect(measuring).rejects.toThrow(AbortError);
  });

  it("are measured as they were when more rows than a block holds are changed", async () => {
    const classes = 10_000;
    const many = Array.from({ length: 900 }, (_, i) => new Float32Array(classes).fill(0, 0, 1).fill(1, i, i + 1));
    const truth = many.map((_, i) => i);
    const measuring = metrics(many, truth, classes, { intervals: false });
    for (const row of many) row.reverse();
    truth.fill(0);
    expect((await measuring).accuracy).toBe(1);
  });
});

describe("scoreDifference", () => {
  it("of scores that are 0 or 1 is that of two accuracies on the same texts", async () => {
    const [a, b] = [(i: number) => i % 11 !== 0, (i: number) => i % 7 !== 0].map((isRight) =>
      Array.from({ length: 60 }, (_, i) => Number(isRight(i))),
    ) as [number[], number[]];
    const right = a.map(() => 1);
    const { difference, interval } = (await pairedDifference(a, b, right)).accuracy;
    const found = await scoreDifference(a, b, undefined);
    expect(found.difference).toBeCloseTo(difference, 12);
    expect(found.interval).toEqual(interval);
    // Three texts of seven that only the first has right are no proof, which a bootstrap takes them for.
    const few = await scoreDifference([1, 1, 1, 1, 0, 0, 1], [0, 0, 0, 1, 0, 0, 1], undefined);
    expect(few.interval[0]).toBeLessThan(0);
  });

  it("of other scores is that of their means, in an interval of samples of texts, however far the texts are apart", async () => {
    const random = new Philox(7, 1);
    const second = Array.from({ length: 300 }, () => -100 * random.uniform());
    const first = second.map((score) => score + random.uniform() - 0.4);
    const found = await scoreDifference(first, second, undefined);
    const gains = first.map((score, i) => score - second[i]!);
    const meanOf = (rows: readonly number[]) => rows.reduce((sum, i) => sum + gains[i]!, 0) / rows.length;
    expect(found.difference).toBeCloseTo(meanOf([...gains.keys()]), 12);
    const rows = await byRows(300, 8000, meanOf);
    rows.forEach((end, i) => expect(Math.abs(found.interval[i]! - end)).toBeLessThan(0.008));
    expect(found.interval[0]).toBeGreaterThan(0);
    expect(await scoreDifference(second, first, undefined)).toMatchObject({ difference: -found.difference });
  });

  it("of five texts or fewer may be chance, even if all of them are for one; of six it is not", async () => {
    const gained = async (count: number, by: number) =>
      (
        await scoreDifference(
          Array.from({ length: count }, (_, i) => i + by),
          [...Array(count).keys()],
          undefined,
        )
      ).interval;
    for (const count of [1, 2, 5])
      expect([await gained(count, 0.5), await gained(count, -0.5)]).toEqual([
        [0, 0.5],
        [-0.5, 0],
      ]);
    expect(await gained(6, 0.5)).toEqual([0.5, 0.5]);
  });

  it("is cancelled", async () => {
    const scores = Array.from({ length: 1000 }, (_, i) => i);
    await expect(scoreDifference(scores, scores, AbortSignal.abort())).rejects.toThrow(AbortError);
  });
});

describe("pairedDifference", () => {
  const truth = Array.from({ length: 400 }, (_, i) => (i % 3 === 0 ? "spam" : "ham"));
  const other = (label: string) => (label === "spam" ? "ham" : "spam");
  const wrongAt = (wrong: (i: number) => boolean) => truth.map((label, i) => (wrong(i) ? other(label) : label));

  it("is that of the two accuracies and mean F1s, in an interval of samples of rows", async () => {
    const [a, b] = [wrongAt((i) => i % 11 === 0), wrongAt((i) => i % 7 === 0)];
    const found = await pairedDifference(a, b, truth, { resamples: 20_000 });
    const share = (said: string[]) => said.filter((label, i) => label === truth[i]).length / 400;
    expect(found.count).toBe(400);
    expect(found.accuracy.difference).toBeCloseTo(share(a) - share(b), 12);
    const names = ["ham", "spam"];
    const index = (list: string[]) => list.map((label) => names.indexOf(label));
    const f1 = async (said: string[]) => (await measured(index(said), index(truth), 2, { intervals: false })).macroF1;
    expect(found.macroF1.difference).toBeCloseTo((await f1(a)) - (await f1(b)), 12);
    const gain = (i: number) => Number(a[i] === truth[i]) - Number(b[i] === truth[i]);
    const rows = await byRows(400, 8000, (drawn) => drawn.reduce((sum, i) => sum + gain(i), 0) / 400);
    rows.forEach((end, i) => expect(Math.abs(found.accuracy.interval[i]! - end)).toBeLessThan(0.006));
  });

  it("of two that err on the same texts is narrower than that of the two apart", async () => {
    const [a, b] = [wrongAt((i) => i % 5 === 0), wrongAt((i) => i % 5 === 0 || i === 1 || i === 2)];
    const { accuracy } = await pairedDifference(a, b, truth);
    const index = (list: string[]) => list.map((label) => Number(label === "spam"));
    const alone = (await measured(index(a), index(truth), 2)).intervals!.accuracy;
    const width = ([low, high]: readonly [number, number]) => high - low;
    expect(width(accuracy.interval)).toBeLessThan(width(alone) / 3);
    expect(accuracy.difference).toBeCloseTo(2 / 400, 12);
    expect(accuracy.interval[0]).toBeLessThanOrEqual(0);
  });

  it("of one with itself is nothing", async () => {
    const a = wrongAt((i) => i % 5 === 0);
    const { count, accuracy, macroF1 } = await pairedDifference(a, a, truth);
    expect([count, accuracy.difference, macroF1]).toEqual([400, 0, { difference: 0, interval: [0, 0] }]);
    // Half a text of each kind more: 1.959964 / 402.
    expect(accuracy.interval[0]).toBeCloseTo(-0.0048755, 6);
    expect(accuracy.interval[1]).toBeCloseTo(0.0048755, 6);
  });

  it("takes class indices, and refuses lists that do not fit", async () => {
    const { difference, interval } = (await pairedDifference([1, 0], [0, 1], [1, 0])).accuracy;
    // Two texts are no proof.
    expect([difference, interval[0] < 0]).toEqual([1, true]);
    await expect(pairedDifference(["a"], ["a", "b"], ["a", "b"])).rejects.toThrow(ShapeError);
    await expect(pairedDifference([], [], [])).rejects.toThrow(ShapeError);
    await expect(pairedDifference([null] as never, ["a"], ["a"])).rejects.toThrow(ConfigError);
    await expect(pairedDifference([1], [1], [1], { signal: 1 as never })).rejects.toThrow(/signal/);
  });

  /** Texts of so many classes that nearly each is of a kind of its own. */
  const manyClasses = (count: number) => {
    const random = new Philox(3, 1);
    const draw = () => Array.from({ length: count }, () => Math.floor(random.uniform() * 300));
    const labels = draw();
    const said = (right: number) => draw().map((other, i) => (random.uniform() < right ? labels[i]! : other));
    return { labels, a: said(0.8), b: said(0.6) };
  };

  it("of many kinds draws text by text: an interval of samples of rows, too", async () => {
    const { labels, a, b } = manyClasses(500);
    const found = await pairedDifference(a, b, labels, { resamples: 2000 });
    const f1 = (said: number[], rows: number[]) => {
      const sums = new Map<number, { right: number; both: number }>();
      const of = (label: number) => sums.get(label) ?? sums.set(label, { right: 0, both: 0 }).get(label)!;
      for (const i of rows) {
        of(labels[i]!).both++;
        of(said[i]!).both++;
        if (labels[i] === said[i]) of(labels[i]!).right++;
      }
      return [...sums.values()].reduce((sum, { right, both }) => sum + (2 * right) / both, 0) / sums.size;
    };
    const rows = await byRows(500, 1000, (drawn) => f1(a, drawn) - f1(b, drawn));
    rows.forEach((end, i) => expect(Math.abs(found.macroF1.interval[i]! - end)).toBeLessThan(0.02));
  });

  it("lets other work in, and ends when it is cancelled", async () => {
    const { labels, a, b } = manyClasses(20_000);
    const stop = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      if (++turns === 3) stop.abort();
    }, 1);
    try {
      const asked = pairedDifference(a, b, labels, { resamples: 1e6, signal: stop.signal });
      await expect(asked).rejects.toThrow(AbortError);
      expect(turns).toBeGreaterThanOrEqual(3);
    } finally {
      clearInterval(timer);
    }
  });
});
