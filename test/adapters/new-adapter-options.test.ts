import { describe, expect, it, vi } from "vitest";
import { raggedBatch } from "../../ts/entry/graph.js";
import {
  AdapterError,
  CausalLanguageModel,
  ConfigError,
  type LoraOptions,
  readAdapter,
  SentenceEncoder,
  UnsupportedError,
} from "../../ts/index.js";
import { largestError } from "../ops/compare.js";
import { goldenEncoder, texts as all } from "../models/golden-encoder.js";
import { decoderFiles } from "../models/language/golden-decoder.js";

const files = await goldenEncoder("bert");
const texts = all.slice(0, 6);
const targetModules = ["query", "value"];

const flat = (rows: readonly Float32Array[]) => Float32Array.from(rows.flatMap((row) => [...row]));

/** A step of plain gradient descent on everything that the active adapter trains. */
function descend(encoder: SentenceEncoder): number {
  const { graph } = encoder;
  const params = encoder.trainableParams();
  graph.zeroGrads();
  graph.step(() => graph.backward(graph.mean(graph.square(encoder.pooled(raggedBatch(encoder.tokenize(texts)))))));
  let reached = 0;
  for (const id of params) {
    const gradient = graph.grad(id);
    if (gradient === null) continue;
    reached++;
    const { shape, data } = graph.value(id);
    graph.setValue(id, { shape, data: data.map((x, i) => x - 3 * gradient.data[i]!) });
  }
  return reached;
}

const cases: [string, LoraOptions, number][] = [
  ["bias lora_only", { targetModules, bias: "lora_only" }, 12],
  ["bias all", { targetModules, bias: "all" }, 8 + 18],
  ["loraBias", { targetModules, loraBias: true }, 12],
  ["modulesToSave", { targetModules, modulesToSave: ["key", "LayerNorm"] }, 8 + 4 + 10],
  ["embeddings", { targetModules: ["word_embeddings", "query"] }, 6],
  ["tokens", { targetModules, trainableTokenIndices: [2, 3] }, 9],
  ["tokens by name", { targetModules, trainableTokenIndices: { position_embeddings: [0, 1] } }, 9],
  ["layers", { targetModules, layersToTransform: [1], layersPattern: "layer" }, 4],
  ["patterns", { targetModules, rankPattern: { query: 2 }, alphaPattern: { "layer.1.*value": 3 }, rslora: true }, 8],
  ["excluded", { targetModules: "all-linear", excludeModules: ["dense"], dora: true }, 18],
  ["gaussian", { targetModules, initLoraWeights: "gaussian" }, 8],
  ["orthogonal", { targetModules, initLoraWeights: "orthogonal" }, 8],
  ["false", { targetModules, initLoraWeights: false }, 8],
  ["pissa", { targetModules, initLoraWeights: "pissa" }, 8],
  ["pissa, rslora", { targetModules, initLoraWeights: "pissa", rslora: true, rankPattern: { query: 3 } }, 8],
  ["pissa, dora", { targetModules, initLoraWeights: "pissa", dora: true }, 12],
  ["olora", { targetModules, initLoraWeights: "olora" }, 8],
];

describe.each(cases)("a new adapter with %s", (name, options, trained) => {
  it("begins with the base's vectors, trains, merges, is saved and loaded, and leaves the base as it is", async () => {
    using encoder = await SentenceEncoder.load(files, { pooling: "mean", seed: 5 });
    const before = await encoder.encode(texts);
    encoder.addAdapter("new", { rank: 4, alpha: 6, ...options });
    const params = encoder.trainableParams();
    expect(params).toHaveLength(trained);
    const start = await encoder.encode(texts);
    if (name !== "false") expect(largestError(flat(start), flat(before))).toBeLessThan(1e-5);
    // All but the pooler's bias, which a mean does not look at, and those of keys, which a softmax does not see.
    expect(descend(encoder)).toBeGreaterThan(trained - 3);
    descend(encoder);
    const after = await encoder.encode(texts);
    expect(largestError(flat(after), flat(start))).toBeGreaterThan(1e-4);
    expect(await encoder.encode(texts, { adapter: null })).toEqual(before);
    encoder.mergeAdapter("new");
    expect(largestError(flat(await encoder.encode(texts)), flat(after))).toBeLessThan(1e-5);
    encoder.unmergeAdapter("new");
    expect(await encoder.encode(texts)).toEqual(after);
    const saved = encoder.saveAdapter("new");
    encoder.loadAdapter("again", saved);
    expect(encoder.saveAdapter("again")).toEqual(saved);
    expect(largestError(flat(await encoder.encode(texts, { adapter: "again" })), flat(after))).toBeLessThan(1e-6);
    const { config } = readAdapter(saved);
    const taking = /^(pissa|olora)/.test(name);
    expect(config.r).toBe(taking ? 8 : 4);
    if (taking) expect(config.initLoraWeights).toBe(true);
    encoder.removeAdapter("again");
    encoder.removeAdapter("new");
    expect(await encoder.encode(texts)).toEqual(before);
  });
});

