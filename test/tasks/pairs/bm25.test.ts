import { expect, it } from "vitest";
import { Bm25 } from "../../../ts/tasks/pairs/search-quality.js";

const documents = ["the cat sat", "the dog sat on the mat", "a bird", ""];

// By hand: N 4, lengths 3, 6, 2, 0, mean 2.75.
const idf = (n: number) => Math.log(1 + (4 - n + 0.5) / (n + 0.5));
const part = (times: number, length: number) => (times * 2.2) / (times + 1.2 * (0.25 + (0.75 * length) / 2.75));

it("scores are Lucene's formula, and equal ones keep their order", () => {
  const words = new Bm25(documents);
  const scores = words.scores("The cat, THE mat");
  expect([...scores.keys()].sort()).toEqual([0, 1]);
  expect(scores.get(0)).toBeCloseTo(2 * idf(2) * part(1, 3) + idf(1) * part(1, 3), 12);
  expect(scores.get(1)).toBeCloseTo(2 * idf(2) * part(2, 6) + idf(1) * part(1, 6), 12);
  expect(words.rank("cat", 5)).toEqual([0]);
  expect(words.rank("unknown !", 5)).toEqual([]);
  expect(new Bm25(["x y", "x y", "x"]).rank("x", 2)).toEqual([2, 0]);
});

it("characters of scripts without spaces are words, and other forms of letters are alike", () => {
  const words = new Bm25(["東京の天気", "大阪", "ｆｕｌｌ width"]);
  expect(words.rank("天気", 3)).toEqual([0]);
  expect(words.rank("full", 3)).toEqual([2]);
  expect(new Bm25([]).rank("a", 3)).toEqual([]);
});
