import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  binaryMetrics,
  calibration,
  calibrationError,
  multiLabelMetrics,
  rerankingMetrics,
  retrievalMetrics,
  similarityMetrics,
  tripletMetrics,
} from "../../../ts/index.js";

const numbers = (least = 1) => fc.array(fc.integer({ min: -9, max: 9 }), { minLength: least, maxLength: 12 });

describe("retrievalMetrics", () => {
  it("refuses to measure nothing, and takes metrics that are left out", () => {
    for (const k of [[], { accuracy: [], precision: [], recall: [], ndcg: [], mrr: [], map: [] }])
      expect(() => retrievalMetrics([["a"]], [["a"]], { k })).toThrow(
        "k is a number from 1, or a list of at least one",
      );
    const only = { accuracy: [], precision: [], recall: [], mrr: [], map: [] };
    expect(retrievalMetrics([["a"]], [["a"]], { k: only })).toEqual({ "ndcg@10": 1 });
  });

  it("takes rankings in any form", () => {
    const relevant = { a: ["d1"], b: ["d2", "d9"] };
    const k = [1, 2];
    const expected = retrievalMetrics({ a: ["d2", "d1"], b: ["d2", "d1"] }, relevant, { k });
    expect(expected).toMatchObject({ "accuracy@1": 0.5, "recall@2": 0.75, "mrr@2": 0.75, "map@1": 0.5 });
    expect(expected["ndcg@2"]).toBeCloseTo((Math.LN2 / Math.log(3) + 1 / (1 + Math.LN2 / Math.log(3))) / 2, 12);
    const scored = { a: { d1: 1, d2: 2 }, b: { d1: 1, d2: 2 } };
    expect(retrievalMetrics(scored, relevant, { k })).toEqual(expected);
    const pairs: [string, number][] = [["d1", 1], ["d2", 2]]; // prettier-ignore
    expect(retrievalMetrics([pairs, new Map(pairs)], [["d1"], new Set(["d2", "d9"])], { k })).toEqual(expected);
  });

  it("puts the smaller id first where scores are equal, as text", () => {
    const scores = { d2: 1, d10: 1, d1: 1 };
    expect(retrievalMetrics([scores], [["d10"]], { k: 2 })["mrr@2"]).toBe(1 / 2);
    expect(retrievalMetrics([scores], [["d2"]], { k: 3 })["mrr@3"]).toBe(1 / 3);
  });

  it("leaves out queries without relevant documents; a perfect ranking has 1, a useless one 0", () => {
    const perfect = retrievalMetrics([["a", "b"], ["c"]], [["a", "b"], []], { k: 2 });
    for (const value of Object.values(perfect)) expect(value).toBe(1);
    const useless = retrievalMetrics([["c"], []], [["a"], ["b"]], { k: 10 });
    for (const value of Object.values(useless)) expect(value).toBe(0);
    expect(Object.keys(retrievalMetrics([["a"]], [["a"]]))).toEqual([
      "accuracy@1",
      "accuracy@3",
      "accuracy@5",
      "accuracy@10",
      "precision@1",
      "precision@3",
      "precision@5",
      "precision@10",
      "recall@1",
      "recall@3",
      "recall@5",
      "recall@10",
      "ndcg@10",
      "mrr@10",
      "map@100",
    ]);
  });

  it("names what does not fit", () => {
    expect(() => retrievalMetrics([["a"]], [[]])).toThrow("no query has a relevant document");
    expect(() => retrievalMetrics({ q: ["a"] }, { p: ["a"] })).toThrow(
      "query p has relevant documents, but nothing is ranked",
    );
    expect(() => retrievalMetrics([["a", "a"]], [["a"]])).toThrow('ranked[0] has "a" twice');
    expect(() => retrievalMetrics([{ a: NaN }], [["a"]])).toThrow("ids, best first, or ids with scores");
    expect(() => retrievalMetrics([["a"]], [["a"]], { k: 0 })).toThrow("k is a whole number from 1");
    expect(() => retrievalMetrics([["a"]], ["a"] as never)).toThrow("relevant[0] is a list or Set of ids");
    const named = new Map([[Object.create(null) as string, ["a"]]]);
    expect(() => retrievalMetrics(named, [["a"]])).toThrow("ranked is a Map by the ids of queries");
  });
});

it("a document twice in a long ranking is found in time in proportion to its length", () => {
  const ids = Array.from({ length: 100_000 }, (_, i) => `d${i}`);
  const start = performance.now();
  expect(() => retrievalMetrics([[...ids, "d99999"]], [["d0"]])).toThrow('has "d99999" twice');
  expect(performance.now() - start).toBeLessThan(4000);
});

