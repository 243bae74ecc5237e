import { describe, expect, it } from "vitest";
import { UnsupportedError } from "../../../ts/errors/errors.js";
import { decoderPlan } from "../../../ts/models/decoders.js";
import { ggufConfig } from "../../../ts/models/gguf/source.js";

const sizes = {
  vocab_size: 97,
  hidden_size: 32,
  intermediate_size: 56,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
  rope_theta: 10_000,
};
const llama3 = { rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4 };
const longrope = { rope_type: "longrope", short_factor: [1, 1.1, 1.2, 1.3], long_factor: [2, 3, 4, 5] };
const original = (length: number) => ({ original_max_position_embeddings: length });
const gemma = { head_dim: 8, rope_theta: 500, layer_types: ["sliding_attention", "full_attention"] };

/** As a file would have it: what is undefined is left out. */
const configOf = (type: string, more: object) =>
  decoderPlan(JSON.parse(JSON.stringify({ ...sizes, model_type: type, ...more })) as Record<string, unknown>).config;

describe("rotations are transformers'", () => {
  const yarn = [1, 0.025, 0.0025, 0.00025];
  const long = [1, 0.0909091, 0.00833333, 0.000769231];
  // Frequencies and factor of the last layer, as transformers 5.24 has them for these configurations.
  it.each<[string, string, object, number[], number]>([
    [
      "yarn",
      "llama",
      { rope_scaling: { rope_type: "yarn", factor: 4, ...original(32) }, ...original(16) },
      yarn,
      1.1386294,
    ],
    [
      "yarn without a factor",
      "llama",
      { rope_scaling: { rope_type: "yarn", factor: null, ...original(16) } },
      yarn,
      1.1386294,
    ],
    [
      "llama3",
      "llama",
      { rope_scaling: { ...llama3, ...original(32) }, ...original(16) },
      [0.576056, 0.0125, 0.00125, 0.000125],
      1,
    ],
    ["longrope", "llama", { rope_scaling: { ...longrope, ...original(16) }, ...original(32) }, long, 1.0954451],
    [
      "longrope of nulls",
      "llama",
      { rope_scaling: { ...longrope, factor: null, attention_factor: null }, ...original(32) },
      long,
      1.0954451,
    ],
    ["longrope without a first length", "llama", { rope_scaling: { ...longrope, factor: 2 } }, long, 1.0801234],
    [
      "both spellings",
      "llama",
      { rope_parameters: { rope_theta: 500 }, rope_scaling: { rope_type: "linear", factor: 4 } },
      [0.25, 0.025, 0.0025, 0.00025],
      1,
    ],
    [
      "Phi-3's first name",
      "phi3",
      { rope_scaling: { ...longrope, rope_type: undefined, type: "yarn" }, ...original(32) },
      long,
      1.0954451,
    ],
    [
      "GPT-NeoX's own names",
      "gpt_neox",
      { rotary_emb_base: 1000, rotary_pct: 0.5, rope_theta: 500, partial_rotary_factor: 1 },
      [1, 0.0316228],
      1,
    ],
    [
      "one of Gemma's two",
      "gemma3_text",
      { ...gemma, rope_parameters: { full_attention: { rope_type: "linear", factor: 8 } } },
      [0.125, 0.0264343, 0.00559017, 0.00118218],
      1,
    ],
    [
      "none of Gemma's two",
      "gemma3_text",
      { ...gemma, rope_parameters: { full_attention: null, sliding_attention: null } },
      [1, 0.211474, 0.0447214, 0.00945742],
      1,
    ],
    [
      "Gemma's two and a scaling",
      "gemma3_text",
      {
        ...gemma,
        rope_parameters: { full_attention: { rope_theta: 5e5 } },
        rope_scaling: { rope_type: "linear", factor: 4 },
      },
      [0.25, 0.00940151, 0.000353553, 1.32957e-5],
      1,
    ],
  ])("%s", (_, type, more, frequencies, factor) => {
    const { rotary } = configOf(type, more).attention(1);
    expect(rotary!.frequencies).toHaveLength(frequencies.length);
    rotary!.frequencies.forEach((frequency, i) => expect(frequency / frequencies[i]!).toBeCloseTo(1, 5));
    expect(rotary!.factor).toBeCloseTo(factor, 7);
  });

  it.each(["llama", "mistral", "qwen2", "qwen3", "gemma3_text", "smollm3", "olmo2"])(
    "%s turns no part of a head",
    (type) => {
      for (const more of [
        { partial_rotary_factor: 0.5 },
        { rope_parameters: { full_attention: { partial_rotary_factor: 0.5 }, partial_rotary_factor: 0.5 } },
      ])
        expect(() => configOf(type, { head_dim: 8, ...more })).toThrow(
          expect.objectContaining({
            name: UnsupportedError.name,
            message: expect.stringMatching(/partial_rotary_factor 0\.5: .*; 1 is/) as string,
          }),
        );
    },
  );

  it("are made of no more features than a head has", () => {
    expect(() => configOf("llama", { head_dim: 2 ** 31 - 2 })).toThrow(
      /2147483646 features of a head turn; at most 65536/,
    );
  });
});

