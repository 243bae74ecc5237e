import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { modelSource } from "../../ts/io/model-locator.js";
import { TextTokenizer } from "../../ts/tokenize/text-tokenizer.js";
import { goldenJson } from "../golden.js";

type Parts = Record<string, unknown>;

const { charsmap } = await goldenJson<{ charsmap: string }>("tokenizers/precompiled.json");
const precompiled = { normalizer: { type: "Precompiled", precompiled_charsmap: charsmap } };
const asOneWord = { pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: false } };
const firstAlone = { type: "Metaspace", replacement: "▁", prepend_scheme: "first", split: true };
const firstOfWords = { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, firstAlone] };

const tokenizers: readonly (readonly [string, Parts])[] = [
  ["encoders/bert", {}],
  ["encoders/xlm-roberta", {}],
  ["encoders/xlm-roberta", precompiled],
  ["encoders/xlm-roberta", asOneWord],
  ["encoders/xlm-roberta", { pre_tokenizer: firstAlone }],
  ["encoders/xlm-roberta", { pre_tokenizer: firstOfWords }],
  ["encoders/bert-multilingual", {}],
  ["encoders/roberta", {}],
  ["encoders/eurobert", {}],
  ["decoders/qwen3", {}],
  ["decoders/mistral", {}],
];

async function tokenizerOf(name: string, changes: Parts, maxTokens: number): Promise<TextTokenizer> {
  const parts = await goldenJson<Parts>(`${name}/tokenizer.json`);
  const bytes = new TextEncoder().encode(JSON.stringify({ ...parts, ...changes }));
  return TextTokenizer.load(await modelSource({ "tokenizer.json": bytes }), maxTokens);
}

/** Pieces without white space, of which long words are made. */
const piece = fc.constantFrom(
  "a",
  "film",
  "the",
  "good",
  "é",
  "e\u0301",
  "漢",
  "字",
  "か",
  "\uac00",
  "ᄒ",
  "я",
  "1",
  "42",
  "'s",
  "!?",
  "。",
  "X",
  "<mask>",
  "[MASK]",
  "\u{1f469}\u200d",
  "\ud83d",
  "▁",
  "ﬁ",
  "Σ",
);
const space = fc.constantFrom(" ", "  ", "\n", "\n \n", "\u3000");
const word = fc
  .tuple(fc.array(piece, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 1500 }))
  .map(([pieces, times]) => pieces.join("").repeat(times).slice(0, 14_000));
const text = fc
  .array(fc.oneof({ weight: 5, arbitrary: word }, space), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(""));

describe.each(tokenizers.map((one, i) => [i, ...one] as const))("tokenizer %i, %s", async (_, name, changes) => {
  const tokenizer = await tokenizerOf(name, changes, 1e6);
  const short = tokenizer.with(40, false);
  const { parts } = tokenizer as unknown as {
    parts: { subwords: { encode(text: string): { ids: readonly (number | undefined)[] } } };
  };

  it("gives long words the tokens that they have at once", () => {
    fc.assert(
      fc.property(text, (value) => {
        const { ids } = parts.subwords.encode(value);
        // As texts, which compare faster than lists of some thousand numbers.
        expect(tokenizer.encodeBare(value).join()).toBe(ids.join());
        expect(tokenizer.ownIds(value, 38)).toEqual(ids.slice(0, 38));
        expect(short.measure(value, Infinity).tokens - short.measure("", Infinity).tokens).toBe(ids.length);
      }),
      { numRuns: 30, seed: 11 },
    );
  });
});

it("keeps words of white space apart that end a part of a long text", async () => {
  const { model } = await goldenJson<{ model: { vocab: Record<string, number>; merges: unknown[] } }>(
    "encoders/eurobert/tokenizer.json",
  );
  // Two tabs in one word are one token, and two in words of their own are two.
  const vocab = { ...model.vocab, ĉĉ: Math.max(...Object.values(model.vocab)) + 1 };
  const merges = [...model.merges, typeof model.merges[0] === "string" ? "ĉ ĉ" : ["ĉ", "ĉ"]];
  const tokenizer = await tokenizerOf("encoders/eurobert", { model: { ...model, vocab, merges } }, 1e6);
  const few = tokenizer.encodeBare("1\t\t".repeat(10) + "1");
  expect(tokenizer.encodeBare("\t\t").length).toBe(1);
  expect(few.length).toBe(31);
  expect(tokenizer.encodeBare("1\t\t".repeat(7000) + "1").length).toBe(21_001);
  expect(tokenizer.encodeBare("1\t\t" + "a".repeat(9000)).slice(0, 3)).toEqual(few.slice(0, 3));
});

it("looks at no more of a long word than its first tokens need", async () => {
  for (const [name, changes] of tokenizers.filter(([name]) => name !== "encoders/bert")) {
    const tokenizer = (await tokenizerOf(name, changes, 40)).with(40, false);
    const { parts } = tokenizer as unknown as {
      parts: { subwords: { encodeLong(text: string): Iterator<{ tokens: readonly string[] }, void> } };
    };
    const long = "film".repeat(100_000);
    let tokens = 0;
    const all = parts.subwords.encodeLong.bind(parts.subwords);
    parts.subwords.encodeLong = function* (text) {
      const some = all(text);
      for (let step = some.next(); step.done !== true; step = some.next()) {
        tokens += step.value.tokens.length;
        yield step.value;
      }
    };
    expect(tokenizer.encode(long).length, name).toBe(40);
    expect(tokens, name).toBeLessThan(20_000);
  }
});

it("works in steps, so that a caller can pause", async () => {
  for (const [name, changes] of tokenizers.filter(([name]) => name !== "encoders/bert")) {
    const tokenizer = await tokenizerOf(name, changes, 1e6);
    let steps = 0;
    for (const _ of tokenizer.encodeSteps("film".repeat(100_000))) steps++;
    expect(steps, name).toBeGreaterThan(20);
  }
});
