import { describe, expect, it } from "vitest";
import { bytesSource, type GgufValue, ModelError, openGguf, UnsupportedError } from "../../../ts/index.js";
import { modelSource } from "../../../ts/io/model-source.js";
import { ggufTokenizer } from "../../../ts/tokenize/gguf-tokenizer.js";
import { TextTokenizer } from "../../../ts/tokenize/text-tokenizer.js";
import { goldenBytes, goldenJson } from "../../golden.js";

const json = (value: object) => new TextEncoder().encode(JSON.stringify(value));

async function rebuilt(name: string) {
  const file = await openGguf(bytesSource(await goldenBytes(`gguf/tokenizers/${name}.gguf`)));
  const { tokenizer, config } = ggufTokenizer(file)!;
  const source = await modelSource({ "tokenizer.json": json(tokenizer), "tokenizer_config.json": json(config) });
  return { config, tokenizer: await TextTokenizer.load(source, 4096) };
}

it.each(["gpt-2", "smollm", "llama-bpe", "qwen2", "default", "pieces"])(
  "%s: the ids that the tokenizer has which the file was made of",
  async (name) => {
    const { tokenizer, config } = await rebuilt(name);
    const { texts, ids } = await goldenJson<{ texts: string[]; ids: number[][] }>(`gguf/tokenizers/${name}.json`);
    expect(texts.map((text) => [text, [...tokenizer.encode(text)]])).toEqual(texts.map((text, i) => [text, ids[i]]));
    expect(config).toEqual({
      ...{ bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>", pad_token: "<pad>" },
      chat_template: "{{ messages }}",
    });
  },
);

describe("refuses metadata that make no tokenizer", () => {
  const fine: Record<string, GgufValue> = {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "gpt-2",
    "tokenizer.ggml.tokens": ["a", "b", "ab"],
    "tokenizer.ggml.merges": ["a b"],
  };
  const of = (changes: Record<string, GgufValue | undefined>) => {
    const all = Object.entries({ ...fine, ...changes }).filter(([, value]) => value !== undefined);
    return ggufTokenizer({ metadata: new Map(all as [string, GgufValue][]) });
  };

  it("and takes what is left out", () => {
    expect(of({})).not.toBe(null);
    expect(of({ "tokenizer.ggml.model": undefined })).toBe(null);
  });

  it.each<[Record<string, GgufValue | undefined>, RegExp]>([
    [{ "tokenizer.ggml.tokens": undefined }, /tokenizer\.ggml\.tokens must be a list of strings, got undefined/],
    [{ "tokenizer.ggml.tokens": Int32Array.of(1) }, /tokens must be a list of strings/],
    [{ "tokenizer.ggml.merges": ["a", 2] }, /merges must be a list of strings/],
    [{ "tokenizer.ggml.token_type": Int32Array.of(1) }, /token_type must be a list of 3 32-bit integers/],
    [{ "tokenizer.ggml.bos_token_id": 3 }, /bos_token_id must be an id below 3, got 3/],
    [{ "tokenizer.ggml.add_bos_token": 1 }, /add_bos_token must be true or false, got 1/],
    [{ "tokenizer.ggml.model": "llama" }, /scores must be a list of 3 numbers/],
  ])("%j", (changes, message) => {
    expect(() => of(changes)).toThrow(ModelError);
    expect(() => of(changes)).toThrow(message);
  });

  it.each([{ "tokenizer.ggml.model": "rwkv" }, { "tokenizer.ggml.pre": "tekken" }, { "tokenizer.ggml.pre": 7 }])(
    "%j is not supported",
    (changes) => expect(() => of(changes)).toThrow(UnsupportedError),
  );
});