describe("what a config.json leaves out, or says of layers, is transformers'", () => {
  const windows = (type: string, more: object) => {
    const config = configOf(type, more);
    return Array.from({ length: config.layers }, (_, i) => config.attention(i).window);
  };

  it("Mistral's window and heads, Qwen3's width of a head", () => {
    expect(windows("mistral", {})).toEqual([4095, 4095]);
    expect(windows("mistral", { sliding_window: null })).toEqual([null, null]);
    expect(configOf("mistral", { num_attention_heads: 16, num_key_value_heads: undefined }).kvHeads).toBe(8);
    expect(configOf("qwen3", {}).headDim).toBe(128);
  });

  it("Phi-3's layers are alike", () => {
    const types = { layer_types: ["full_attention", "full_attention"] };
    expect(windows("phi3", { sliding_window: 4, ...types })).toEqual([3, 3]);
  });

  it("SmolLM3's kinds of layers hold without windows switched on, and lists may be longer than the model", () => {
    const layer_types = ["sliding_attention", "full_attention"];
    expect(windows("smollm3", { use_sliding_window: false, sliding_window: 4, layer_types })).toEqual([3, null]);
    const { attention } = configOf("smollm3", { no_rope_layers: [0, 1, 0, 1] });
    expect([attention(0).rotary === null, attention(1).rotary === null]).toEqual([true, false]);
  });
});

describe("a GGUF file's heads", () => {
  /** What its metadata come to; of tensors there is the table of words. */
  const read = (architecture: string, more: Record<string, number> = {}) => {
    const own = {
      embedding_length: 32,
      block_count: 2,
      context_length: 64,
      feed_forward_length: 56,
      "attention.head_count": 4,
      "attention.head_count_kv": 4,
      vocab_size: 97,
      "attention.layer_norm_epsilon": 1e-5,
      "attention.layer_norm_rms_epsilon": 1e-5,
      ...more,
    };
    const values = Object.entries(own).map(([name, value]) => [`${architecture}.${name}`, value] as const);
    const metadata = new Map<string, string | number>([["general.architecture", architecture], ...values]);
    const info = { shape: [97, 32], type: "F32" };
    const has = (name: string) => name === "token_embd.weight";
    const file = { metadata, has, info: () => info } as unknown as Parameters<typeof ggufConfig>[0];
    return decoderPlan(
      JSON.parse(JSON.stringify(ggufConfig(file, { all: null, short: null }))) as Record<string, unknown>,
    );
  };

  const turned = (architecture: string, more?: Record<string, number>) =>
    2 * read(architecture, more).config.attention(1).rotary!.frequencies.length;

  it("turn whole in GPT-NeoX where it says no number, as in llama.cpp", () => {
    expect(turned("gptneox")).toBe(8);
    expect(turned("gptneox", { "rope.dimension_count": 2 })).toBe(2);
  });

  it("are refused by name where a part turns and the model turns all", () => {
    expect(() => read("llama", { "rope.dimension_count": 8 })).not.toThrow();
    expect(() => read("llama", { "rope.dimension_count": 4 })).toThrow(UnsupportedError);
  });
});
