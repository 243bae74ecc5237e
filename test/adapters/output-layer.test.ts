import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CausalLanguageModel,
  ConfigError,
  engineInfo,
  type FileMap,
  type LoraOptions,
  readAdapter,
  UnsupportedError,
} from "../../ts/index.js";
import { all, decoderFiles, decoderGolden } from "../models/language/golden-decoder.js";
import { tiedCases } from "../models/language/golden-tied.js";
import { llamaConfig, randomModel } from "../models/language/random-llama.js";

/** Adapters on the output layer or the table that it may be tied to. */
const kinds: Readonly<Record<string, LoraOptions>> = {
  update: { targetModules: ["q_proj", "lm_head"] },
  dora: { targetModules: ["lm_head"], dora: true },
  whole: { targetModules: ["q_proj"], modulesToSave: ["lm_head"] },
  rows: { targetModules: ["q_proj"], trainableTokenIndices: [7, 300, 8] },
  "rows of its own": { targetModules: ["q_proj"], trainableTokenIndices: { lm_head: [7, 300], embed_tokens: [9] } },
  "rows and an update": { targetModules: ["lm_head"], trainableTokenIndices: [7, 300] },
  table: { targetModules: ["embed_tokens"] },
  "table with DoRA": { targetModules: ["embed_tokens"], dora: true },
  "whole table": { targetModules: ["q_proj"], modulesToSave: ["embed_tokens"] },
  both: { targetModules: ["embed_tokens", "lm_head"] },
};

/** An adapter with values in all that it trains. */
function add(model: CausalLanguageModel, name: string, options: LoraOptions): void {
  model.addAdapter(name, { rank: 2, ...options });
  const { graph } = model;
  for (const id of model.adapter(name).params()) {
    const { shape, data } = graph.value(id);
    graph.setValue(id, { shape, data: data.map((x, i) => x + 0.05 * Math.sin(3 * i + 1)) });
  }
}

const ids = [1, 7, 9, 300, 8, 20, 33, 7];
const worst = (a: Float32Array, b: Float32Array) => a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

describe.each([true, false])("of a model that is tied: %s", (tied) => {
  const sizes = { vocab_size: 320, hidden_size: 64, intermediate_size: 96, num_hidden_layers: 2 };
  const files: FileMap = randomModel(llamaConfig({ ...sizes, tie_word_embeddings: tied }));

  it.each(["f32", "f16", "q8", "q4"] as const)("merges and unmerges in %s, to the bit and byte", async (weights) => {
    const before = engineInfo().memory.used;
    const model = await CausalLanguageModel.load(files, { weights });
    const logits = async (adapter: string | null) => (await model.logits(ids, { adapter })).data;
    const base = await logits(null);
    for (const [kind, options] of Object.entries(kinds)) {
      add(model, kind, options);
      const apart = await logits(kind);
      expect([kind, worst(apart, base) > 1e-4]).toEqual([kind, true]);
      const { used } = engineInfo().memory;
      model.mergeAdapter(kind);
      const gap = worst(await logits(kind), apart);
      expect([kind, gap < 1e-5 ? 0 : gap]).toEqual([kind, 0]);
      model.unmergeAdapter(kind);
      expect(await logits(kind)).toEqual(apart);
      expect(await logits(null)).toEqual(base);
      // With the packed copy of the table, which products make.
      expect(engineInfo().memory.used).toBe(used);
      model.removeAdapter(kind);
    }
    // Disposed of with an adapter merged, by which the layer has memory of its own.
    add(model, "last", kinds["table"]!);
    model.mergeAdapter("last");
    model.dispose();
    expect(engineInfo().memory.used).toBe(before);
  });

  it("loads what it saves, and trains it, with checkpointing to the same bits", async () => {
    using model = await CausalLanguageModel.load(files);
    const examples = [{ ids, mask: ids.map((_, i) => i > 1) }];
    for (const [kind, options] of Object.entries(kinds)) {
      add(model, kind, options);
      const saved = model.saveAdapter(kind);
      const train = async (checkpointing: boolean) => {
        model.loadAdapter("again", saved);
        const { steps } = await model.fit(examples, {
          adapter: "again",
          steps: 3,
          batchSize: 1,
          learningRate: 1e-2,
          checkpointing,
        });
        const files = model.saveAdapter("again");
        model.removeAdapter("again");
        return { losses: steps.map(({ loss }) => loss), files };
      };
      const found = await train(false);
      expect([kind, found.losses[2]! < found.losses[0]!]).toEqual([kind, true]);
      expect(await train(true)).toEqual(found);
      const names = (files: FileMap) => [...readAdapter(files).layers.keys(), ...readAdapter(files).extra.keys()];
      expect(names(found.files)).toEqual(names(saved));
      model.removeAdapter(kind);
    }
  });

  it("gives each text of a batch, to the bit, what it is alone", async () => {
    using model = await CausalLanguageModel.load(files);
    for (const [kind, options] of Object.entries(kinds)) add(model, kind, options);
    const requests = [...Object.keys(kinds), null].map((adapter, i) => ({
      prompt: ids.slice(i % 3),
      adapter,
      maxTokens: 6,
      temperature: 0.8,
      seed: i,
      ignoreEnd: true,
    }));
    const found = await all(model.generateBatch(requests));
    for (const [i, { prompt, ...options }] of requests.entries()) {
      const own = found.filter(({ sequence }) => sequence === i).map(({ sequence: _, ...token }) => token);
      expect(own).toEqual(await all(model.generateTokens(prompt, options)));
    }
  });
});