describe("similarityMetrics", () => {
  it("is 1 for the same order, does not change with scale and shift, and turns with the sign", () => {
    fc.assert(
      fc.property(numbers(2), (gold) => {
        if (new Set(gold).size === 1) {
          expect(similarityMetrics(gold, gold)).toEqual({ pearson: null, spearman: null });
          return;
        }
        const { pearson, spearman } = similarityMetrics(gold.map((x) => 3 * x - 7), gold); // prettier-ignore
        expect(pearson).toBeCloseTo(1, 12);
        expect(spearman).toBeCloseTo(1, 12);
        expect(similarityMetrics(gold.map((x) => x ** 3), gold).spearman).toBeCloseTo(1, 12); // prettier-ignore
        expect(similarityMetrics(gold.map((x) => -x), gold).pearson).toBeCloseTo(-1, 12); // prettier-ignore
      }),
    );
  });

  it("takes numbers of any size", () => {
    expect(similarityMetrics([1e-200, 2e-200, 3e-200], [1e200, 2e200, 3e200]).pearson).toBeCloseTo(1, 12);
    // Worked out by hand: ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4.
    expect(similarityMetrics([0, 1, 1, 2], [0, 1, 2, 3]).spearman).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
  });

  it("names what does not fit", () => {
    expect(() => similarityMetrics([1], [1, 2])).toThrow("as many scores as gold scores are expected, got 1 and 2");
    expect(() => similarityMetrics([NaN], [1])).toThrow("scores is a list of finite numbers, got NaN at place 0");
    expect(() => similarityMetrics([], [])).toThrow("at least one element");
  });
});

it("binaryMetrics is at its best where a threshold parts the labels, and no worse than nothing", () => {
  fc.assert(
    fc.property(numbers(), fc.infiniteStream(fc.boolean()), (scores, stream) => {
      const labels = [...stream.take(scores.length)];
      const found = binaryMetrics(scores, labels);
      const shareOf = (threshold: number) =>
        scores.filter((score, i) => score >= threshold === labels[i]).length / scores.length;
      const limits = [...scores, Infinity, ...scores.map((score) => score + 0.5)];
      expect(found.accuracy).toBe(Math.max(...limits.map(shareOf)));
      expect(found.accuracy).toBe(shareOf(found.accuracyThreshold));
      const negated = binaryMetrics(
        scores.map((score) => -score),
        labels,
        { higherIsSimilar: false },
      );
      expect(negated.f1).toBe(found.f1);
      expect(negated.ap).toBe(found.ap);
      expect(negated.mcc).toBe(found.mcc);
      expect(negated.accuracyThreshold).toBe(-found.accuracyThreshold);
    }),
  );
  const parted = binaryMetrics([3, 2, 1, 0], [1, 1, 0, 0]);
  expect(parted).toEqual({
    accuracy: 1,
    accuracyThreshold: 1.5,
    f1: 1,
    f1Threshold: 1.5,
    precision: 1,
    recall: 1,
    ap: 1,
    mcc: 1,
  });
  expect(() => binaryMetrics([1], [2])).toThrow("labels is a list of 0 and 1, got 2 at place 0");
});

it("tripletMetrics counts strictly", () => {
  expect(tripletMetrics([1, 1, 2], [1, 0, 0])).toEqual({ accuracy: 2 / 3 });
  expect(tripletMetrics([1, 1, 2], [1, 0, 0], { margin: 1 })).toEqual({ accuracy: 1 / 3 });
  expect(tripletMetrics([1, 1, 2], [1, 0, 4], { higherIsSimilar: false, margin: 1 })).toEqual({ accuracy: 1 / 3 });
});

describe("rerankingMetrics", () => {
  it("takes names or marks, and does not reward equal scores", () => {
    const marked = rerankingMetrics([{ scores: [1, 3, 2], relevant: [1, 0, 0] }]);
    expect(marked).toEqual({ map: 1 / 3, "mrr@10": 1 / 3, "ndcg@10": 1 / 2 });
    expect(rerankingMetrics([{ positive: "p", negative: ["m", "n"], scores: { p: 1, m: 3, n: 2 } }])).toEqual(marked);
    const equal = rerankingMetrics([{ scores: [0, 0, 0, 0], relevant: [1, 0, 0, 0] }], { k: 3 });
    expect(equal["map"]).toBe(1 / 4);
    expect(equal["mrr@3"]).toBe(0);
  });

  it("a sample without positives does not count; one whose ranking lost them counts 0 unless they are reranked", () => {
    const lost = { positive: ["p"], documents: ["n"], scores: { n: 1, p: 2 } };
    const found = { positive: ["p"], documents: ["p", "n"], scores: { n: 1, p: 2 } };
    const without = { positive: [], negative: ["n"], scores: { n: 1 } };
    expect(rerankingMetrics([lost, found, without], { alwaysRerankPositives: false })).toEqual({
      map: 0.5,
      "mrr@10": 0.5,
      "ndcg@10": 0.5,
      base_map: 0.5,
      "base_mrr@10": 0.5,
      "base_ndcg@10": 0.5,
    });
    expect(rerankingMetrics([lost, found]).map).toBe(1);
    expect(() => rerankingMetrics([without])).toThrow("no sample has a positive");
    // One that has a positive twice, as a search over two fields gives it.
    const twice = { positive: ["p"], documents: ["n", "p", "p"], scores: { n: 1, p: 2 } };
    expect(rerankingMetrics([twice])).toMatchObject({ map: 1, "base_mrr@10": 1 / 2 });
    expect(() => rerankingMetrics([{ positive: ["p"], negative: ["n"], scores: { p: 1 } }])).toThrow(
      'has no score of "n"',
    );
  });
});

