import { afterEach, expect, it, vi } from "vitest";
import { SentenceEncoder } from "../../ts/index.js";
import { memoryStore } from "../../ts/jobs/index.js";
import { BertTokenizer } from "../../ts/tokenize/bert-tokenizer.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";
import { run, spec } from "../jobs/tiny-job.js";

afterEach(() => void vi.restoreAllMocks());

/** Pieces of text that the tokenizer is given while `work` runs. */
async function pieces(work: () => unknown): Promise<number> {
  const encode = vi.spyOn(BertTokenizer.prototype, "encode");
  await work();
  const { length } = encode.mock.calls;
  encode.mockRestore();
  return length;
}

it("a run turns each of its texts into tokens once, however often it reads them, and counts those of its scripts' words once", async () => {
  using encoder = await SentenceEncoder.load(await tinyEncoder());
  const texts = [...new Set(examples.map(({ text }) => text))];
  const once = await pieces(() => encoder.tokenize(texts));
  expect(once).toBeGreaterThan(0);
  const more = { ...spec, steps: 20, baseline: true, evaluateEvery: 5, testSplit: 0.2 };
  // These are of one script, whose words are counted apart to tell whether the model knows it.
  expect(await pieces(() => run(more, memoryStore()))).toBe(2 * once);
});

it("a tokenizer that remembers gives the same ids, of no more texts than there is room for", async () => {
  using encoder = await SentenceEncoder.load(await tinyEncoder(), { maxTokens: 6 });
  using plain = await SentenceEncoder.load(await tinyEncoder(), { maxTokens: 6 });
  const [first, second, third] = examples.map(({ text }) => text) as [string, string, string];
  const { tokenizer } = encoder;
  const long = `${first} ${second} ${third}`;
  const lengths = [first, long, second].map((text) => plain.tokenizer.encode(text).length);
  tokenizer.remember(lengths[0]! + lengths[1]!);
  // Measuring looks at the whole text; what is kept is cut.
  expect(tokenizer.measure(first, 100)).toEqual(plain.tokenizer.measure(first, 100));
  expect(tokenizer.encode(first)).toEqual(plain.tokenizer.encode(first));
  expect(tokenizer.encode(first)).toBe(tokenizer.encode(first));
  expect(tokenizer.measure(long, 100).tokens).toBeGreaterThan(6);
  expect(await pieces(() => tokenizer.encode(long))).toBe(0);
  expect(tokenizer.encode(long)).toEqual(plain.tokenizer.encode(long));
  // There is no more room.
  expect(tokenizer.encode(second)).toEqual(plain.tokenizer.encode(second));
  expect(tokenizer.encode(second)).not.toBe(tokenizer.encode(second));
  // Another length is another tokenizer.
  expect(tokenizer.with(4, false).encode(first)).toEqual(plain.tokenizer.with(4, false).encode(first));
});