describe("addAdapter", () => {
  let model: CausalLanguageModel;
  beforeAll(async () => {
    model = await CausalLanguageModel.load(await decoderFiles("qwen2"));
  });
  afterAll(() => model?.dispose());

  it('leaves the output layer out of "all-linear", as PEFT does', () => {
    model.addAdapter("all", { targetModules: "all-linear" });
    expect([...model.adapter("all").layers.keys()].filter((path) => !path.includes(".layers."))).toEqual([]);
    model.removeAdapter("all");
  });

  it("gives rows that table and tied output layer both list one tensor", () => {
    const rows = { embed_tokens: [5, 7], lm_head: [5, 7] };
    model.addAdapter("twice", { trainableTokenIndices: rows });
    expect([...model.adapter("twice").tokens.keys()]).toEqual(["model.embed_tokens"]);
    model.removeAdapter("twice");
  });

  it.each<[string, LoraOptions]>([
    ["a whole output layer", { modulesToSave: ["lm_head"], trainableTokenIndices: [5] }],
    ["DoRA", { targetModules: ["lm_head"], dora: true, trainableTokenIndices: [5] }],
    ["its update", { targetModules: ["lm_head"], trainableTokenIndices: { lm_head: [5] } }],
  ])("refuses rows beside %s, and takes no memory", (_, options) => {
    const { used } = engineInfo().memory;
    expect(() => model.addAdapter("refused", options)).toThrow(ConfigError);
    expect(() => model.addAdapter("refused", options)).toThrow(/trainableTokenIndices.*leave one out/);
    expect(engineInfo().memory.used).toBe(used);
  });
});

describe("fit", () => {
  it("trains an output layer with the last layers", async () => {
    using model = await CausalLanguageModel.load(await decoderFiles("qwen2"));
    model.addAdapter("own", { targetModules: ["q_proj", "lm_head"] });
    const before = readAdapter(model.saveAdapter("own")).layers;
    await model.fit([{ ids: [1, 2, 3], mask: [0, 1, 1] }], { steps: 2, layers: 1 });
    const changed = [...readAdapter(model.saveAdapter("own")).layers].filter(
      ([path, { loraB }]) => worst(loraB.data, before.get(path)!.loraB.data) > 0,
    );
    expect(changed.map(([path]) => path)).toEqual(["lm_head", "model.layers.2.self_attn.q_proj"]);
  });

  it("refuses by its name what trains table and output layer as one", async () => {
    using model = await CausalLanguageModel.load(await decoderFiles("qwen2"));
    const ensured = (await tiedCases("qwen2")).filter(({ name }) => name.startsWith("ensured"));
    expect(ensured.length).toBe(2);
    for (const { name, files } of ensured) {
      model.loadAdapter(name, files);
      const training = model.fit([{ ids: [1, 2], mask: [0, 1] }], { adapter: name });
      await expect(training).rejects.toThrow(UnsupportedError);
      await expect(training).rejects.toThrow(/ensure_weight_tying/);
    }
  });
});

describe("saveGguf", () => {
  it("holds an update of an output layer that has a tensor of its own there", async () => {
    using apart = await CausalLanguageModel.load(await decoderFiles("llama"));
    add(apart, "own", kinds["update"]!);
    const { ids: prompt } = (await decoderGolden("llama")).prompts[0]!;
    await apart.loadGguf("again", await apart.saveGguf("own"));
    expect(await apart.logits(prompt, { adapter: "again" })).toEqual(await apart.logits(prompt, { adapter: "own" }));
    using tied = await CausalLanguageModel.load(await decoderFiles("qwen2"));
    add(tied, "own", kinds["update"]!);
    await expect(tied.saveGguf("own")).rejects.toThrow(UnsupportedError);
    await expect(tied.saveGguf("own")).rejects.toThrow(/"lm_head" is the table of words .* merge it/);
  });
});
