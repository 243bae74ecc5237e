import { expect, it } from "vitest";
import { modelSource } from "../../ts/io/model-locator.js";
import { TextTokenizer } from "../../ts/tokenize/text-tokenizer.js";
import { goldenJson } from "../golden.js";

interface Steps {
  pieces: string[];
  texts: string[];
  cases: { name: string; normalizer: unknown; pre_tokenizer: unknown; ids: number[][] }[];
}

const { pieces, texts, cases } = await goldenJson<Steps>("tokenizers/steps.json");

async function load(steps: object): Promise<TextTokenizer> {
  const json = {
    added_tokens: [],
    post_processor: null,
    ...steps,
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(pieces.map((piece, i) => [piece, i])),
    },
  };
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  return TextTokenizer.load(await modelSource({ "tokenizer.json": bytes }), 10_000);
}

it.each(cases)("takes a text apart as the tokenizers library does: $name", async ({ name: _, ids, ...steps }) => {
  const tokenizer = await load(steps);
  const found = texts.map((text) => [text, [...tokenizer.encode(text)]]);
  expect(found).toEqual(texts.map((text, i) => [text, ids[i]]));
});

it("refuses a way of treating punctuation that there is not", async () => {
  const loaded = load({ normalizer: null, pre_tokenizer: { type: "Punctuation", behavior: "isolated" } });
  await expect(loaded).rejects.toThrow(/expected pre_tokenizer.behavior to be "Isolated" or "Contiguous"/);
});
