import { describe, expect, it } from "vitest";
import { bytesSource, CausalLanguageModel, ggufSource, openGguf, openSafetensors } from "../../../../ts/index.js";
import { UnsupportedError } from "../../../../ts/index.js";
import type { Json } from "../../../../ts/io/json.js";
import { modelSource } from "../../../../ts/io/model-locator.js";
import { ggufToWrite, tokenizerFiles } from "../../../../ts/models/gguf/writing/gguf.js";
import { type ModelToWrite, modelToWrite } from "../../../../ts/models/gguf/writing/model.js";
import { goldenBytes, goldenJson } from "../../../golden.js";
import { changedJson, decoderFiles, namedInGguf, unnamedInGguf } from "../../language/golden-decoder.js";
import { llamaConfig, randomModel } from "../../language/random-llama.js";
import { sayable, written } from "./written-model.js";

type Config = { readonly [key: string]: Json };

/** A golden model of a name, to be written as it is. */
async function golden(name: string): Promise<ModelToWrite> {
  const config = await goldenJson<Config>(`gguf/models/${name}.json`);
  const file = await openSafetensors(bytesSource(await goldenBytes(`gguf/models/${name}.safetensors`)));
  return { name, config, file, tokenizer: null, changes: new Map(), type: "auto" };
}

const open = async (bytes: Uint8Array) => openGguf(bytesSource(bytes));
const loaded = async (bytes: Uint8Array, weights: "f32" | "auto" = "f32") =>
  CausalLanguageModel.load(await ggufSource(() => bytesSource(bytes)), { weights });

describe.each([
  "llama",
  "qwen2",
  "qwen3",
  "qwen35",
  "gemma2",
  "gemma3",
  "gemma4",
  "granite",
  "granitemoe",
  "qwen3moe",
  "lfm2",
  "lfm2moe",
  "mistral3",
  "olmoe",
  "phi3",
  "smollm3",
  "olmo2",
  "gpt2",
  "gptneox",
])("%s", (name) => {
  it("is written as llama.cpp's converter writes it", async () => {
    const [want, got] = [
      await open(await goldenBytes(`gguf/models/${name}.gguf`)),
      await open(await written(await modelToWrite(await golden(name)))),
    ];
    expect([...got.names].sort()).toEqual([...want.names].sort());
    for (const tensor of want.names) {
      expect(got.info(tensor)).toEqual(want.info(tensor));
      // Factors and decays that the converter computes in float32.
      if (!/^rope_freqs\.weight$|\.ssm_a$/.test(tensor)) expect(await got.raw(tensor)).toEqual(await want.raw(tensor));
      else {
        const [made, factors] = [await got.tensor(tensor), await want.tensor(tensor)];
        made.data.forEach((value, i) => expect(value / factors.data[i]!).toBeCloseTo(1, 6));
      }
    }
    for (const [key, value] of want.metadata)
      if (!/^general\.(?:name|alignment)/.test(key)) expect([key, got.metadata.get(key)]).toEqual([key, value]);
  });
});

describe.each(namedInGguf)("a folder of %s", (name) => {
  it("answers alike as a GGUF file, texts and all", async () => {
    const files = changedJson(await decoderFiles(name), "config.json", sayable[name] ?? {});
    const source = await modelSource(files);
    const config = JSON.parse(new TextDecoder().decode(files["config.json"])) as Config;
    const file = await openSafetensors(bytesSource(files["model.safetensors"]!));
    const about = { name, config, file, tokenizer: await tokenizerFiles(source, config), changes: new Map() };
    const model = await modelToWrite({ ...about, type: "auto" });
    using here = await CausalLanguageModel.load(files);
    using there = await loaded(await written(model));
    const text = "A film of 12 men, naïve";
    expect(there.tokenizer!.encode(text)).toEqual(here.tokenizer!.encode(text));
    expect(there.ends).toEqual(here.ends);
    const ids = here.tokenizer!.encode(text).slice(0, Math.min(16, there.maxTokens));
    const [want, got] = [await here.logits(ids), await there.logits(ids)];
    // Gemma's norms are rounded where 1 is added to them, frequencies of rotations where files have factors of them.
    want.data.forEach((value, i) => expect(Math.abs(value - got.data[i]!)).toBeLessThan(2e-5));
  });
});

