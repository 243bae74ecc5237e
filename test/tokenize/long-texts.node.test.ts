import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SentenceEncoder } from "../../ts/index.js";
import { TextTokenizer } from "../../ts/tokenize/text-tokenizer.js";
import { Tokenizer } from "@huggingface/tokenizers";
import { AddedTokens } from "../../ts/tokenize/added-tokens.js";
import type { JsonObject } from "../../ts/tokenize/checks.js";
import { longTexts } from "../../ts/tokenize/long-texts.js";
import { wordPieces } from "../../ts/tokenize/models/word-piece.js";
import { type NormalizerStep, useRustSteps } from "../../ts/tokenize/rust-steps.js";
import { cutAt, normalizerPlaces } from "../../ts/tokenize/text-pieces.js";
import { atOnce } from "../../ts/waiting/next-task.js";
import { goldenJson } from "../golden.js";
import { goldenEncoder } from "../models/golden-encoder.js";

const { charsmap } = await goldenJson<{ charsmap: string }>("tokenizers/precompiled.json");
const precompiled = { type: "Precompiled", precompiled_charsmap: charsmap };
const oneSpace = { type: "Replace", pattern: { Regex: " {2,}" }, content: " " };
const replace = (text: string) => ({ type: "Replace", pattern: { String: text }, content: '"' });
const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true };
const sequence = (list: string, steps: object[]) => ({ type: "Sequence", [list]: steps });
const added = (id: number, content: string, more: object) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
  ...more,
});

/** Steps of the tokenizers of published models. */
const steps = {
  albert: {
    normalizer: sequence("normalizers", [
      replace("``"),
      replace("''"),
      { type: "NFKD" },
      { type: "StripAccents" },
      { type: "Lowercase" },
      precompiled,
      oneSpace,
    ]),
    pre_tokenizer: sequence("pretokenizers", [{ type: "WhitespaceSplit" }, metaspace]),
    unknown: {},
  },
  "xlm-roberta": {
    normalizer: precompiled,
    pre_tokenizer: sequence("pretokenizers", [{ type: "WhitespaceSplit" }, metaspace]),
    unknown: {},
  },
  "deberta-v3": {
    normalizer: sequence("normalizers", [
      { type: "Strip", strip_left: true, strip_right: true },
      precompiled,
      oneSpace,
    ]),
    pre_tokenizer: sequence("pretokenizers", [metaspace]),
    unknown: { normalized: true },
  },
};

async function encoderWith(name: keyof typeof steps) {
  const files = await goldenEncoder("xlm-roberta");
  const json = JSON.parse(new TextDecoder().decode(files["tokenizer.json"])) as { added_tokens: { id: number }[] };
  const { unknown, ...given } = steps[name];
  const added_tokens = [
    ...json.added_tokens.map((token, i) => (i === 0 ? { ...token, ...unknown } : token)),
    added(7, "[MASK]", { lstrip: true }),
  ];
  const made = { ...json, ...given, added_tokens };
  const config = { remove_space: true };
  const write = (value: object) => new TextEncoder().encode(JSON.stringify(value));
  return SentenceEncoder.load({ ...files, "tokenizer.json": write(made), "tokenizer_config.json": write(config) });
}

