import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SentenceEncoder } from "../../ts/index.js";
import { TextTokenizer } from "../../ts/tokenize/text-tokenizer.js";
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
