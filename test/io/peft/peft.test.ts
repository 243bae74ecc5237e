import { describe, expect, it } from "vitest";
import { AdapterError, FormatError, UnsupportedError } from "../../../ts/errors/errors.js";
import type { FileMap } from "../../../ts/io/file-access.js";
import {
  adapterConfig,
  checkAdapter,
  layerScalings,
  readAdapter,
  targetTest,
  writeAdapter,
} from "../../../ts/io/peft/index.js";
import type { Adapter } from "../../../ts/io/peft/index.js";
import { readSafetensors, writeSafetensors } from "../../../ts/io/safetensors/index.js";
import type { Tensor } from "../../../ts/values/tensor.js";
import { goldenBytes } from "../../golden.js";
import { adapterFiles, baseFiles, manifest } from "./adapters.js";

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
/** Whether two files are the same; `toEqual` takes seconds over hundreds of kilobytes. */
const same = (a: Uint8Array, b: Uint8Array | undefined) =>
  a.length === b?.length && a.every((byte, i) => byte === b[i]);
/** Without indentation, in which the goldens differ from PEFT's own two spaces. */
const flush = (json: string) => json.replace(/^ +/gm, "");
const at = ({ shape, data }: Tensor, row: number, column: number) => data[row * shape[1]! + column];

/** The message of the error thrown; the class too, as "AdapterError: …". */
function failure(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    return String(error);
  }
  return "nothing was thrown";
}

/** An adapter's files with fields of its configuration replaced. */
function withConfig(files: FileMap, changes: Record<string, unknown>): FileMap {
  const config = { ...JSON.parse(text(files["adapter_config.json"])), ...changes };
  return { ...files, "adapter_config.json": new TextEncoder().encode(JSON.stringify(config)) };
}

/** An adapter's files with tensors replaced, added, or with null taken away. */
function withTensors(files: FileMap, changes: Record<string, Tensor | null>): FileMap {
  const file = readSafetensors(files["adapter_model.safetensors"]!);
  const tensors = new Map(file.names.map((name) => [name, file.tensor(name)]));
  for (const [name, tensor] of Object.entries(changes)) {
    if (tensor) tensors.set(name, tensor);
    else tensors.delete(name);
  }
  return { ...files, "adapter_model.safetensors": writeSafetensors(tensors) };
}

const zeros = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });

