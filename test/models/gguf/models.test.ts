import { describe, expect, it } from "vitest";
import { bytesSource, ggufSource, ModelError, openGguf, readSafetensors, UnsupportedError } from "../../../ts/index.js";
import type { ByteSource } from "../../../ts/io/byte-source.js";
import { readRequiredJson } from "../../../ts/io/model-source.js";
import type { DecoderConfig } from "../../../ts/models/decoder/config.js";
import { decoderPlan } from "../../../ts/models/decoders.js";
import { ggufTensors } from "../../../ts/models/gguf/tensors.js";
import { openWeights } from "../../../ts/models/load-model.js";
import { goldenBytes, goldenJson } from "../../golden.js";
import { gguf, pair, tensor, text, u32 } from "../../io/gguf/build.js";

/** Bytes that count how often they are open. */
function counted(bytes: Uint8Array) {
  const state = { open: 0 };
  const open = (): ByteSource => {
    state.open++;
    return { ...bytesSource(bytes), close: async () => void state.open-- };
  };
  return { state, open };
}

const names = [
  "llama",
  "qwen2",
  "qwen3",
  "qwen35",
  "gemma2",
  "gemma3",
  "gemma4",
  "granite",
  "lfm2",
  "mistral3",
  "phi3",
  "smollm3",
  "olmo2",
  "gpt2",
  "gptneox",
] as const;

describe.each(names)("%s", async (name) => {
  const { state, open } = counted(await goldenBytes(`gguf/models/${name}.gguf`));
  const source = await ggufSource(open, name);

  it("has transformers' tensors, by their names and to the bit", async () => {
    const want = readSafetensors(await goldenBytes(`gguf/models/${name}.safetensors`));
    const file = await openWeights(source);
    expect([...file.names].sort()).toEqual([...want.names].sort());
    for (const tensor of want.names) {
      expect(file.info(tensor)).toEqual(want.info(tensor));
      const [got, wanted] = [await file.tensor(tensor), want.tensor(tensor)];
      // What was added to norms rounded them, and a logarithm of e to its power.
      const rounded = /^(?:gemma[23]|qwen35)/.test(name) && /(?<!linear_attn\.)norm\.weight$/.test(tensor);
      const near = rounded ? 2 ** -24 : tensor.endsWith(".A_log") ? 2 ** -23 : 0;
      got.data.forEach((value, i) => expect(Math.abs(value - wanted.data[i]!)).toBeLessThanOrEqual(near));
      if (near === 0) expect(await file.raw(tensor)).toEqual(want.raw(tensor));
      const whole = await file.raw(tensor);
      const range = whole.length < 12 ? ([0, 4] as const) : ([4, 12] as const);
      expect(await file.raw(tensor, ...range)).toEqual(whole.slice(...range));
    }
    await file.close();
    expect(state.open).toBe(0);
  });

  it("has transformers' configuration", async () => {
    const want = await goldenJson<Record<string, unknown>>(`gguf/models/${name}.json`);
    const { rotary_emb_base, rotary_pct, ...found } = await readRequiredJson(source, "config.json");
    if ("rope_parameters" in found) {
      const [got, wanted] = [found, want].map((one) => decoderPlan(one).config);
      const layersOf = ({ layers, attention }: DecoderConfig) => Array.from({ length: layers }, (_, i) => attention(i));
      expect({ ...got, attention: layersOf(got!) }).toEqual({ ...wanted, attention: layersOf(wanted!) });
      return;
    }
    // GPT-NeoX's names of both.
    const { rope_theta = rotary_emb_base, rope_scaling, partial_rotary_factor = rotary_pct, ...config } = found;
    const { rope_parameters = {}, ...rest } = want as { rope_parameters?: Record<string, unknown> };
    const rope = (rope_parameters["full_attention"] ?? rope_parameters) as Record<string, unknown>;
    expect(rope_theta).toBe(rope["rope_theta"]);
    if (rope["rope_type"] === "default" || name === "gpt2") expect(rope_scaling).toBe(undefined);
    else expect({ ...(rope_scaling as object), rope_theta }).toEqual(rope);
    expect(partial_rotary_factor).toBe(rope["partial_rotary_factor"]);
    const { bos_token_id: _bos, eos_token_id: _eos, pad_token_id: _pad, full_attention_interval, ...sizes } = config;
    if (full_attention_interval !== undefined)
      expect(want["layer_types"]).toEqual(["linear_attention", "full_attention"]);
    const headDim = rest["head_dim" as never] ?? 4;
    expect({ head_dim: headDim, mlp_bias: false, attention_bias: false, ...rest }).toMatchObject(sizes);
    expect(state.open).toBe(0);
  });
});