describe.each(Object.keys(steps) as (keyof typeof steps)[])("the steps of %s", (name) => {
  it("cut a long text's end off in time that goes with its length", async () => {
    using encoder = await encoderWith(name);
    for (const word of ["a film é ", "漢字と", "e\u0301", "\u{1f469}\u200d", "a\u200b b\u3000"]) {
      const text = word.repeat(80_000 / word.length);
      // The processor's time, which other programs do not change: 1.5 s, where time that grows with the square takes minutes.
      const start = process.cpuUsage();
      const [ids] = encoder.tokenize([text]);
      expect(process.cpuUsage(start).user, word).toBeLessThan(1_500_000);
      expect(ids!.length).toBe(encoder.tokenizer.maxTokens);
    }
  });

  it("give a text that is cut into pieces the tokens of the whole", async () => {
    using encoder = await encoderWith(name);
    const { tokenizer } = encoder;
    const whole = tokenizer.with(1e6, false);
    const { parts } = whole as unknown as { parts: { cutter: (text: string) => Iterable<string> } };
    expect([...parts.cutter("a film ".repeat(2000))].length).toBeGreaterThan(3);
    const seen = { parts: { ...parts, cutter: (text: string) => [text] } };
    const uncut = Object.assign(
      Object.create(TextTokenizer.prototype) as object,
      whole,
      seen,
    ) as unknown as TextTokenizer;
    const piece = fc.constantFrom(
      "a",
      "film",
      " ",
      "  ",
      "\t",
      "\n",
      "\u3000",
      "\u200b",
      "\u0085",
      "\ufe70",
      "é",
      "e\u0301",
      " \u0301",
      "``",
      "'",
      "漢",
      "[MASK]",
      "<unk>",
      "\u0600",
      "▁",
      "\u{1f469}\u200d",
      ".",
      "\u00a0",
      "ß",
      "\u00a8",
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 200 }),
        fc.array(piece, { minLength: 1, maxLength: 12 }),
        (some, more) => {
          const text = `${"a film ".repeat(580)}${some.join("")}${more.join("").repeat(300)}`;
          expect([...whole.encode(text)]).toEqual([...uncut.encode(text)]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** The library's steps, with the number of characters that each call of them sees. */
function countedSteps(normalizer: object | null, pre_tokenizer: object) {
  const parts = {
    normalizer,
    pre_tokenizer,
    added_tokens: [],
    post_processor: null,
    decoder: null,
    model: { type: "WordPiece", unk_token: "?", continuing_subword_prefix: "##", vocab: { "?": 0, a: 1, "▁": 2 } },
  } as unknown as JsonObject;
  const tokenizer = new Tokenizer(parts, {});
  useRustSteps(tokenizer, parts);
  const seen = { characters: 0 };
  const count = (step: NormalizerStep) => {
    for (const one of step.normalizers ?? []) count(one);
    // The ends of a text are stripped by one loop over white space alone.
    const isStrip = (step as unknown as { config?: { type?: string } }).config?.type === "Strip";
    if (step.normalizers !== undefined || step.normalizeSteps !== undefined || isStrip) return;
    const own = step.normalize.bind(step);
    step.normalize = (text) => {
      seen.characters += text.length;
      return own(text);
    };
  };
  const steps = tokenizer.normalizer as NormalizerStep | null;
  if (steps !== null) count(steps);
  const words = wordPieces(tokenizer.model!.tokens_to_ids, parts["model"] as JsonObject);
  const wordsOf = (text: string) => {
    const made = tokenizer.pre_tokenizer!(text, { section_index: 0 });
    // A single word of any length is one search of the platform.
    if (made.length > 1) seen.characters += text.length;
    return made;
  };
  const model = {
    split: (some: readonly string[]) => {
      seen.characters += some.reduce((sum, { length }) => sum + length, 0);
      return words.split(some);
    },
    long: () => {
      const next = words.long();
      return (part: string, ends: boolean) => {
        seen.characters += part.length;
        return next(part, ends);
      };
    },
  };
  const long = longTexts({ parts, normalizer: steps, wordsOf, model });
  const whole = (text: string) =>
    words.split(tokenizer.pre_tokenizer!(steps === null ? text : steps.normalize(text), { section_index: 0 }));
  return { long, seen, whole, added: new AddedTokens([], (text) => (steps === null ? text : steps.normalize(text))) };
}

describe.each(Object.keys(steps) as (keyof typeof steps)[])("steps of long texts as %s has them", (name) => {
  const { normalizer, pre_tokenizer } = steps[name];

  it("see some thousand characters each, whatever the text", () => {
    // Runs of what a Replace looks for are replaced at once, by the platform.
    const hostile = ["\n", "\r\n", "a ", "▁", "\u{1f600}", "\u{1f469}\u200d", "\ufdfa", "Σ", "e\u0301", "漢"];
    for (const unit of hostile) {
      const { long, seen, added } = countedSteps(normalizer, pre_tokenizer);
      const text = unit.repeat(100_000 / unit.length);
      let [most, count] = [0, 0];
      for (const _ of added.encodeLong(text, long, () => 0)) {
        most = Math.max(most, seen.characters);
        seen.characters = 0;
        count++;
      }
      // A piece becomes up to 18 times as long.
      expect(most, JSON.stringify(unit)).toBeLessThan(unit === "\ufdfa" ? 80_000 : 16_400);
      if (unit.trim() !== "") expect(count, JSON.stringify(unit)).toBeGreaterThan(20);
    }
  });

  it("give the tokens that a text has at once", () => {
    const { long, whole, added } = countedSteps(normalizer, pre_tokenizer);
    const unit = fc.constantFrom(
      " ",
      "  ",
      "\n",
      "\r\n",
      "\u3000",
      "a",
      "é",
      "e\u0301",
      "▁",
      "``",
      "'",
      "\ud83d",
      "ﬁ",
      "가",
      "\u{1f469}\u200d",
    );
    const run = fc.tuple(fc.array(unit, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 4000 }));
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 4 }), (runs) => {
        const text = runs.map(([units, times]) => units.join("").repeat(times)).join("");
        const tokens: string[] = [];
        for (const some of added.encodeLong(text, long, () => 0)) for (const token of some.tokens) tokens.push(token);
        expect(tokens.join("\0") === whole(text).join("\0")).toBe(true);
      }),
      { numRuns: 25, seed: 5 },
    );
  });
});