it("experts that a folder has one by one are one tensor for each module", async () => {
  const files = changedJson(await decoderFiles("qwen3_moe"), "config.json", {
    mlp_only_layers: [],
    num_hidden_layers: 1,
  });
  const config = JSON.parse(new TextDecoder().decode(files["config.json"])) as Config;
  const file = await openSafetensors(bytesSource(files["model.safetensors"]!));
  expect(file.has("model.layers.0.mlp.experts.4.up_proj.weight")).toBe(true);
  const model = await modelToWrite({ name: "q", config, file, tokenizer: null, changes: new Map(), type: "auto" });
  using here = await CausalLanguageModel.load(files);
  using there = await loaded(await written(model));
  expect(await there.logits([5, 9, 3, 200])).toEqual(await here.logits([5, 9, 3, 200]));
});

describe("types", () => {
  const files = randomModel(
    llamaConfig({ num_hidden_layers: 2, vocab_size: 96, hidden_size: 64, intermediate_size: 96 }),
  );
  const model = async (type: ModelToWrite["type"], bytes = files["model.safetensors"]!) => {
    const config = JSON.parse(new TextDecoder().decode(files["config.json"])) as Config;
    const file = await openSafetensors(bytesSource(bytes));
    return modelToWrite({ name: "random", config, file, tokenizer: null, changes: new Map(), type });
  };
  const ids = [1, 5, 90, 7];

  it("Q8_0 gives the logits of weights that become q8 as they are loaded", async () => {
    using there = await loaded(await written(await model("Q8_0")), "auto");
    using here = await CausalLanguageModel.load(files, { weights: "q8" });
    expect(await there.logits(ids)).toEqual(await here.logits(ids));
  });

  it("and so do experts of Q8_0, whose routers stay in float32", async () => {
    const experts = { num_experts: 4, num_experts_per_tok: 2, moe_intermediate_size: 32, norm_topk_prob: true };
    const sizes = { num_hidden_layers: 2, vocab_size: 96, hidden_size: 64, intermediate_size: 96 };
    const config = llamaConfig({ model_type: "qwen3_moe", hidden_act: undefined, ...sizes, ...experts });
    const made = randomModel(config);
    const file = await openSafetensors(bytesSource(made["model.safetensors"]!));
    const json = JSON.parse(new TextDecoder().decode(made["config.json"])) as Config;
    const about = { name: "random", config: json, file, tokenizer: null, changes: new Map() };
    const bytes = await written(await modelToWrite({ ...about, type: "Q8_0" }));
    expect((await open(bytes)).info("blk.1.ffn_gate_inp.weight").type).toBe("F32");
    using there = await loaded(bytes, "auto");
    using here = await CausalLanguageModel.load(made, { weights: "q8" });
    expect(await there.logits(ids)).toEqual(await here.logits(ids));
  });

  it("in files of four bits the output has eight, norms are float32", async () => {
    for (const type of ["Q4_0", "Q4_1"] as const) {
      const file = await open(await written(await model(type)));
      const types = file.names.map((name) => `${name.replace(/blk\.\d\./, "")} ${file.info(name).type}`);
      expect(new Set(types)).toEqual(
        new Set([
          "token_embd.weight Q8_0",
          "output_norm.weight F32",
          "attn_norm.weight F32",
          "ffn_norm.weight F32",
          ...["q", "k", "v", "output"].map((part) => `attn_${part}.weight ${type}`),
          ...["gate", "up", "down"].map((part) => `ffn_${part}.weight ${type}`),
        ]),
      );
      expect(file.metadata.get("general.file_type")).toBe(type === "Q4_0" ? 2 : 3);
    }
  });

  it("from one GGUF file to another: the same as from the folder, and what keeps its type to the byte", async () => {
    const wide = await written(await model("F32"));
    for (const type of ["F16", "BF16", "Q8_0", "Q4_0", "Q4_1"] as const) {
      const again = await ggufToWrite({ file: await open(wide), name: "wide", type, merge: null });
      const [direct, other] = [await open(await written(await model(type))), await open(await written(again))];
      expect(other.names).toEqual(direct.names);
      for (const name of direct.names) {
        expect(other.info(name)).toEqual(direct.info(name));
        expect(await other.raw(name)).toEqual(await direct.raw(name));
      }
      expect(other.metadata).toEqual(direct.metadata);
      const copy = await ggufToWrite({ file: other, name: "other", type: "auto", merge: null });
      expect(await written(copy)).toEqual(await written(again));
    }
  });

  it("an infinity is refused by its tensor's name where groups cannot hold it", async () => {
    const bytes = files["model.safetensors"]!.slice();
    const view = new DataView(bytes.buffer);
    // The first number of the first tensor.
    view.setFloat32(8 + Number(view.getBigUint64(0, true)), Infinity, true);
    const refused = written(await model("Q4_0", bytes));
    await expect(refused).rejects.toThrow(
      /embed_tokens\.weight holds Infinity, which is no number; bf16 and f32 take it/,
    );
    expect((await open(await written(await model("BF16", bytes)))).names.length).toBeGreaterThan(0);
  });
});

