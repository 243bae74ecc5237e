import { describe, expect, it } from "vitest";
import { CausalLanguageModel, type FileMap, readSafetensors, SentenceEncoder } from "../../../../ts/index.js";
import type { DecoderConfig } from "../../../../ts/models/decoder/config.js";
import { decoderLayers, decoderPlan } from "../../../../ts/models/decoders.js";
import { adapted, changedJson, decoderFiles, decoderGolden } from "../../language/golden-decoder.js";

const parsed = (files: FileMap) =>
  JSON.parse(new TextDecoder().decode(files["config.json"])) as Record<string, unknown>;

const loaded = async () => CausalLanguageModel.load(await decoderFiles("gemma4_text"));

/** The golden's batch as examples. */
async function examples() {
  const { batch } = await decoderGolden("gemma4_text");
  return batch.map(({ ids, first }) => ({ ids, mask: ids.map((_, i) => i >= first) }));
}

describe("layers that use keys and values of earlier ones", () => {
  const lora = { rank: 2, targetModules: "all-linear", initLoraWeights: "gaussian" } as const;

  /** Losses of some steps, and the adapter after them. */
  async function trained(options: object, more: object = {}) {
    using model = await CausalLanguageModel.load(await decoderFiles("gemma4_text"), { seed: 3 });
    model.addAdapter("own", { ...lora, ...more });
    const { steps } = await model.fit(await examples(), { steps: 3, batchSize: 4, learningRate: 1e-2, ...options });
    const { layers } = model.adapter("own");
    const values = [...layers].map(
      ([path, { loraA, loraB }]) => [path, [loraA, loraB].map((id) => [...model.graph.value(id).data])] as const,
    );
    return { losses: steps.map(({ loss }) => loss), values: new Map(values) };
  }

  it("are computed again to the bit", async () => {
    expect(await trained({ checkpointing: true })).toEqual(await trained({}));
  });

  it("are trained alone, with the same bits as where all gradients are computed", async () => {
    const last = { layersToTransform: [3, 4], targetModules: ["q_proj", "down_proj", "per_layer_projection"] };
    const [some, all] = [await trained({ layers: 2 }, last), await trained({}, last)];
    expect(some).toEqual(all);
    expect(some.losses[2]).toBeLessThan(some.losses[0]!);
  });

  it("answer from a cache as from the whole text, whatever adapters the texts have", async () => {
    using model = await adapted("gemma4_text");
    const { prompts } = await decoderGolden("gemma4_text");
    for (const adapter of ["plain", "dora", null]) {
      const [prompt] = prompts;
      const tokens = [];
      for await (const token of model.generateTokens(prompt!.text, { maxTokens: 9, ignoreEnd: true, adapter }))
        tokens.push(token.id);
      const { data, shape } = await model.logits([...prompt!.ids, ...tokens], { adapter });
      const [rows, width] = shape as [number, number];
      const best = Array.from({ length: rows }, (_, row) => {
        const logits = data.subarray(row * width, (row + 1) * width);
        return logits.indexOf(Math.max(...logits));
      });
      expect(best.slice(prompt!.ids.length - 1, -1)).toEqual(tokens);
    }
  });
});

it("heads turn as a whole where the kind of rotation is the usual one, whatever share the file names", async () => {
  const json = parsed(await decoderFiles("gemma4_text"));
  const of = (full_attention: object) => {
    const { full_attention: _, ...others } = json["rope_parameters"] as Record<string, unknown>;
    const { layers, attention } = decoderPlan({ ...json, rope_parameters: { ...others, full_attention } }).config;
    const last = attention(layers - 1);
    return { headDim: last.sizes!.headDim, frequencies: last.rotary!.frequencies };
  };
  const theta = { rope_theta: 1_000_000 };
  const { headDim, frequencies } = of({ rope_type: "default", partial_rotary_factor: 0.25, ...theta });
  // As transformers' Gemma4TextRotaryEmbedding has them, which does not read the share for this kind.
  expect(frequencies.length).toBe(headDim / 2);
  frequencies.forEach((frequency, i) => expect(frequency * 10 ** ((12 * i) / headDim)).toBeCloseTo(1, 6));
  expect(of({ partial_rotary_factor: 0.25, ...theta }).frequencies).toEqual(frequencies);
  expect(() => of({ rope_type: "linear", factor: 8, partial_rotary_factor: 0.25, ...theta })).toThrow(
    /turn as a whole/,
  );
});