describe("a new adapter is refused, and nothing is left of it", () => {
  it.each<[string, LoraOptions, new (...args: never[]) => Error, RegExp]>([
    ["a module that is not there", { modulesToSave: ["nothing"] }, ConfigError, /modulesToSave names "nothing"/],
    ["a table that is not there", { trainableTokenIndices: { wte: [1] } }, ConfigError, /no table "wte"/],
    ["a row that is not there", { trainableTokenIndices: [600] }, ConfigError, /rows 0 to 599, got 600/],
    ["a row twice", { trainableTokenIndices: [1, 1] }, ConfigError, /listed twice/],
    [
      "rows of a table that is adapted",
      { targetModules: ["query", "word_embeddings"], trainableTokenIndices: [1] },
      ConfigError,
      /targetModules and by trainableTokenIndices/,
    ],
    [
      "rows of a table that is trained as a whole",
      { modulesToSave: ["word_embeddings"], trainableTokenIndices: [1] },
      ConfigError,
      /word_embeddings is trained as a whole by modulesToSave, and rows of it by trainableTokenIndices/,
    ],
    ["B's bias with DoRA", { loraBias: true, dora: true }, AdapterError, /lora_bias and use_dora/],
    ["B's bias with PiSSA", { loraBias: true, initLoraWeights: "pissa" }, ConfigError, /loraBias goes with/],
    ["a pattern with layers", { targetModules: ".*query", layersToTransform: 0 }, AdapterError, /do not go together/],
    ["an odd rank", { rank: 3, initLoraWeights: "orthogonal" }, ConfigError, /must be even, got 3/],
    ["a rank above the weight's", { rank: 33, initLoraWeights: "pissa" }, ConfigError, /at most that, got 33/],
    ["random PiSSA", { initLoraWeights: "pissa_niter_4" as never }, UnsupportedError, /random/],
    ["EVA", { initLoraWeights: "eva" as never }, UnsupportedError, /eva/],
    ["LoftQ", { initLoraWeights: "loftq" as never }, UnsupportedError, /loftq/],
    ["an unknown bias", { bias: "some" as never }, ConfigError, /bias is "none", "all" or "lora_only"/],
  ])("%s", async (_, options, kind, message) => {
    using encoder = await SentenceEncoder.load(files);
    let error: unknown;
    try {
      encoder.addAdapter("new", options);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(message);
    expect(encoder.adapters()).toEqual([]);
  });
});

it("a stack of layers that begins its path needs layersPattern, as in PEFT, which is said", async () => {
  using encoder = await SentenceEncoder.load(await goldenEncoder("modernbert"));
  const options = { targetModules: ["Wqkv"], layersToTransform: [1] };
  expect(() => encoder.addAdapter("new", options)).toThrow(
    "layers 1: the model has layers 0 to 2; layers.0.attn.Wqkv needs layersPattern",
  );
  encoder.addAdapter("new", { ...options, layersPattern: "layers" });
  expect([...encoder.adapter("new").layers.keys()]).toEqual(["layers.1.attn.Wqkv"]);
});

it.each<[LoraOptions, string]>([
  [{ targetModules: "query" }, "(a string is a regular expression for whole paths; names stand in a list); there are "],
  [{ targetModules: ["all-linear"] }, '("all-linear" is for itself, not in a list); there are '],
  [{ targetModules: ["query"], excludeModules: ["query"] }, "that excludeModules leaves; there are "],
  [{ targetModules: ["quarry"] }, '["quarry"] matches no linear layer; there are '],
])("%j reaches nothing, and is told why it may be", async (options, message) => {
  using encoder = await SentenceEncoder.load(await goldenEncoder("bert"));
  expect(() => encoder.addAdapter("new", options)).toThrow(message);
});

// As PEFT 0.21 warns, and where it does not.
describe("options without effect are warned of", () => {
  it.each<[string, LoraOptions, RegExp]>([
    ["a name that excludes nothing", { excludeModules: ["quary"] }, /exclude_modules \["quary"\] names no module/],
    [
      "a pattern that excludes nothing",
      { excludeModules: ".*nothing" },
      /exclude_modules "\.\*nothing" names no module/,
    ],
    ["a name that excludes what was not targeted", { excludeModules: ["value"] }, /^$/],
    ["a name beside one that excludes something", { excludeModules: ["quary", "key"] }, /^$/],
    ["a module that holds others", { excludeModules: ["attention"] }, /^$/],
    ["the output layer", { excludeModules: ["lm_head"] }, /^$/],
    ["B's bias", { loraBias: true }, /^$/],
  ])("%s", async (_, options, message) => {
    using encoder = await SentenceEncoder.load(files);
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    encoder.addAdapter("new", { targetModules: ["query", "key"], ...options });
    const warnings = warn.mock.calls.flat().join("\n");
    warn.mockRestore();
    expect(warnings).toMatch(message);
  });

  it("B's bias on a layer without one, when it is made and when it is loaded", async () => {
    using model = await CausalLanguageModel.load(await decoderFiles("llama"));
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    model.addAdapter("new", { targetModules: ["q_proj"], loraBias: true });
    model.loadAdapter("again", model.saveAdapter("new"));
    const warnings = warn.mock.calls.flat();
    warn.mockRestore();
    expect(warnings).toHaveLength(2);
    for (const warning of warnings)
      expect(warning).toMatch(/lora_bias is set, and model\.layers\.0\.self_attn\.q_proj has no bias/);
  });
});