describe("types in groups", async () => {
  const file = await openGguf(bytesSource(await goldenBytes("gguf/blocks.gguf")));

  /** The golden's tensors as a model's. */
  const model = (type: string) =>
    ggufTensors({
      ...file,
      metadata: new Map([["general.architecture", "qwen2"]]),
      names: ["output.weight"],
      info: () => file.info(type),
      raw: (_, begin, end) => file.raw(type, begin, end),
      decode: (_, bytes) => file.decode(type, bytes),
    });

  it.each([
    ["Q8_0", "q8"],
    ["Q5_0", "q8"],
    ["Q4_1", "q4"],
    ["Q4_0", "q4"],
  ])("%s is %s, of the same values, or says that it cannot be", async (type, format) => {
    const { grouped, raw } = model(type);
    expect([grouped!.format("lm_head.weight"), grouped!.nearest("lm_head.weight")]).toEqual([format, format]);
    const bytes = await raw("lm_head.weight");
    const size = { Q8_0: 34, Q5_0: 22, Q4_1: 20, Q4_0: 18 }[type]!;
    const { decodeGroups } = await import("../../graph/frozen/groups.js");
    let refused = 0;
    for (let at = 0; at < bytes.length; at += size) {
      const group = bytes.slice(at, at + size);
      const converted = grouped!.convert("lm_head.weight", group);
      if (converted === null) refused++;
      // −0 is 0 where something is added to it.
      else
        expect(Array.from(decodeGroups(converted, 32, format as "q8"), (value) => value + 0)).toEqual(
          Array.from(file.decode(type, group), (value) => value + 0),
        );
    }
    // 65504 and infinities have no eightfold.
    expect(refused > 0).toBe(type === "Q4_0");
  });

  it("others are nearest to q8", () => {
    for (const type of ["Q5_1", "Q4_K", "Q5_K", "Q6_K"])
      expect([model(type).grouped!.format("lm_head.weight"), model(type).grouped!.nearest("lm_head.weight")]).toEqual([
        null,
        "q8",
      ]);
    for (const type of ["F32", "F16", "BF16"]) expect(model(type).grouped!.nearest("lm_head.weight")).toBe(null);
    expect(() => model("IQ4_NL").info("lm_head.weight")).toThrow(UnsupportedError);
  });
});

describe("what makes no model is refused by name, and nothing stays open", () => {
  const number = (key: string, value: number) => pair(key, 4, u32(value));
  const base = {
    "general.architecture": pair("general.architecture", 8, text("llama")),
    "llama.block_count": number("llama.block_count", 1),
    "llama.context_length": number("llama.context_length", 8),
    "llama.embedding_length": number("llama.embedding_length", 8),
    "llama.feed_forward_length": number("llama.feed_forward_length", 8),
    "llama.attention.head_count": number("llama.attention.head_count", 2),
    "llama.attention.layer_norm_rms_epsilon": pair("llama.attention.layer_norm_rms_epsilon", 6, u32(0x3727c5ac)),
  };
  const made = (changes: Record<string, number[] | null>, tensors: number[][] = []) => {
    const pairs = Object.values({ ...base, ...changes }).filter((value) => value !== null);
    return counted(gguf({ pairs, tensors, data: 4096 }));
  };

  it("and what is left out is taken", async () => {
    const { state, open } = made({});
    const source = await ggufSource(open);
    expect(await readRequiredJson(source, "config.json")).toMatchObject({ rms_norm_eps: 1e-5, rope_theta: 10000 });
    expect(await source.open("tokenizer.json")).toBe(null);
    expect(state.open).toBe(0);
  });

  it("and LongRoPE's factors for short texts, with what they are scaled by", async () => {
    const scaled = {
      original: number("llama.rope.scaling.original_context_length", 4),
      factor: pair("llama.rope.scaling.attn_factor", 6, u32(0x3f99999a)),
    };
    const { open } = made(scaled, [tensor({ name: "rope_factors_short.weight", dimensions: [2] })]);
    expect(await readRequiredJson(await ggufSource(open), "config.json")).toMatchObject({
      rope_scaling: {
        rope_type: "longrope",
        short_factor: [0, 0],
        original_max_position_embeddings: 4,
        attention_factor: 1.2,
      },
    });
  });

  it.each<[Record<string, number[] | null>, RegExp]>([
    [{ "llama.block_count": null }, /has no metadata "llama\.block_count"/],
    [{ "llama.block_count": pair("llama.block_count", 8, text("x")) }, /llama\.block_count must be a number, got "x"/],
  ])("%#", async (changes, message) => {
    const { state, open } = made(changes);
    await expect(ggufSource(open)).rejects.toThrow(ModelError);
    await expect(ggufSource(open)).rejects.toThrow(message);
    expect(state.open).toBe(0);
  });

  it.each<[Record<string, number[] | null>, RegExp]>([
    [{ "general.architecture": pair("general.architecture", 8, text("mamba")) }, /"mamba" is not supported; llama, /],
    [{ "general.architecture": null }, /general\.architecture undefined is not supported/],
    [{ x: pair("llama.rope.scaling.type", 8, text("spiral")) }, /rope\.scaling\.type "spiral" is not supported/],
  ])("what is not known: %#", async (changes, message) => {
    const { state, open } = made(changes);
    await expect(ggufSource(open)).rejects.toThrow(UnsupportedError);
    await expect(ggufSource(open)).rejects.toThrow(message);
    expect(state.open).toBe(0);
  });

  it("heads that rows do not make, where they are read", async () => {
    const { open } = made({}, [tensor({ name: "blk.0.attn_q.weight", dimensions: [8, 6] })]);
    const file = await openWeights(await ggufSource(open));
    await expect(file.tensor("model.layers.0.self_attn.q_proj.weight")).rejects.toThrow(
      /6 rows, which are not 2 heads/,
    );
    const none = made({ "llama.attention.head_count": number("llama.attention.head_count", 0) });
    await expect(ggufSource(none.open).then(openWeights)).rejects.toThrow(/head_count must be a whole number above 0/);
    expect(none.state.open).toBe(0);
  });
});
