import { expect, it } from "vitest";
import { modelSource } from "../../ts/io/model-locator.js";
import { TextTokenizer } from "../../ts/tokenize/text-tokenizer.js";
import { goldenJson } from "../golden.js";

interface Golden {
  readonly models: Readonly<Record<string, object>>;
  readonly cases: readonly {
    readonly parts: { readonly model: string };
    readonly texts: readonly string[];
    readonly ids: readonly (readonly number[])[];
  }[];
}
const { models, cases } = await goldenJson<Golden>("tokenizers/added.json");

it.each([...cases.entries()])("finds added tokens as the tokenizers library does: %i", async (_, one) => {
  const { parts, texts, ids } = one;
  const bytes = new TextEncoder().encode(JSON.stringify({ ...parts, model: models[parts.model] }));
  const tokenizer = await TextTokenizer.load(await modelSource({ "tokenizer.json": bytes }), 10_000);
  const found = texts.map((text) => [text, [...tokenizer.encode(text)]]);
  expect(found).toEqual(texts.map((text, i) => [text, ids[i]]));
});
