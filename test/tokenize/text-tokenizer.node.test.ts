import { Tokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { modelSource } from "../../ts/io/model-locator.js";
import type { JsonObject } from "../../ts/tokenize/checks.js";
import { useRustSteps } from "../../ts/tokenize/rust-steps.js";
import { TextTokenizer } from "../../ts/tokenize/text-tokenizer.js";
import { goldenJson } from "../golden.js";
import { miniLM } from "../models/minilm.js";

type Json = Record<string, unknown>;
const files = await miniLM();
const original = JSON.parse(new TextDecoder().decode(files["tokenizer.json"])) as Json;
const pieces = (original["model"] as { vocab: Record<string, number> }).vocab;

/** A file of some changed parts. The vocabulary has capitals and accents too, so that every flag shows. */
function tokenizerJson(changes: Json = {}): Json {
  const extra = ["A", "B", "Σ", "σ", "ς", "##Σ", "##σ", "##ς", "é", "##é", "##\u0301", "##\u200b", "\u0301"];
  const vocab = { ...pieces, ...Object.fromEntries(extra.map((piece, i) => [piece, 40_000 + i])) };
  return { ...original, truncation: null, padding: null, model: { ...(original["model"] as Json), vocab }, ...changes };
}

async function load(json: Json, maxTokens: number, vocabularySize?: number) {
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  return TextTokenizer.load(await modelSource({ "tokenizer.json": bytes }), maxTokens, vocabularySize);
}

/** What the library makes of the whole text, cut as transformers cuts. */
function whole(library: Tokenizer, text: string, maxTokens: number): number[] {
  const { ids } = library.encode(text);
  return ids.length <= maxTokens ? ids : [...ids.slice(0, maxTokens - 1), ids.at(-1)!];
}

const normalizer = (changes: Json) => ({ ...(original["normalizer"] as Json), ...changes });
const added = (content: string, changes: Json = {}) => ({
  content,
  id: 45_000 + content.length,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: false,
  ...changes,
});
const variants: Record<string, Json> = {
  "MiniLM's own": {},
  "with capitals": { normalizer: normalizer({ lowercase: false }) },
  "with capitals, without accents": { normalizer: normalizer({ lowercase: false, strip_accents: true }) },
  "with accents": { normalizer: normalizer({ strip_accents: false }) },
  "with Chinese words": { normalizer: normalizer({ handle_chinese_chars: false }) },
  "not cleaned": { normalizer: normalizer({ clean_text: false }) },
  "without a normalizer": { normalizer: null },
  "with added tokens": {
    added_tokens: [
      ...(original["added_tokens"] as Json[]),
      added("<a>"),
      added("...", { rstrip: true }),
      added("!!a!"),
      added("中", { lstrip: true }),
    ],
  },
  "with added words": {
    added_tokens: [...(original["added_tokens"] as Json[]), added("ab", { normalized: true }), added("é")],
  },
  "parted at white space": {
    normalizer: {
      type: "Sequence",
      normalizers: [{ type: "NFKC" }, { type: "Replace", pattern: { Regex: " {2,}" }, content: " " }],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [{ type: "WhitespaceSplit" }, { type: "Metaspace", replacement: "_" }],
    },
  },
  "byte-level": await goldenJson<Json>("encoders/roberta/tokenizer.json"),
  "byte-level, with a space before": {
    ...(await goldenJson<Json>("encoders/roberta/tokenizer.json")),
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  },
  "parted in an unknown way": { pre_tokenizer: { type: "Punctuation" } },
};

/** What texts go wrong with: pieces that meet at any place. */
const awkward = [
  "a",
  "ab",
  "AB",
  "é",
  "e\u0301",
  "\u0301",
  "\u0301\u0316",
  "\u0345",
  "Σ",
  "σ",
  "ΑΣ",
  "İ",
  "ß",
  "ŉ",
  "ﬁ",
  "Å",
  "中",
  "文字",
  "\u3400",
  "豈",
  "\u{20000}",
  "한국",
  "각",
  "\u{1f600}",
  "\u{1f468}\u200d\u{1f469}",
  "\u200b",
  "\u00ad",
  "\ufeff",
  "\ufffd",
  "\0",
  "\x07",
  "\x0b",
  "\x85",
  " ",
  "  ",
  "\n",
  "\t",
  "\r\n",
  "\u00a0",
  "\u3000",
  "\u2028",
  ".",
  "...",
  "'",
  "’",
  ":",
  "·",
  "^",
  "`",
  "!",
  "!!",
  ",",
  "-",
  "—",
  "…",
  "。",
  "$",
  "€",
  "+",
  "≠",
  "`",
  "1",
  "٣",
  "²",
  "[CLS]",
  "[SEP",
  "]",
  "[MASK]",
  "<a>",
  "<",
  "a>",
  "!!a!",
  "\ud83d",
  "\ude00",
  "\u0903",
  "\u1d165",
];
const run = fc.tuple(
  fc.constantFrom(...awkward),
  fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.constantFrom(40, 140, 2500, 9000)),
);
const text = fc
  .tuple(fc.array(run, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 60 }))
  .map(([runs, times]) =>
    runs
      .map(([piece, count]) => piece.repeat(count))
      .join("")
      .repeat(times)
      .slice(0, 24_000),
  )
  // More marks in a row are refused, unless they are taken away.
  .filter((value) => !/\p{M}{900}/u.test(value));

it("no letter but sigma is lowercased by what stands around", () => {
  const all = Array.from({ length: 0x110000 }, (_, code) => String.fromCodePoint(code));
  const capitals = all.filter((character) => character !== character.toLowerCase());
  const around = [
    ["a", ""],
    ["a", "a"],
    ["i", "\u0307"],
    ["a.", " "],
  ] as const;
  const others = capitals.filter((character) => {
    const alone = character.toLowerCase();
    return around.some(([before, after]) => (before + character + after).toLowerCase() !== before + alone + after);
  });
  expect(others).toEqual(["Σ"]);
});

describe("encode gives what the whole text would", () => {
  it.each(Object.keys(variants))("%s", async (name) => {
    const json = tokenizerJson(variants[name]);
    const library = new Tokenizer(json, {});
    useRustSteps(library, json as JsonObject);
    for (const maxTokens of [20_000, 40]) {
      const tokenizer = await load(json, maxTokens);
      fc.assert(
        fc.property(text, (value) => {
          expect([...tokenizer.encode(value)]).toEqual(whole(library, value, maxTokens));
        }),
        { numRuns: 25, seed: 3 },
      );
    }
  });
});