const normalizerTypes = ["NFC", "NFD", "NFKC", "NFKD", "StripAccents", "Lowercase"].map((type) => ({ type }));
const bert = {
  type: "BertNormalizer",
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents: true,
  lowercase: true,
};

it.each([...normalizerTypes, bert, replace("``"), oneSpace])("$type of pieces is that of the text", (normalizer) => {
  const places = normalizerPlaces(normalizer)!;
  const tokenizer = countedSteps(normalizer, { type: "WhitespaceSplit" });
  const normalize = (text: string) => atOnce(tokenizer.long.normalize(text));
  const unit = fc.constantFrom(
    "a",
    "`",
    "``",
    " ",
    "   ",
    "\r\n",
    "e",
    "\u0301",
    "\u0323",
    "\u0345",
    "Σ",
    "σς",
    "İ",
    "ᄒ",
    "ᅡ",
    "ᆨ",
    "가",
    "ｶ",
    "\uff9e",
    "\u{1f469}",
    "\ud83d",
    "\ude00",
    "क",
    "\u09c7",
    "\u09be",
    "\ufdfa",
    "漢",
    "ﬁ",
    "\u200d",
    "\u{1f3fd}",
    "\u{1d15e}",
    "\u0f73",
    "\u{16d63}",
    "\u{16d67}",
  );
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 60 }), fc.integer({ min: 2, max: 5 }), (units, piece) => {
      const text = units.join("");
      const pieces = [...cutAt(text, places, piece)];
      expect(pieces.join("")).toBe(text);
      expect(pieces.map(normalize).join("")).toBe(normalize(text));
    }),
    { numRuns: 1000, seed: 3 },
  );
});

it("no character before which a text is cut joins or reorders with what comes before, in the whole of Unicode", () => {
  const places = normalizerPlaces({ type: "NFKC" })!;
  const place = new RegExp(`^${places.source}$`, "u");
  const isPlace = (character: string) => place.test(character);
  const strange: string[] = [];
  for (let code = 0; code < 0x110000; code++) {
    const character = String.fromCodePoint(code);
    const [, ...joined] = character.normalize("NFD");
    for (const second of joined) if (isPlace(second)) strange.push(second);
    const [first] = character.normalize("NFKD");
    if (isPlace(character) && !isPlace(first!)) strange.push(character);
  }
  expect(strange).toEqual([]);
});