describe("what GGUF files have no place for is refused by name", async () => {
  const { rope_parameters: mistral3Rotation } = await goldenJson<{ rope_parameters: object }>(
    "gguf/models/mistral3.json",
  );

  it.each<[string, object, RegExp]>([
    ["smollm3", { no_rope_layers: [0, 1] }, /attention .* has no place in a GGUF file of this architecture/],
    ["gemma3", { query_pre_attn_scalar: 100 }, /scale .* has no place/],
    ["gemma3", { final_logit_softcapping: 30 }, /logitCap .* has no place/],
    ["gemma2", { attn_logit_softcapping: null }, /scoreCap .* has no place/],
    [
      "gemma2",
      { sliding_window: 8, layer_types: ["full_attention", "sliding_attention"] },
      /attention .* has no place/,
    ],
    ["llama", { hidden_act: "gelu" }, /activation .* has no place/],
    ["lfm2moe", { routed_scaling_factor: 1.5 }, /experts .* has no place/],
    ["lfm2moe", { norm_topk_prob: false }, /experts .* has no place/],
    ["olmoe", { norm_topk_prob: true }, /experts .* has no place/],
    [
      "mistral3",
      { rope_parameters: { ...mistral3Rotation, mscale: 2, mscale_all_dim: 1 } },
      /attention .* has no place/,
    ],
  ])("%s %j", async (name, changes, message) => {
    const model = await golden(name);
    const refused = modelToWrite({ ...model, config: { ...model.config, ...changes } });
    await expect(refused).rejects.toThrow(UnsupportedError);
    await expect(refused).rejects.toThrow(message);
  });

  it.each(unnamedInGguf)("%s", async (name) => {
    const files = await decoderFiles(name);
    const config = JSON.parse(new TextDecoder().decode(files["config.json"])) as Config;
    const file = await openSafetensors(bytesSource(files["model.safetensors"]!));
    const refused = modelToWrite({ name, config, file, tokenizer: null, changes: new Map(), type: "auto" });
    await expect(refused).rejects.toThrow(
      name === "qwen3_moe"
        ? /layers\.1\.mlp\.gate_proj\.weight has no name/
        : /models of type "\w+" have no names in GGUF files/,
    );
  });

  it("a window that llama.cpp does not know ends the context", async () => {
    const { "config.json": json, "model.safetensors": weights } = await decoderFiles("mistral");
    const config = { ...(JSON.parse(new TextDecoder().decode(json)) as Config), sliding_window: 5 };
    const file = await openSafetensors(bytesSource(weights!));
    const model = await modelToWrite({ name: "m", config, file, tokenizer: null, changes: new Map(), type: "auto" });
    expect(model.notes[0]).toMatch(/the file says 5 tokens of context instead of \d+/);
    expect(model.metadata.get("llama.context_length")).toEqual({ uint32: 5 });
  });
});