it("multiLabelMetrics and binaryMetrics: as by definition, whatever scores are equal", () => {
  const cases = fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.boolean()), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(cases, (rows) => {
      const [scores, truth] = [rows.map(([score]) => score), rows.map(([, has]) => (has ? 1 : 0))];
      const positives = truth.filter((has) => has === 1).length;
      let [before, expected] = [0, 0];
      for (const score of [...new Set(scores)].sort((a, b) => b - a)) {
        const taken = rows.filter(([own]) => own >= score);
        const right = taken.filter(([, has]) => has).length;
        if (right > before) expected += ((right - before) / positives) * (right / taken.length);
        before = right;
      }
      expect(multiLabelMetrics(scores.map((score) => [score]), truth.map((has) => [has])).mapMicro).toBe(expected); // prettier-ignore
      const { ap, accuracy, accuracyThreshold, f1, f1Threshold } = binaryMetrics(scores, truth);
      expect(ap).toBe(expected);
      const at = (threshold: number) => scores.map((score) => (score >= threshold ? 1 : 0));
      const share = (threshold: number) => at(threshold).filter((one, i) => one === truth[i]).length / rows.length;
      expect(accuracy).toBe(Math.max(...[...scores, 4].map(share)));
      expect(share(accuracyThreshold)).toBe(accuracy);
      const both = at(f1Threshold).filter((one, i) => one === 1 && truth[i] === 1).length;
      if (positives > 0) expect((2 * both) / (at(f1Threshold).filter((one) => one === 1).length + positives)).toBeCloseTo(f1, 12); // prettier-ignore
    }),
  );
});

it("multiLabelMetrics: perfect, empty and single labels", () => {
  const perfect = multiLabelMetrics([[0.9, 0.1], [0.2, 0.8]], [[1, 0], [0, 1]]); // prettier-ignore
  for (const name of ["f1Micro", "f1Macro", "mapMacro", "subsetAccuracy", "jaccardSamples"] as const)
    expect(perfect[name]).toBe(1);
  expect(perfect.hammingLoss).toBe(0);
  const empty = multiLabelMetrics([[0, 0]], [[0, 0]]);
  expect(empty).toMatchObject({ f1Micro: 0, mapMacro: 0, subsetAccuracy: 1, mapMacroOfLabelsWithTexts: 0 });
  // Thresholds of their own.
  expect(multiLabelMetrics([[0.4, 0.6]], [[1, 0]], { threshold: [0.3, 0.7] }).subsetAccuracy).toBe(1);
  expect(() => multiLabelMetrics([[0.4]], [[1, 0]])).toThrow("as many probabilities as labels in row 0");
  expect(() => multiLabelMetrics([[NaN]], [[1]])).toThrow("finite numbers");
});

describe("calibration", () => {
  it("the temperature has the least loss of all", () => {
    const rows = fc.array(
      fc.tuple(fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 3, maxLength: 3 }), fc.nat(2)),
      { minLength: 2, maxLength: 20 },
    );
    fc.assert(
      fc.property(rows, (all) => {
        const logits = all.map(([row]) => row.map((x) => x / 10));
        const labels = all.map(([, label]) => label);
        const { temperature, after } = calibration(logits, labels);
        for (const factor of [0.5, 0.99, 1.01, 2]) {
          const t = Math.min(1e3, Math.max(1e-3, temperature * factor));
          const other = calibration(logits.map((row) => row.map((x) => x / t)), labels).before; // prettier-ignore
          expect(after.nll).toBeLessThanOrEqual(other.nll + 1e-12);
        }
        expect(after.bins.reduce((total, { count }) => total + count, 0)).toBe(all.length);
      }),
    );
  });

  it("stays within limits where every prediction is right, or chance", () => {
    expect(calibration([[1, 0], [0, 1]], [0, 1]).temperature).toBe(1e-3); // prettier-ignore
    expect(calibration([[1, 0], [0, 1]], [1, 0]).temperature).toBe(1e3); // prettier-ignore
    expect(calibration([[1000, -1000]], [1]).after.nll).toBeLessThan(10);
  });

  it("names what does not fit", () => {
    expect(() => calibration([[1, 2]], [2])).toThrow("labels[0] is a whole number from 0 to 1, got 2");
    expect(() => calibration([[1, 2], [1]], [0, 0])).toThrow("as many classes as logits in row 1");
    expect(() => calibrationError([[1.5, 0]], [0])).toThrow("rows of numbers from 0 to 1");
    expect(() => calibration([], [])).toThrow("at least one element");
  });
});
