import { expect, it } from "vitest";
import { modelSource } from "../../ts/io/model-locator.js";
import { TextTokenizer } from "../../ts/tokenize/text-tokenizer.js";
import { goldenJson } from "../golden.js";

interface Case {
  readonly model: { readonly type: string };
  readonly texts: readonly string[];
  readonly ids: readonly (readonly number[])[];
}
const cases = await goldenJson<readonly Case[]>("tokenizers/pieces.json");

it.each([...cases.entries()])("splits words as the tokenizers library does: model %i", async (_, one) => {
  const { model, texts, ids } = one;
  const parts = {
    added_tokens: [],
    normalizer: null,
    post_processor: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    model,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(parts));
  const tokenizer = await TextTokenizer.load(await modelSource({ "tokenizer.json": bytes }), 10_000);
  const found = texts.map((text) => [text, [...tokenizer.encode(text)]]);
  expect(found).toEqual(texts.map((text, i) => [text, ids[i]]));
});