describe("golden adapters that PEFT made", () => {
  for (const [name, { base, note }] of Object.entries(manifest.valid)) {
    it(`accepts ${name}: ${note}`, async () => {
      const files = await adapterFiles(`valid/${name}`);
      const adapter = readAdapter(files);
      checkAdapter(adapter, await baseFiles(base));
      checkAdapter(adapter, readSafetensors((await baseFiles(base))["model.safetensors"]!));

      const stored = readSafetensors(files["adapter_model.safetensors"]!);
      const used = [...adapter.layers.values()].map(({ bias, magnitude }) => 2 + (bias ? 1 : 0) + (magnitude ? 1 : 0));
      expect(used.reduce((a, b) => a + b, adapter.extra.size)).toBe(stored.names.length);
      for (const [path, { kind, loraA, loraB, rank }] of adapter.layers) {
        const [a, b] =
          kind === "embedding" ? ["lora_embedding_A", "lora_embedding_B"] : ["lora_A.weight", "lora_B.weight"];
        const storedA = stored.tensor(`base_model.model.${path}.${a}`);
        const storedB = stored.tensor(`base_model.model.${path}.${b}`);
        expect([loraA.shape, loraB.shape]).toEqual([storedA.shape.toReversed(), storedB.shape.toReversed()]);
        expect(rank).toBe(storedA.shape[0]);
        expect(at(loraA, 5, 1)).toBe(at(storedA, 1, 5));
        expect(at(loraB, 1, 7)).toBe(at(storedB, 7, 1));
      }
    });

    it(`writes ${name} as PEFT did`, async () => {
      const files = await adapterFiles(`valid/${name}`);
      const adapter = readAdapter(files);
      const written = writeAdapter(adapter);
      if (name !== "llama_old_minimal_config")
        expect(flush(text(written["adapter_config.json"]))).toBe(flush(text(files["adapter_config.json"])));
      const stored = readSafetensors(files["adapter_model.safetensors"]!);
      const { dtype } = stored.info(stored.names[0]!);
      if (dtype === "F32")
        expect(same(written["adapter_model.safetensors"], files["adapter_model.safetensors"])).toBe(true);
      if (dtype === "BF16")
        expect(
          same(writeAdapter(adapter, { dtype })["adapter_model.safetensors"], files["adapter_model.safetensors"]),
        ).toBe(true);
      expect(readAdapter(written).layers).toEqual(adapter.layers);
      expect(readAdapter(written).extra).toEqual(adapter.extra);
    });
  }

  const read = async (name: string) => readAdapter(await adapterFiles(`valid/${name}`));
  const layer = (adapter: Adapter, path: string) => {
    const { rank, alpha, scaling } = adapter.layers.get(path)!;
    return { rank, alpha, scaling };
  };

  it("gives each layer its own rank, α and scaling", async () => {
    const attention = (index: number, name: string) => `model.layers.${index}.self_attn.${name}`;
    expect(layer(await read("llama_plain"), attention(0, "q_proj"))).toEqual({ rank: 4, alpha: 8, scaling: 2 });
    const patterns = await read("llama_rank_alpha_pattern");
    expect(layer(patterns, attention(0, "q_proj"))).toEqual({ rank: 4, alpha: 8, scaling: 2 });
    expect(layer(patterns, attention(1, "q_proj"))).toEqual({ rank: 6, alpha: 3, scaling: 0.5 });
    expect(layer(patterns, attention(1, "v_proj"))).toEqual({ rank: 2, alpha: 16, scaling: 8 });
    const stabilised = await read("llama_rank_pattern_rslora");
    expect(layer(stabilised, attention(0, "q_proj")).scaling).toBe(4);
    expect(layer(stabilised, attention(0, "v_proj"))).toEqual({ rank: 9, alpha: 8, scaling: 8 / 3 });
  });

  it("honours the stored element type", async () => {
    const [plain, half, double] = [await read("llama_plain"), await read("llama_bf16"), await read("llama_f64")];
    for (const [path, { loraA }] of plain.layers) {
      expect(double.layers.get(path)!.loraA).toEqual(loraA);
      const rounded = half.layers.get(path)!.loraA.data;
      loraA.data.forEach((value, i) =>
        expect(Math.abs(rounded[i]! - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -8),
      );
    }
  });

  it("keeps magnitudes, biases and whole modules", async () => {
    const dora = await read("gpt2_fan_in_fan_out_dora");
    expect(dora.config.useDora && dora.config.fanInFanOut).toBe(true);
    for (const { magnitude } of dora.layers.values()) expect(magnitude!.shape).toEqual([96]);
    for (const { bias } of (await read("bert_lora_bias")).layers.values()) expect(bias!.shape).toEqual([32]);
    expect([...(await read("bert_bias_lora_only")).extra.keys()].sort()).toContain(
      "bert.encoder.layer.1.attention.self.value.base_layer.bias",
    );
    expect((await read("bert_bias_all")).extra.get("classifier.weight")!.shape).toEqual([3, 32]);
    const embedding = (await read("llama_embed_and_head")).layers.get("model.embed_tokens")!;
    expect([embedding.kind, embedding.loraA.shape, embedding.loraB.shape]).toEqual(["embedding", [64, 4], [4, 32]]);
  });

  it("fills in what an old configuration leaves out", async () => {
    const { config } = await read("llama_old_minimal_config");
    expect(
      Object.keys(JSON.parse(text((await adapterFiles("valid/llama_old_minimal_config"))["adapter_config.json"])))
        .length,
    ).toBeLessThan(15);
    expect([config.useRslora, config.excludeModules, config.rankPattern.size]).toEqual([false, null, 0]);
    expect(
      Object.keys(JSON.parse(text(writeAdapter(await read("llama_old_minimal_config"))["adapter_config.json"]))),
    ).toHaveLength(41);
  });

  it("reads what PEFT saved of MiniLM, and writes it back byte for byte", async () => {
    for (const folder of ["init_adapter", "adapter_step20"]) {
      const files = {
        "adapter_config.json": await goldenBytes(`minilm/replay_qkv/${folder}/adapter_config.json`),
        "adapter_model.safetensors": await goldenBytes(`minilm/replay_qkv/${folder}/adapter_model.safetensors`),
      };
      const adapter = readAdapter(files);
      expect(adapter.layers.size).toBe(18);
      expect(layer(adapter, "encoder.layer.5.attention.self.value")).toEqual({ rank: 8, alpha: 16, scaling: 2 });
      expect(adapter.config.other.get("auto_mapping")).toMatchObject({ base_model_class: "BertModel" });
      const written = writeAdapter(adapter);
      expect(text(written["adapter_config.json"])).toBe(text(files["adapter_config.json"]));
      expect(same(written["adapter_model.safetensors"], files["adapter_model.safetensors"])).toBe(true);
    }
  });
});

describe("golden adapters to refuse", () => {
  const reasons: Record<string, RegExp> = {
    missing_lora_B: /AdapterError: .*layers\.0\.self_attn\.q_proj has lora_A but no lora_B/,
    missing_lora_A: /AdapterError: .*layers\.0\.self_attn\.q_proj has lora_B but no lora_A/,
    missing_layer: /AdapterError: .*targets model\.layers\.1\.self_attn\.v_proj, but the file has no tensors for it/,
    rank_mismatch_A_B: /AdapterError: .*lora_A has rank 4 \(\[4, 32\] in the file\) but lora_B 6 \(\[32, 6\]\)/,
    wrong_out_features: /AdapterError: .*takes 32 features to 33, the base's weight has shape \[32, 32\]/,
    transposed_A: /AdapterError: .*lora_A has rank 32 .*is one of them transposed\?/,
    empty_tensors: /AdapterError: .*no LoRA layers/,
    dora_without_magnitude: /AdapterError: .*use_dora is set, but there is no magnitude vector/,
    config_truncated: /FormatError: adapter_config\.json: expected JSON/,
    config_no_r: /AdapterError: adapter_config\.json: expected r/,
    config_r_zero: /AdapterError: adapter_config\.json: expected r to be a whole number above 0, got 0/,
    config_r_string: /AdapterError: adapter_config\.json: expected r to be a whole number above 0, got "4"/,
    config_target_no_match: /AdapterError: .*does not target \(target_modules \["nope_proj"\]\)/,
    config_array: /FormatError: adapter_config\.json: expected a JSON object, got a list/,
    config_proto: /AdapterError: adapter_config\.json: a field called "__proto__"/,
    ia3: /AdapterError: adapter_config\.json: expected peft_type "LORA", got "IA3"/,
  };
  for (const [name, { note }] of Object.entries(manifest.reject)) {
    it(`refuses ${name}: ${note}`, async () => {
      const [files, base] = [await adapterFiles(`reject/${name}`), await baseFiles("tiny_llama")];
      expect(failure(() => checkAdapter(readAdapter(files), base))).toMatch(reasons[name]!);
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    });
  }
});

describe("checkAdapter", () => {
  const plain = async () => readAdapter(await adapterFiles("valid/llama_plain"));

  it("refuses another model's adapter", async () => {
    const adapter = await plain();
    expect(failure(() => checkAdapter(adapter, { names: [], info: () => ({ dtype: "F32", shape: [] }) }))).toMatch(
      /4 of the adapter's 4 are missing: was it made for another model \(\.\.\/\.\.\/base\/tiny_llama\)/,
    );
    const bert = await baseFiles("tiny_bert");
    expect(() => checkAdapter(adapter, bert)).toThrow(AdapterError);
    expect(() => checkAdapter(adapter, {})).toThrow(/expected model\.safetensors among the base's files, got none/);
    expect(() => checkAdapter(adapter, { "model.safetensors": new Uint8Array(20) })).toThrow(FormatError);
  });

  it("refuses an adapter on a tied output layer, which the base has no weight for", async () => {
    const adapter = readAdapter(await adapterFiles("valid/llama_embed_and_head"));
    const tied = await baseFiles("tiny_llama_tied");
    expect(failure(() => checkAdapter(adapter, tied))).toMatch(/no module lm_head \(a tied output layer/);
  });

  it("asks for fan_in_fan_out where the base stores [in, out]", async () => {
    const files = withConfig(await adapterFiles("valid/gpt2_c_attn_only"), { fan_in_fan_out: false });
    const base = await baseFiles("tiny_gpt2");
    expect(failure(() => checkAdapter(readAdapter(files), base))).toMatch(
      /takes 32 features to 96, .*\[32, 96\].*needs fan_in_fan_out/,
    );
  });

  it("takes paths with and without the model's prefix", async () => {
    const adapter = readAdapter(await adapterFiles("valid/bert_lora_bias"));
    const file = readSafetensors((await baseFiles("tiny_bert"))["model.safetensors"]!);
    const bare = file.names.map((name) => name.replace(/^bert\./, ""));
    const info = (name: string) => file.info(file.has(name) ? name : `bert.${name}`);
    checkAdapter(adapter, { names: bare, info });
    const strip = (path: string) => path.replace(/^bert\./, "");
    const bareAdapter = {
      ...adapter,
      layers: new Map([...adapter.layers].map(([path, layer]) => [strip(path), layer])),
      extra: new Map(),
    };
    checkAdapter(bareAdapter, { names: bare, info });
    checkAdapter(bareAdapter, file);
  });

  it("lets a target be absent outside the stack of layers, not within", async () => {
    const file = readSafetensors((await baseFiles("tiny_bert"))["model.safetensors"]!);
    const dense = file.names.filter((name) => name.endsWith("dense.weight"));
    const layers = dense.map((name) => {
      const [out, input] = file.info(name).shape as [number, number];
      const layer = {
        kind: "linear",
        loraA: zeros(input, 2),
        loraB: zeros(2, out),
        rank: 2,
        alpha: 3,
        scaling: 1.5,
      } as const;
      return [name.slice(0, -".weight".length), layer] as const;
    });
    const config = adapterConfig({ r: 2, loraAlpha: 3, targetModules: ["dense"] });
    const without = (path: string) => ({
      config,
      extra: new Map(),
      layers: new Map(layers.filter(([name]) => name !== path)),
    });
    checkAdapter(without(""), file);
    checkAdapter(without("bert.pooler.dense"), file);
    expect(failure(() => checkAdapter(without("bert.encoder.layer.1.output.dense"), file))).toMatch(
      /targets bert\.encoder\.layer\.1\.output\.dense/,
    );
    const both = {
      ...without("bert.pooler.dense"),
      config: { ...config, targetModules: ["output.dense", "intermediate.dense", "pooler.dense"] },
    };
    expect(failure(() => checkAdapter(both, file))).toMatch(/targets bert\.pooler\.dense/);
    const shorthand = { ...without("bert.pooler.dense"), config: { ...config, targetModules: "all-linear" } };
    expect(failure(() => checkAdapter(shorthand, file))).toMatch(
      /targets bert\.encoder\.layer\.0\.attention\.self\.key/,
    );
  });

  it("refuses whole tensors that fit nowhere", async () => {
    const base = await baseFiles("tiny_llama");
    const check = async (changes: Record<string, Tensor>) => {
      const files = withTensors(await adapterFiles("valid/llama_plain"), changes);
      return failure(() => checkAdapter(readAdapter(files), base));
    };
    expect(await check({ "base_model.model.nowhere.weight": zeros(2) })).toMatch(
      /nowhere\.weight, which neither the base nor modules_to_save knows/,
    );
    expect(await check({ "base_model.model.model.norm.weight": zeros(31) })).toMatch(
      /model\.norm\.weight has shape \[31\], the base's \[32\]/,
    );
    expect(await check({ "base_model.model.model.norm.weight": zeros(32) })).toBe("nothing was thrown");
  });
});

describe("readAdapter refuses", () => {
  const key = "base_model.model.model.layers.0.self_attn.q_proj";
  it.each<[string, Record<string, Tensor | null>, RegExp]>([
    [
      "an adapter's name in a key",
      { [`${key}.lora_A.default.weight`]: zeros(4, 32) },
      /AdapterError: .*adapter's name stands in it/,
    ],
    [
      "a key without PEFT's prefix",
      { "model.layers.0.self_attn.q_proj.lora_A.weight": zeros(4, 32) },
      /begins with "base_model\.model\."/,
    ],
    ["an unknown LoRA tensor", { [`${key}.lora_diag`]: zeros(4) }, /not a LoRA tensor/],
    ["a convolution", { [`${key}.lora_A.weight`]: zeros(4, 32, 1, 1) }, /two dimensions, got \[4, 32, 1, 1\]/],
    ["a magnitude without use_dora", { [`${key}.lora_magnitude_vector`]: zeros(32) }, /use_dora is not set/],
    ["a bias without lora_bias", { [`${key}.lora_B.bias`]: zeros(32) }, /lora_bias is not set/],
    [
      "two kinds of layer in one",
      { [`${key}.lora_embedding_A`]: zeros(4, 32) },
      /both of a linear and of an embedding/,
    ],
    [
      "another rank than the configuration's",
      { [`${key}.lora_A.weight`]: zeros(5, 32), [`${key}.lora_B.weight`]: zeros(32, 5) },
      /gives it rank 4, its tensors have 5/,
    ],
  ])("%s", async (_, changes, message) => {
    const files = withTensors(await adapterFiles("valid/llama_plain"), changes);
    expect(failure(() => readAdapter(files))).toMatch(message);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ["α as text", { lora_alpha: "8" }, /AdapterError: .*expected lora_alpha to be a number, got "8"/],
    [
      "no targets",
      { target_modules: null },
      /expected target_modules to be a list of module names or a regular expression, got null/,
    ],
    ["dropout above 1", { lora_dropout: 1.5 }, /lora_dropout to be a number from 0 to 1/],
    ["an unknown bias", { bias: "some" }, /bias to be "none", "all" or "lora_only", got "some"/],
    [
      "a rank pattern of zero",
      { rank_pattern: { q_proj: 0 } },
      /rank_pattern to be an object of whole numbers above 0/,
    ],
    ["a broken expression", { target_modules: "(q_proj" }, /"\(q_proj" is not a regular expression/],
    ["a broken expression in a pattern", { alpha_pattern: { "q)(v": 1 } }, /"q\)\(v" is not a regular expression/],
    ["replicated layers", { layer_replication: [[0, 2]] }, /UnsupportedError: .*layer_replication is set/],
    ["QA-LoRA", { use_qalora: true }, /UnsupportedError: .*use_qalora/],
    ["PiSSA", { init_lora_weights: "pissa_niter_16" }, /UnsupportedError: .*"pissa_niter_16": its vectors are random/],
  ])("%s", async (_, changes, message) => {
    const files = withConfig(await adapterFiles("valid/llama_plain"), changes);
    expect(failure(() => readAdapter(files))).toMatch(message);
  });

  it("missing files, naming what it got", async () => {
    const files = await adapterFiles("valid/llama_plain");
    expect(() => readAdapter({})).toThrow("adapter: expected a file adapter_config.json, got none");
    expect(() =>
      readAdapter({ "adapter_config.json": files["adapter_config.json"]!, "adapter_model.bin": new Uint8Array(4) }),
    ).toThrow(/safe_serialization=True/);
    expect(() => readAdapter("some/folder")).toThrow(UnsupportedError);
  });
});

describe("target_modules and patterns", () => {
  const targets = (fields: Partial<Adapter["config"]>) =>
    targetTest(adapterConfig({ r: 1, loraAlpha: 1, targetModules: [], ...fields }));
  const query = "bert.encoder.layer.3.attention.self.query";

  it("matches a list by whole paths and ends, a string as a whole", () => {
    expect(targets({ targetModules: ["query"] })(query)).toBe(true);
    expect(targets({ targetModules: ["self.query"] })(query)).toBe(true);
    expect(targets({ targetModules: ["elf.query"] })(query)).toBe(false);
    expect(targets({ targetModules: ["query"] })("query")).toBe(true);
    expect(targets({ targetModules: "query" })(query)).toBe(false);
    expect(targets({ targetModules: ".*\\.(query|key)" })(query)).toBe(true);
    expect(targets({ targetModules: "a|.*query" })(`${query}x`)).toBe(false);
    expect(targets({ targetModules: "(?i).*QUERY\\Z" })(query)).toBe(true);
    expect(targets({ targetModules: ".*(?P<which>que)ry" })(query)).toBe(true);
    expect(targets({ targetModules: "all-linear" })(query)).toBe(true);
    expect(targets({ targetModules: [] })(query)).toBe(false);
  });

  it("leaves out excluded and saved modules", () => {
    expect(targets({ targetModules: ["query"], excludeModules: ["layer.3.attention.self.query"] })(query)).toBe(false);
    expect(targets({ targetModules: ["query"], excludeModules: ".*layer\\.3.*" })(query)).toBe(false);
    expect(targets({ targetModules: ["query"], excludeModules: ["3"] })(query)).toBe(true);
    expect(targets({ targetModules: ["dense"], modulesToSave: ["classifier"] })("classifier.dense")).toBe(false);
    expect(targets({ targetModules: ["dense"], modulesToSave: ["class"] })("classifier.dense")).toBe(true);
  });

  it("narrows to the layers asked for", () => {
    const only = (fields: Partial<Adapter["config"]>) => targets({ targetModules: ["query"], ...fields });
    expect(only({ layersToTransform: 3 })(query)).toBe(true);
    expect(only({ layersToTransform: [1, 2] })(query)).toBe(false);
    expect(only({ layersToTransform: [] })(query)).toBe(true);
    expect(only({ layersToTransform: [3], layersPattern: "layer" })(query)).toBe(true);
    expect(only({ layersToTransform: [3], layersPattern: ["h", "layer"] })(query)).toBe(true);
    expect(only({ layersToTransform: [3], layersPattern: "layers" })(query)).toBe(false);
    expect(only({ layersToTransform: [3] })("pooler.query")).toBe(false);
    expect(only({ layersToTransform: [1], targetModules: [query] })(query)).toBe(true);
    // The first number counts; a stack by its name may stand first in a path, one of any name may not.
    const groups = "encoder.groups.2.layers.5.query";
    expect([2, 5].map((layer) => only({ layersToTransform: layer })(groups))).toEqual([true, false]);
    expect(only({ layersToTransform: 5, layersPattern: "layers" })(groups)).toBe(true);
    expect(only({ layersToTransform: 0, layersPattern: ["layer", "layers"] })("layers.0.query")).toBe(true);
    expect(only({ layersToTransform: 0 })("layers.0.query")).toBe(false);
    expect(only({ layersToTransform: 0, layersPattern: "layers" })("players.0.query")).toBe(false);
  });

  it("are written so that a file's order of patterns gives each layer its own", () => {
    const config = adapterConfig({
      r: 2,
      loraAlpha: 4,
      targetModules: ["query", "key"],
      alphaPattern: new Map(Object.entries({ query: 5, ".*": 7 })),
    });
    const factor = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
    const layers = new Map(
      ["a.query", "a.key"].map((path) => [
        path,
        { kind: "linear" as const, loraA: factor, loraB: factor, ...layerScalings(config)(path) },
      ]),
    );
    const read = readAdapter(writeAdapter({ config, layers, extra: new Map() }));
    expect([...read.layers].map(([path, { alpha }]) => [path, alpha])).toEqual([
      ["a.key", 7],
      ["a.query", 5],
    ]);
  });

  it("takes the first pattern that ends the path", () => {
    const config = adapterConfig({
      r: 4,
      loraAlpha: 8,
      targetModules: ["query"],
      rankPattern: new Map([
        ["ery", 1],
        ["layer\\.[0-2]\\..*query", 2],
        ["self.query", 3],
        ["query", 5],
        ["^encoder.*key", 6],
      ]),
      alphaPattern: new Map([["key", 1.5]]),
    });
    expect(layerScalings(config)(query)).toEqual({ rank: 3, alpha: 8, scaling: 8 / 3 });
    expect(layerScalings(config)("encoder.layer.2.attention.self.query").rank).toBe(2);
    expect(layerScalings(config)("query").rank).toBe(5);
    expect(layerScalings(config)("encoder.layer.2.attention.self.key")).toEqual({ rank: 6, alpha: 1.5, scaling: 0.25 });
    expect(layerScalings(config)("bert.encoder.layer.2.attention.self.key").rank).toBe(4);
    expect(layerScalings({ ...config, useRslora: true })("dense").scaling).toBe(4);
  });
});

describe("writeAdapter", () => {
  const layers = new Map([
    ["dense", { kind: "linear", loraA: zeros(3, 2), loraB: zeros(2, 5), rank: 2, alpha: 3, scaling: 1.5 } as const],
  ]);
  const config = adapterConfig({
    r: 2,
    loraAlpha: 3,
    targetModules: ["dense"],
    baseModelNameOrPath: "naïve/模型",
    loraDropout: 0.1,
  });

  it("writes every field of PEFT 0.21", async () => {
    const reference = JSON.parse(text((await adapterFiles("valid/llama_plain"))["adapter_config.json"]));
    const written = text(writeAdapter({ config, layers, extra: new Map() })["adapter_config.json"]);
    expect(Object.keys(JSON.parse(written))).toEqual(Object.keys(reference));
    expect(JSON.parse(written)).toMatchObject({
      base_model_name_or_path: "naïve/模型",
      lora_dropout: 0.1,
      r: 2,
      lora_alpha: 3,
    });
    expect(written).toContain('"na\\u00efve/\\u6a21\\u578b"');
  });

  it("keeps fields that it does not know", () => {
    const other = new Map([["of_tomorrow", { deep: [1, "x"] }]]);
    const files = writeAdapter({ config: { ...config, other }, layers, extra: new Map() });
    expect(readAdapter(files).config.other.get("of_tomorrow")).toEqual({ deep: [1, "x"] });
  });

  it("refuses layers that are not what the configuration says", () => {
    const wrong = (change: object) => () =>
      writeAdapter({ config: { ...config, ...change }, layers, extra: new Map() });
    expect(wrong({ r: 3 })).toThrow(/gives it rank 3, its tensors have 2/);
    expect(wrong({ loraAlpha: 4 })).toThrow(/α 3, scaling 1\.5 are not the configuration's 2, 4, 2/);
    expect(wrong({ targetModules: ["query"] })).toThrow(/hold dense, which the configuration does not target/);
  });
});