describe("vectors of each layer", () => {
  it("are rows of a table that adapters change, and that stays as the file has it", async () => {
    using model = await loaded();
    const { ids } = (await decoderGolden("gemma4_text")).prompts[0]!;
    const before = await model.logits(ids);
    model.addAdapter("table", { rank: 2, targetModules: ["embed_tokens_per_layer"] });
    await model.fit(await examples(), { steps: 2, batchSize: 4, learningRate: 1e-2 });
    const changed = await model.logits(ids, { adapter: "table" });
    expect(changed).not.toEqual(before);
    model.mergeAdapter("table");
    const { data } = await model.logits(ids);
    data.forEach((x, i) => expect(Math.abs(x - changed.data[i]!)).toBeLessThan(2e-5));
    model.unmergeAdapter("table");
    expect(await model.logits(ids, { adapter: null })).toEqual(before);
  });

  it("take part in gradients of the words' table", async () => {
    using model = await loaded();
    model.addAdapter("words", { rank: 2, targetModules: ["embed_tokens"], initLoraWeights: "gaussian" });
    const { steps } = await model.fit(await examples(), { steps: 4, batchSize: 4, learningRate: 1e-2 });
    expect(steps.at(-1)!.loss).toBeLessThan(steps[0]!.loss);
  });

  it.each(["f16", "bf16", "q8", "q4"] as const)("are kept in %s, and looked up row by row", async (weights) => {
    const files = await decoderFiles("gemma4_text");
    using model = await CausalLanguageModel.load(files, { weights });
    const { table } = model.model.tables.find(({ path }) => path === "model.embed_tokens_per_layer")!;
    expect(model.graph.shape(table)).toEqual([320, 40]);
    const stored = readSafetensors(files["model.safetensors"]!).tensor("model.embed_tokens_per_layer.weight");
    const near = { f16: 1e-3, bf16: 0, q8: 4e-3, q4: 6e-2 }[weights];
    const found = model.model.tables.find((one) => one.table === table)!.rowsOf([0, 319]);
    found.data.forEach((x, i) => {
      const row = i < 40 ? 0 : 319;
      expect(Math.abs(x - stored.data[row * 40 + (i % 40)]!)).toBeLessThanOrEqual(near);
    });
  });
});

describe("config.json", () => {
  it("says sizes of heads by layer or by kind", async () => {
    const files = await decoderFiles("gemma4_text");
    const { per_layer_config: _, ...json } = parsed(files);
    const [each, kinds] = [parsed(files), { ...json, global_head_dim: 16, num_global_key_value_heads: null }].map(
      (one) => Array.from({ length: 5 }, (_, i) => decoderPlan(one).config.attention(i)),
    );
    expect(kinds).toEqual(each);
    expect(each!.map(({ keysOf }) => keysOf)).toEqual([undefined, undefined, undefined, 2, 1]);
    expect(each!.map(({ sizes }) => sizes!.intermediateSize)).toEqual([56, 56, 56, 112, 112]);
    const all = Object.fromEntries([0, 1, 2, 3, 4].map((i) => [i, { head_dim: i % 3 === 1 ? 16 : 8 }]));
    const spelled = { ...json, per_layer_config: all };
    expect(Array.from({ length: 5 }, (_, i) => decoderPlan(spelled).config.attention(i))).toEqual(each);
  });

  it("may leave out what transformers fills in", () => {
    const { config } = decoderPlan({ model_type: "gemma4_text" });
    expect(config).toMatchObject({ layers: 30, heads: 8, tied: true, perLayer: { width: 256, rows: 262_144 } });
    const of = (i: number) => config.attention(i);
    expect([4, 5, 29].map((i) => [of(i).window, of(i).sizes!.headDim])).toEqual([
      [511, 256],
      [null, 512],
      [null, 512],
    ]);
    const { frequencies } = of(5).rotary!;
    expect([frequencies.length, frequencies.filter((x) => x > 0).length, frequencies[0]]).toEqual([256, 64, 1]);
  });

  it("makes an encoder where tokens see those after them, half as far in each direction", async () => {
    const files = changedJson(await decoderFiles("gemma4_text"), "config.json", { use_bidirectional_attention: "all" });
    using encoder = await SentenceEncoder.load(files, { pooling: "mean" });
    using causal = await SentenceEncoder.load(await decoderFiles("gemma4_text"), { pooling: "mean" });
    const text = "The film is a funny and touching";
    const [[both], [one]] = [await encoder.encode([text]), await causal.encode([text])];
    expect(both).not.toEqual(one);
    const { causal: isCausal, attention } = decoderLayers(parsed(files), []).config as DecoderConfig;
    expect([isCausal, attention(0).window, attention(1).window]).toEqual([false, 2, null]);
  });
});
