import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { modelSource } from "../../ts/io/model-locator.js";
import { TextTokenizer } from "../../ts/tokenize/text-tokenizer.js";
import { goldenJson } from "../golden.js";

type Parts = Record<string, unknown>;

async function tokenizerOf(name: string, changes: (parts: Parts) => Parts = () => ({})): Promise<TextTokenizer> {
  const parts = await goldenJson<Parts>(`decoders/${name}/tokenizer.json`);
  const bytes = new TextEncoder().encode(JSON.stringify({ ...parts, ...changes(parts) }));
  return TextTokenizer.load(await modelSource({ "tokenizer.json": bytes }), 1e6);
}

const strips = ({ added_tokens }: Parts) => ({
  added_tokens: (added_tokens as object[]).map((token) => ({ ...token, lstrip: true, rstrip: true })),
});
const digits = () => ({
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [
      { type: "Digits", individual_digits: true },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    ],
  },
});

const piece = fc.constantFrom(
  "a",
  "film",
  " ",
  "  ",
  "\n",
  "\u3000",
  "é",
  "e\u0301",
  " \u0301",
  "α\u0313\u0300\u0345",
  "漢",
  "'s",
  "1",
  "42",
  "<s>",
  "<unk>",
  "▁",
  "\u{1f469}\u200d",
  "!?",
  "\u1100\u1161\u11a8",
);
const text = fc.array(piece, { maxLength: 200 }).map((parts) => parts.join(""));

describe.each([
  ["qwen2", "qwen2", undefined],
  ["qwen3_5", "qwen3_5", undefined],
  ["gpt2", "gpt2", undefined],
  ["gemma2", "gemma2", undefined],
  ["gpt2 with digits", "gpt2", digits],
  ["gpt2 whose tokens include white space", "gpt2", strips],
] as const)("%s", async (_, name, changes) => {
  const tokenizer = await tokenizerOf(name, changes);

  it("has at least so many tokens in a text, and some in a long one", () => {
    fc.assert(
      fc.property(text, (text) => {
        const least = tokenizer.leastTokens(text);
        expect(least).toBeLessThanOrEqual(tokenizer.encodeBare(text).length);
      }),
    );
    expect(tokenizer.leastTokens("a film".repeat(1000))).toBeGreaterThan(900);
  });

  it("gives a text that is cut into pieces the tokens of the whole", () => {
    const { parts } = tokenizer as unknown as { parts: { cutter: (text: string) => Iterable<string> } };
    const seen = { parts: { ...parts, cutter: (text: string) => [text] } };
    const own = Object.create(TextTokenizer.prototype) as object;
    const uncut = Object.assign(own, tokenizer, seen) as unknown as TextTokenizer;
    const cuts = name !== "gemma2" && changes !== strips;
    expect([...parts.cutter("a film ".repeat(2000))].length > 3).toBe(cuts);
    fc.assert(
      fc.property(text, text, (some, more) => {
        const long = `${"a film ".repeat(580)}${some}${more.repeat(30)}`;
        expect([...tokenizer.encodeBare(long)]).toEqual([...uncut.encodeBare(long)]);
      }),
      { numRuns: 40 },
    );
  });
});

it("is not known where characters may vanish or become one token", async () => {
  const long = "a film ".repeat(1000);
  const without = (change: (vocabulary: Record<string, number>) => void) => (parts: Parts) => {
    const model = structuredClone(parts["model"]) as { vocab: Record<string, number> };
    change(model.vocab);
    return { model };
  };
  const known = async (...given: Parameters<typeof tokenizerOf>) => (await tokenizerOf(...given)).leastTokens(long) > 0;
  expect(
    await known(
      "gpt2",
      without((vocabulary) => delete vocabulary["Ā"]),
    ),
  ).toBe(false);
  expect(
    await known(
      "gemma2",
      without((vocabulary) => delete vocabulary["<0x0A>"]),
    ),
  ).toBe(false);
  expect(await known("gpt2", () => ({ normalizer: { type: "Strip", strip_left: true, strip_right: true } }))).toBe(
    false,
  );
  expect(await known("gpt2", () => ({ pre_tokenizer: { type: "WhitespaceSplit" } }))).toBe(false);
});
