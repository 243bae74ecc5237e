import { expect, it } from "vitest";
import { ConfigError, quantizeVectors, ShapeError, tensor, zeros } from "../../ts/index.js";
import { golden, goldenRows, rowsOf, searches } from "./quantisation.js";

const numbers = (rows: readonly ArrayLike<number>[]) => rows.map((row) => Array.from(row));

it.each(["corpus", "queries", "wide"] as const)("%s has the codes of sentence-transformers", (name) => {
  const ranges = golden("ranges");
  const expected = (precision: string) => numbers(goldenRows(`${name}_${precision}`));
  expect(numbers(quantizeVectors(goldenRows(name), "int8", ranges))).toEqual(expected("int8"));
  expect(quantizeVectors(golden(name), "int8", rowsOf(ranges) as never)[0]).toBeInstanceOf(Int8Array);
  if (name === "wide") return;
  expect(numbers(quantizeVectors(golden(name), "uint8", ranges))).toEqual(expected("uint8"));
  expect(numbers(quantizeVectors(golden(name), "binary"))).toEqual(expected("binary"));
  expect(numbers(quantizeVectors(golden(name), "ubinary"))).toEqual(expected("ubinary"));
});

it("without ranges they are those of the vectors", () => {
  expect(quantizeVectors(goldenRows("corpus"), "uint8")).toEqual(
    quantizeVectors(goldenRows("corpus"), "uint8", golden("ranges")),
  );
});

it("dimensions that do not fill the last byte leave zeros in it", () => {
  const odd = goldenRows("corpus").map((row) => row.slice(0, 13));
  expect(numbers(quantizeVectors(odd, "binary"))).toEqual(numbers(goldenRows("odd_binary")));
  expect(numbers(quantizeVectors(odd, "ubinary"))).toEqual(numbers(goldenRows("odd_ubinary")));
});

it("a dimension that is constant has steps of 1, values outside of the ranges are clipped, and 0 is no 1", () => {
  expect(
    quantizeVectors(
      [
        [5, 0],
        [5, 1],
      ],
      "uint8",
    ),
  ).toEqual([Uint8Array.of(0, 0), Uint8Array.of(0, 254)]);
  expect(
    quantizeVectors([[-9, 9]], "int8", [
      [0, 0],
      [1, 1],
    ]),
  ).toEqual([Int8Array.of(-128, 127)]);
  expect(quantizeVectors([[0, -0, 1e-45, -1]], "ubinary")).toEqual([Uint8Array.of(0b0010_0000)]);
});

/** semantic_search_faiss and semantic_search_usearch, from codes alone. */
it.each(searches.filter(({ precision }) => precision !== "float32").map((search, i) => ({ search, i })))(
  "search $i of sentence-transformers is found from these codes",
  ({ search: { precision, rescore, rescore_multiplier: multiplier, top_k: topK, hits } }) => {
    const [corpus, queries, ranges] = [goldenRows("corpus"), goldenRows("queries"), rowsOf(golden("ranges"))];
    const isBits = precision.endsWith("binary");
    const codes = (rows: Float32Array[]) =>
      isBits ? quantizeVectors(rows, "ubinary") : quantizeVectors(rows, precision as "int8", ranges as never);
    const [stored, asked] = [codes(corpus), codes(queries)];
    const bit = (row: ArrayLike<number>, i: number) => (row[i >> 3]! >> (7 - (i & 7))) & 1;
    const step = (i: number) => Math.fround(ranges[1]![i]! - ranges[0]![i]!) / 255;
    const value = (row: ArrayLike<number>, i: number) =>
      isBits ? bit(row, i) : (row[i]! + (precision === "int8" ? 128 : 0)) * Math.fround(step(i)) + ranges[0]![i]!;
    const sum = (length: number, term: (i: number) => number) =>
      Array.from({ length }, (_, i) => term(i)).reduce((a, b) => a + b, 0);
    queries.forEach((query, q) => {
      const first = stored.map((row, place) => {
        const score = isBits
          ? -sum(query.length, (i) => Number(bit(row, i) !== bit(asked[q]!, i)))
          : sum(query.length, (i) => row[i]! * asked[q]![i]!);
        return { place, score };
      });
      const better = (a: (typeof first)[0], b: (typeof first)[0]) => b.score - a.score || a.place - b.place;
      const candidates = first.sort(better).slice(0, rescore ? multiplier * topK : topK);
      // Which of equal candidates are the last ones is each library's own choice.
      const last = candidates.at(-1)!.score;
      const all = first.filter(({ score }) => score >= last);
      for (const [place, score] of hits[q]!) {
        const found = all.find((candidate) => candidate.place === place)!;
        const own = rescore ? sum(query.length, (i) => query[i]! * value(stored[place]!, i)) : Math.abs(found.score);
        expect(own).toBeCloseTo(score, 12);
      }
      expect(hits[q]).toHaveLength(topK);
    });
  },
);

it("wrong vectors and ranges are refused by name", () => {
  const wrong = quantizeVectors as (...args: unknown[]) => unknown;
  expect(() => wrong([[1, NaN]], "binary")).toThrow(ConfigError);
  expect(() => wrong([[1, Infinity]], "binary")).toThrow("Infinity");
  expect(() => wrong([[1], [1, 2]], "binary")).toThrow(ShapeError);
  expect(() => wrong([[1, 2]], "int8")).toThrow("one vector has no ranges");
  expect(() => wrong([[1, 2]], "int4")).toThrow("precision");
  expect(() => wrong([[1, 2]], "int8", [[0, 0]])).toThrow("ranges");
  expect(() =>
    wrong([[1, 2]], "int8", [
      [0, 3],
      [1, 1],
    ]),
  ).toThrow("the smallest values, then the largest");
  expect(() => wrong([[1, 2]], "int8", [[0], [1]])).toThrow(ShapeError);
  expect(() => wrong(Float32Array.of(1, 2), "binary")).toThrow(ConfigError);
  const sent = Float32Array.of(1, 2);
  structuredClone(sent, { transfer: [sent.buffer] });
  expect(() => wrong([sent, [1, 2]], "binary")).toThrow(ShapeError);
  expect(() => wrong(tensor([2], [1, 2]), "binary")).toThrow(ShapeError);
  expect(quantizeVectors([], "int8")).toEqual([]);
  expect(quantizeVectors(zeros([0, 3]), "binary")).toEqual([]);
});
