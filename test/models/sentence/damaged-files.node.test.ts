import { describe, expect, it } from "vitest";
import { engineInfo } from "../../../ts/engine/engine.js";
import { LowrankError, ModelError } from "../../../ts/errors/errors.js";
import { bytesSource } from "../../../ts/io/byte-source.js";
import { modelSource } from "../../../ts/io/model-locator.js";
import { readSafetensors, writeSafetensors } from "../../../ts/io/safetensors/index.js";
import { readRequiredJson } from "../../../ts/io/model-source.js";
import { SentenceEncoder } from "../../../ts/models/sentence/sentence-encoder.js";
import { TextTokenizer } from "../../../ts/tokenize/text-tokenizer.js";
import { wordPieces } from "../../../ts/tokenize/models/word-piece.js";
import { tinyEncoder, tinyTokenizer } from "../tiny-encoder.js";

/** What a promise fails with, which must be one of ours and short. */
async function failure(promise: Promise<unknown>): Promise<LowrankError> {
  const error = await promise.then(
    () => new Error("nothing was thrown"),
    (thrown: unknown) => thrown as Error,
  );
  expect(error).toBeInstanceOf(LowrankError);
  expect(error.message.length).toBeLessThan(2000);
  return error as LowrankError;
}

const load = async (changes: Parameters<typeof tinyEncoder>[0]) => SentenceEncoder.load(await tinyEncoder(changes));

