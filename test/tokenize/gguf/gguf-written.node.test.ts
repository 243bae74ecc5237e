import { describe, expect, it } from "vitest";
import { bytesSource, openGguf, UnsupportedError } from "../../../ts/index.js";
import { writeGguf } from "../../../ts/io/gguf/write.js";
import type { Json } from "../../../ts/io/json.js";
import { ggufEnds, ggufTokenizer } from "../../../ts/tokenize/gguf/gguf-tokenizer.js";
import { ggufTokenizerValues, type TokenizerFiles } from "../../../ts/tokenize/gguf/gguf-tokenizer-values.js";
import { goldenBytes, goldenJson } from "../../golden.js";

type JsonObject = { readonly [key: string]: Json };

/** Files of the golden tokenizer of a name. */
async function filesOf(name: string): Promise<TokenizerFiles> {
  const file = await openGguf(bytesSource(await goldenBytes(`gguf/tokenizers/${name}.gguf`)));
  const { tokenizer, config } = JSON.parse(JSON.stringify(ggufTokenizer(file))) as Record<string, JsonObject>;
  const { chat_template, ...settings } = config!;
  const tokens = file.metadata.get("tokenizer.ggml.tokens") as string[];
  const own = { tokenizer: tokenizer!, settings, config: {}, chatTemplate: chat_template as string };
  return { ...own, ends: ggufEnds(file), vocabularySize: tokens.length };
}

const written = async (files: TokenizerFiles) =>
  openGguf(bytesSource(writeGguf(ggufTokenizerValues(files).values, [])));

it.each(["gpt-2", "smollm", "llama-bpe", "qwen2", "qwen35", "gpt-4o", "tekken", "default", "pieces"])(
  "%s: read as it was written",
  async (name) => {
    const files = await filesOf(name);
    const file = await written(files);
    const { tokenizer, config } = JSON.parse(JSON.stringify(ggufTokenizer(file))) as Record<string, JsonObject>;
    expect(tokenizer).toEqual(files.tokenizer);
    expect(config).toEqual({ ...files.settings, chat_template: files.chatTemplate });
    expect(ggufEnds(file)).toEqual(files.ends);
    const before = await openGguf(bytesSource(await goldenBytes(`gguf/tokenizers/${name}.gguf`)));
    for (const key of ["model", "tokens", "merges", "bos_token_id", "eos_token_id"])
      expect(file.metadata.get(`tokenizer.ggml.${key}`)).toEqual(before.metadata.get(`tokenizer.ggml.${key}`));
    // Byte-level BPE has no unknown token: there it is a special one as others are.
    const kinds = [file, before].map(({ metadata }) => metadata.get("tokenizer.ggml.token_type") as Int32Array);
    const [own, other] = kinds.map((types) => types.map((type) => (type === 2 && name !== "pieces" ? 3 : type)));
    expect(own).toEqual(other);
  },
);

it("rows without a token are called so, and ends that no reader would find are named", async () => {
  const files = await filesOf("gpt-2");
  const { vocabularySize } = files;
  const file = await written({ ...files, vocabularySize: vocabularySize + 2, ends: [5, ...files.ends, 7] });
  const [tokens, types] = ["tokens", "token_type"].map((key) => file.metadata.get(`tokenizer.ggml.${key}`));
  expect((tokens as string[]).slice(-2)).toEqual([`[PAD${vocabularySize}]`, `[PAD${vocabularySize + 1}]`]);
  expect((types as Int32Array).slice(-2)).toEqual(Int32Array.of(5, 5));
  expect(new Set(ggufEnds(file))).toEqual(new Set([5, ...files.ends, 7]));
});

describe("refuses what has no name", () => {
  it.each<[object, RegExp]>([
    [{ pre_tokenizer: { type: "Whitespace" } }, /pre_tokenizer \{"type":"Whitespace"\} has no name in GGUF files/],
    [{ model: { type: "WordPiece", vocab: {} } }, /model "WordPiece" has no name/],
    [{ post_processor: { type: "BertProcessing" } }, /post_processor "BertProcessing" has no name/],
  ])("%j", async (changes, message) => {
    const files = await filesOf("gpt-2");
    const values = () => ggufTokenizerValues({ ...files, tokenizer: { ...files.tokenizer, ...changes } });
    expect(values).toThrow(UnsupportedError);
    expect(values).toThrow(message);
  });

  it("a merge that scores would give is told of", async () => {
    const tokenizer = await goldenJson<JsonObject>("decoders/llama_yarn/tokenizer.json");
    const { vocab_size: vocabularySize } = await goldenJson<{ vocab_size: number }>("decoders/llama_yarn/config.json");
    const files = {
      tokenizer,
      settings: {},
      config: { bos_token_id: 1 },
      ends: [],
      chatTemplate: null,
      vocabularySize,
    };
    expect(ggufTokenizerValues(files).notes).toEqual([expect.stringMatching(/lacks 1 of the merges/)]);
  });

  it("pieces whose merges come in another order than scores could give", async () => {
    const files = await filesOf("pieces");
    const model = files.tokenizer["model"] as { merges: Json[] };
    const merges = [model.merges.at(-1)!, ...model.merges.slice(0, -2)];
    const tokenizer = { ...files.tokenizer, model: { ...model, merges } as Json };
    expect(() => ggufTokenizerValues({ ...files, tokenizer })).toThrow(/the order of its merges has no name/);
  });

  it("composed characters are told of where a name does not say them", async () => {
    const files = await filesOf("gpt-2");
    const tokenizer = { ...files.tokenizer, normalizer: { type: "NFC" } };
    const { notes, values } = ggufTokenizerValues({ ...files, tokenizer });
    expect([values.get("tokenizer.ggml.pre"), notes.length, notes[0]]).toEqual([
      "gpt-2",
      1,
      expect.stringMatching(/composes characters \(NFC\) first/),
    ]);
  });
});
