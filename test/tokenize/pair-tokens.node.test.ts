import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { SentenceEncoder } from "../../ts/index.js";
import { PairTokenizer } from "../../ts/tokenize/pair-tokens.js";
import { tinyEncoder } from "../models/tiny-encoder.js";

let encoder: SentenceEncoder;
let pairs: PairTokenizer;
beforeAll(async () => {
  encoder = await SentenceEncoder.load(await tinyEncoder());
  pairs = new PairTokenizer(encoder.tokenizer, {}, true);
});
afterAll(() => encoder?.dispose());

/** A text of so many tokens, for which there are 29 places in a pair. */
const words = (count: number) => "good ".repeat(count);

it("of two texts that are each too long, the one with more tokens keeps one more", () => {
  const lengths = [30, 31, 100, 900, 5000];
  for (const first of lengths)
    for (const second of lengths) {
      const { types } = pairs.encode(words(first), words(second));
      const [others, own] = [0, 1].map((type) => types.filter((one) => one === type).length);
      // The special tokens of this tokenizer's template count as the first text's.
      expect([first, second, others! - 3, own!]).toEqual([first, second, ...(first > second ? [15, 14] : [14, 15])]);
    }
});

it("a long query is tokenized and counted once for many texts", () => {
  const tokenizer = encoder.tokenizer;
  const [own, measured] = [vi.spyOn(tokenizer, "ownSteps"), vi.spyOn(tokenizer, "measureSteps")];
  const query = words(50_000);
  for (let text = 0; text < 50; text++) pairs.encode(query, words(40 + (text % 3)));
  const ofQuery = [own, measured].map(({ mock }) => mock.calls.filter(([text]) => text === query));
  own.mockRestore();
  measured.mockRestore();
  expect(ofQuery.map(({ length }) => length)).toEqual([1, 1]);
  // No further than shows that it is the longer one.
  expect(ofQuery[1]![0]![1]).toBeLessThan(200);
});