describe("config.json", () => {
  it.each<[string, object, RegExp]>([
    ["an inner size that the file does not have", { intermediate_size: 2 ** 26 }, /intermediate\.dense\.weight is \[/],
    ["more layers than the file has", { num_hidden_layers: 2 ** 30 }, /no tensor "bert\.encoder\.layer\.2\./],
    ["a larger vocabulary", { vocab_size: 2 ** 30 }, /word_embeddings\.weight is \[/],
    ["more positions", { max_position_embeddings: 2 ** 30 }, /position_embeddings\.weight is \[/],
    ["a size beyond 32 bits", { hidden_size: 2 ** 31 }, /hidden_size must be a whole number from 1 to 2147483647/],
    ["a size of 0", { intermediate_size: 0 }, /intermediate_size must be/],
    ["a fraction", { num_hidden_layers: 1.5 }, /num_hidden_layers must be/],
    ["a list as a size", { vocab_size: Array(1e6).fill(1) }, /vocab_size must be .*, got \[1,1,/],
    ["heads that do not divide", { num_attention_heads: 5 }, /no multiple of num_attention_heads 5/],
    ["one position", { max_position_embeddings: 1 }, /max_position_embeddings must be a whole number from 2/],
    ["an epsilon that float32 has not", { layer_norm_eps: 1e-300 }, /layer_norm_eps must be/],
    ["an epsilon that is none", { layer_norm_eps: "x".repeat(3e6) }, /layer_norm_eps must be/],
    ["a model type of megabytes", { model_type: "x".repeat(3e6) }, /model_type "xxx/],
  ])("with %s is refused before anything is allocated", async (_, config, message) => {
    const { used, peak } = engineInfo().memory;
    expect((await failure(load({ config }))).message).toMatch(message);
    expect(engineInfo().memory.used).toBe(used);
    expect(engineInfo().memory.peak).toBe(peak);
  });
});

describe("model.safetensors", () => {
  it("with values that are not finite is refused by name", async () => {
    const file = readSafetensors((await tinyEncoder())["model.safetensors"]!);
    const tensors = new Map(file.names.map((name) => [name, file.tensor(name)]));
    tensors.get("bert.encoder.layer.1.output.dense.bias")!.data[3] = NaN;
    const { used } = engineInfo().memory;
    const error = await failure(load({ weights: writeSafetensors(tensors) }));
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message).toMatch(/layer\.1\.output\.dense\.bias has 1 value that is not finite: NaN at \[3\], of 32/);
    expect(engineInfo().memory.used).toBe(used);
  });
});

describe("a source", () => {
  it("is closed whatever it holds", async () => {
    const files = await tinyEncoder();
    for (const bytes of [new TextEncoder().encode("[".repeat(20_000)), new Uint8Array([0xff]), new Uint8Array()]) {
      let open = 0;
      const source = {
        name: "m",
        async open(file: string) {
          if (!Object.hasOwn(files, file)) return null;
          const inner = bytesSource(file === "model.safetensors" ? bytes : files[file]!);
          open++;
          return { ...inner, close: async () => void open-- };
        },
      };
      await failure(readRequiredJson({ ...source, open: async () => source.open("model.safetensors") }, "config.json"));
      await failure(SentenceEncoder.load(source));
      expect(open).toBe(0);
    }
  });

  it("that gives other bytes than were asked for is refused", async () => {
    const lying = { name: "m", open: async () => ({ size: 1000, read: async () => new Uint8Array(3) }) };
    expect((await failure(SentenceEncoder.load(lying))).message).toMatch(/expected 1000 bytes from 0, got 3/);
  });
});

describe("tokenizer.json", () => {
  type Part = keyof ReturnType<typeof tinyTokenizer>;
  const tokenizer = async (changes: Partial<Record<Part, unknown>>, vocabularySize?: number, maxTokens = 32) =>
    TextTokenizer.load(
      await modelSource(await tinyEncoder({ tokenizer: { ...tinyTokenizer(), ...changes } })),
      maxTokens,
      vocabularySize,
    );
  const model = (changes: object) => ({ model: { ...tinyTokenizer().model, ...changes } });
  const { vocab } = tinyTokenizer().model;
  const ids = (...tokens: (keyof typeof vocab)[]) => tokens.map((token) => vocab[token]);

  it.each<[string, Partial<Record<Part, unknown>>, RegExp]>([
    ["no model", { model: null }, /expected model to be an object, got null/],
    ["another model", model({ type: "WordLevel" }), /the model "WordLevel" is not supported/],
    ["a vocabulary that is a list", model({ vocab: ["a"] }), /expected model\.vocab to be an object/],
    ["an id that is no number", model({ vocab: { ...vocab, x: "1" } }), /expected model\.vocab\.x to be a token's id/],
    ["a negative id", model({ vocab: { ...vocab, x: -1 } }), /got -1/],
    ["no prefix", model({ continuing_subword_prefix: null }), /continuing_subword_prefix to be a string/],
    ["a number for the unknown", model({ unk_token: 1 }), /expected model\.unk_token to be a string, got 1/],
    [
      "words without end",
      model({ max_input_chars_per_word: 2 ** 31 }),
      /a whole number from 1 to 1000, got 2147483648/,
    ],
    ["a piece without end", model({ vocab: { ...vocab, ["a".repeat(1000)]: 9 } }), /a piece of 1000 characters/],
    ["an unknown normalizer", { normalizer: { type: "X" } }, /the normalizer "X" is not supported/],
    ["a normalizer that is a text", { normalizer: "x" }, /expected normalizer\.type to be a string, got nothing/],
    ["a pattern without end", { normalizer: replace({ Regex: "(.+)+!" }) }, /several repetitions/],
    ["a pattern of many choices", { normalizer: replace({ Regex: "a?".repeat(30) + "!" }) }, /several repetitions/],
    ["an empty pattern", { normalizer: replace({ String: "" }) }, /not empty/],
    ["texts that explode", { normalizer: many(replace({ String: "a" }, "aaaa"), 10) }, /over 64 times as long/],
    ["steps without end", { normalizer: many({ type: "NFKC" }, 1000) }, /a list of at most 32/],
    ["an unknown pre-tokenizer", { pre_tokenizer: { type: "X" } }, /the pre-tokenizer "X" is not supported/],
    ["lengths of 0", { pre_tokenizer: { type: "FixedLength", length: 0 } }, /length to be a whole number from 1/],
    ["a template without a text", { post_processor: template([]) }, /has the text once/],
    ["a template that is none", { post_processor: template("x") }, /single to be a list/],
    ["a template with strange parts", { post_processor: template([3]) }, /single\[0\] to be an object/],
    ["added tokens that are none", { added_tokens: [null] }, /added_tokens\[0\] to be an object/],
    ["an added token without a text", { added_tokens: [{ id: 1 }] }, /content to be a string/],
    ["an added token without an id", { added_tokens: [{ content: "x" }] }, /id to be a whole number/],
    ["megabytes in a place", { normalizer: { type: "x".repeat(3e6) } }, /is not supported/],
  ])("with %s is refused when it is loaded", async (_, changes, message) => {
    const error = await failure(tokenizer(changes));
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message).toMatch(message);
  });

  function replace(pattern: object, content = "b") {
    return { type: "Replace", pattern, content };
  }
  function many(step: object, count: number) {
    return { type: "Sequence", normalizers: Array(count).fill(step) };
  }
  function template(single: unknown) {
    return { type: "TemplateProcessing", single };
  }

  it("that gives ids without a row is refused when one comes", async () => {
    const foreign = await tokenizer(model({ vocab: { ...vocab, film: 64 } }), 64);
    expect([...foreign.encode("a good x")]).toEqual(ids("[CLS]", "a", "good", "[UNK]", "[SEP]"));
    expect(() => foreign.encode("a film")).toThrow(
      /gives the token "film" the id 64; the model's vocabulary has 64 rows/,
    );
    await expect(
      tokenizer({ post_processor: template([{ SpecialToken: { id: "[X]" } }, { Sequence: { id: "A" } }]) }, 64),
    ).rejects.toThrow(/has no id for the token "\[X\]"/);
    const unknown = await tokenizer(model({ unk_token: "[NONE]" }), 64);
    expect(() => unknown.encode("x")).toThrow(/no id for the token "\[NONE\]", and none for unknown ones/);
  });

  it("without optional parts works", async () => {
    const bare = await tokenizer({
      normalizer: undefined,
      pre_tokenizer: undefined,
      post_processor: undefined,
      added_tokens: undefined,
      decoder: undefined,
    });
    expect([...bare.encode("good")]).toEqual(ids("good"));
    const old = await tokenizer(model({ type: undefined, max_input_chars_per_word: undefined }));
    expect([...old.encode("films")]).toEqual(ids("[CLS]", "film", "##s", "[SEP]"));
  });
});

it("WordPiece looks at no more pieces of a word than its letters times the longest piece", () => {
  const known = new Set(["a".repeat(200), "##a", "##x"]);
  let asked = 0;
  const pieces = { has: (piece: string) => (asked++, known.has(piece)), keys: () => known.keys() };
  const { split } = wordPieces(pieces, {
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 1000,
  });
  expect(split([`${"a".repeat(998)}x`])).toEqual(["a".repeat(200), ...Array(798).fill("##a"), "##x"]);
  expect(asked).toBeLessThanOrEqual(999 * 200);
  asked = 0;
  expect(split(["y".repeat(1000), "a".repeat(1001)])).toEqual(["[UNK]", "[UNK]"]);
  expect(asked).toBeLessThanOrEqual(200);
});
