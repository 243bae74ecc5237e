import { afterEach, describe, expect, it } from "vitest";
import {
  ConfigError,
  FormatError,
  type FileMap,
  ModelError,
  SentenceEncoder,
  TextClassifier,
  UnsupportedError,
  writeSafetensors,
} from "../../../ts/index.js";
import { raggedBatch } from "../../../ts/models/ragged-batch.js";
import { tinyEncoder } from "../tiny-encoder.js";

const texts = ["a good film", "bad", "the story was very, very funny"];
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const flat = (rows: readonly Float32Array[]) => rows.flatMap((row) => [...row]);
const POOLING = "1_Pooling/config.json";

let encoder: SentenceEncoder | undefined;
afterEach(() => encoder?.dispose());

async function load(files: FileMap, options = {}): Promise<SentenceEncoder> {
  encoder?.dispose();
  return (encoder = await SentenceEncoder.load({ ...(await tinyEncoder()), ...files }, options));
}

/** Hidden states of each text, token by token. */
function hidden({ graph, model }: SentenceEncoder, ids: readonly Int32Array[]): number[][][] {
  return ids.map((text) =>
    graph.step(() =>
      graph.noGrad(() => {
        const { shape, data } = graph.value(model.infer(raggedBatch([text]), []));
        return Array.from({ length: shape[0]! }, (_, t) => [...data.slice(t * shape[1]!, (t + 1) * shape[1]!)]);
      }),
    ),
  );
}

type Columns = readonly number[][];
const sum = (rows: Columns, weight: (t: number) => number) =>
  rows[0]!.map((_, c) => rows.reduce((total, row, t) => total + weight(t) * row[c]!, 0));

/** sentence-transformers' ways of pooling, by their switches. */
const ways: Record<string, (rows: Columns) => number[]> = {
  pooling_mode_cls_token: (rows) => [...rows[0]!],
  pooling_mode_max_tokens: (rows) => rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]!))),
  pooling_mode_mean_tokens: (rows) => sum(rows, () => 1 / rows.length),
  pooling_mode_mean_sqrt_len_tokens: (rows) => sum(rows, () => 1 / Math.sqrt(rows.length)),
  pooling_mode_weightedmean_tokens: (rows) => sum(rows, (t) => (t + 1) / ((rows.length * (rows.length + 1)) / 2)),
  pooling_mode_lasttoken: (rows) => [...rows.at(-1)!],
};

function expectClose(found: readonly number[], expected: readonly number[]) {
  expect(found).toHaveLength(expected.length);
  found.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThan(2e-6));
}

describe("files in memory", () => {
  it("that are undefined or null are missing, as those that are not named", async () => {
    for (const nothing of [undefined, null]) {
      const none = nothing as unknown as Uint8Array;
      await expect(load({ "model.safetensors": none })).rejects.toThrow(/model\.safetensors is missing/);
      await expect(load({ "config.json": none })).rejects.toThrow(/config\.json is missing/);
      await load({ [POOLING]: none, "modules.json": none });
    }
  });

  it("that are no bytes are refused by name", async () => {
    const error = await load({ "tokenizer.json": "{}" as unknown as Uint8Array }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(/^model: tokenizer\.json: expected a Uint8Array, got "\{\}"/);
  });
});

describe("1_Pooling/config.json", () => {
  it.each(Object.keys(ways))("%s", async (mode) => {
    const one = await load({ [POOLING]: bytes({ word_embedding_dimension: 32, [mode]: true }) });
    const rows = hidden(one, one.tokenize(texts));
    expectClose(flat(await one.encode(texts)), rows.flatMap(ways[mode]!));
    expect(one.hiddenSize).toBe(32);
  });

  it("may switch several on, whose vectors stand side by side in sentence-transformers' order", async () => {
    const modes = ["pooling_mode_cls_token", "pooling_mode_max_tokens", "pooling_mode_lasttoken"];
    const switches = Object.fromEntries([...modes].reverse().map((mode) => [mode, true]));
    const three = await load({ [POOLING]: bytes({ ...switches, pooling_mode_mean_tokens: false }) });
    expect(three.hiddenSize).toBe(96);
    const rows = hidden(three, three.tokenize(texts));
    expectClose(
      flat(await three.encode(texts)),
      rows.flatMap((row) => modes.flatMap((mode) => ways[mode]!(row))),
    );
    const classifier = TextClassifier.create(three, { labels: ["a", "b"] });
    await classifier.fit(
      [
        { text: "good", label: "a" },
        { text: "bad", label: "b" },
      ],
      { steps: 2, batchSize: 2 },
    );
    expect(JSON.parse(new TextDecoder().decode(classifier.save()["labels.json"]))).toMatchObject({
      pooling: "cls+max+lasttoken",
    });
  });

  it.each<[string, object, string[]]>([
    [
      "a list in its own order",
      { pooling_mode: ["mean", "cls"] },
      ["pooling_mode_mean_tokens", "pooling_mode_cls_token"],
    ],
    [
      "a name, beside which switches say nothing",
      { pooling_mode: "max", pooling_mode_mean_tokens: true },
      ["pooling_mode_max_tokens"],
    ],
    ["nothing", { word_embedding_dimension: 32 }, ["pooling_mode_mean_tokens"]],
  ])("may say %s, as sentence-transformers takes it", async (_, config, modes) => {
    const one = await load({ [POOLING]: bytes(config) });
    const rows = hidden(one, one.tokenize(texts));
    expectClose(
      flat(await one.encode(texts)),
      rows.flatMap((row) => modes.flatMap((mode) => ways[mode]!(row))),
    );
  });

  it.each<[string, unknown, typeof ModelError | typeof UnsupportedError, RegExp]>([
    ["one way twice", { pooling_mode: ["cls", "cls"] }, ModelError, /pooling_mode names a way twice/],
    ["no way", { pooling_mode_mean_tokens: false }, ModelError, /no way of pooling is switched on/],
    [
      "an unknown way",
      { pooling_mode_attention: true },
      UnsupportedError,
      /pooling_mode_attention true is not supported/,
    ],
    ["an unknown name", { pooling_mode: "attention" }, UnsupportedError, /pooling_mode "attention" is not supported/],
    ["a number", { pooling_mode_cls_token: 1 }, ModelError, /pooling_mode_cls_token must be true or false, got 1/],
    ["a list", [], ModelError, /1_Pooling\/config\.json/],
  ])("with %s is refused", async (_, config, kind, message) => {
    const error: unknown = await load({ [POOLING]: bytes(config) }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(message);
  });

  it("may name its way, and lie where modules.json says; the option `pooling` goes before it", async () => {
    const modules = bytes([
      { type: "a.Transformer", path: "" },
      { type: "a.Pooling", path: "pool" },
    ]);
    const files = { "modules.json": modules, "pool/config.json": bytes({ pooling_mode: "cls" }) };
    const named = await load(files);
    const rows = hidden(named, named.tokenize(texts));
    expectClose(
      flat(await named.encode(texts)),
      rows.flatMap((row) => row[0]!),
    );
    const mean = await load(files, { pooling: "mean" });
    expect(await mean.encode(texts)).toEqual(await (await load({})).encode(texts));
    await expect(load({}, { pooling: "median" })).rejects.toThrow(ConfigError);
  });

  it("is what a classifier was trained on: another encoder's vectors are refused", async () => {
    const cls = await load({ [POOLING]: bytes({ pooling_mode_cls_token: true }) });
    const files = TextClassifier.create(cls, { labels: ["a", "b"] }).save();
    const mean = await load({});
    expect(() => TextClassifier.load(mean, files)).toThrow(FormatError);
    expect(() => TextClassifier.load(mean, files)).toThrow('trained on vectors of pooling "cls"');
    expect(mean.adapters()).toEqual([]);
    TextClassifier.load(await load({}, { pooling: "cls" }), files);
  });
});

describe("modules.json", () => {
  const transformer = { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" };
  const pooling = { idx: 1, name: "1", path: "1_Pooling", type: "sentence_transformers.models.Pooling" };
  const normalize = { idx: 2, name: "2", path: "2_Normalize", type: "sentence_transformers.models.Normalize" };

  const dense = { idx: 2, name: "2", path: "2_Dense", type: "sentence_transformers.models.Dense" };

  /** A layer to five numbers behind the pooling. */
  function denseFiles(width: number, changes: object = {}) {
    const number = (i: number) => Math.sin(3 * i + 1) / 4;
    const weight = { shape: [5, width], data: Float32Array.from({ length: 5 * width }, (_, i) => number(i)) };
    const bias = { shape: [5], data: Float32Array.from({ length: 5 }, (_, i) => number(1000 + i)) };
    const activation_function = "torch.nn.modules.activation.Tanh";
    const config = { in_features: width, out_features: 5, bias: true, activation_function, ...changes };
    const files = {
      "modules.json": bytes([transformer, pooling, dense, { ...normalize, idx: 3 }]),
      "2_Dense/config.json": bytes(config),
      "2_Dense/model.safetensors": writeSafetensors({ "linear.weight": weight, "linear.bias": bias }),
    };
    return { files, weight: weight.data, bias: bias.data };
  }

  it("may put a layer between pooling and length", async () => {
    const means = await (await load({})).encode(texts);
    const width = means[0]!.length;
    const { files, weight, bias } = denseFiles(width);
    const expected = means.map((mean) =>
      Array.from(bias, (b, out) => Math.tanh(mean.reduce((total, x, i) => total + x * weight[out * width + i]!, b))),
    );
    const layered = await load(files);
    expect(layered.hiddenSize).toBe(5);
    expectClose(flat(await layered.encode(texts, { normalize: false })), expected.flat());
    const lengths = expected.map((vector) => Math.hypot(...vector));
    expectClose(
      flat(await layered.encode(texts)),
      expected.flatMap((vector, i) => vector.map((x) => x / lengths[i]!)),
    );
    const classifier = TextClassifier.create(layered, { labels: ["a", "b"], lora: { rank: 1 } });
    const answers = await classifier.logits(texts);
    const saved = classifier.save();
    classifier.dispose();
    expect(await TextClassifier.load(layered, saved).logits(texts)).toEqual(answers);
    expect(() => TextClassifier.load(encoder!, saved)).toThrow();
    const { files: plain } = denseFiles(width, { activation_function: "torch.nn.modules.linear.Identity" });
    const first = flat(await (await load(plain)).encode(texts, { normalize: false }));
    expectClose(first.map(Math.tanh), expected.flat());
  });

  it.each<[string, object, RegExp]>([
    ["of another width", { in_features: 7 }, /in_features 7, and the vectors before it have \d+ numbers/],
    ["of no width", { out_features: 0 }, /out_features must be a whole number from 1, got 0/],
    ["of more numbers than the file has", { out_features: 6 }, /linear\.weight is \[5, \d+\]; config\.json calls for/],
    [
      "with another activation",
      { activation_function: "torch.nn.Softmax" },
      /activation_function "torch\.nn\.Softmax"/,
    ],
    ["that adds its input", { use_residual: true }, /use_residual true/],
    ["on tokens", { module_input_name: "token_embeddings" }, /module_input_name "token_embeddings"/],
    ["whose vectors go elsewhere", { module_output_name: "other" }, /module_output_name "other"/],
    ["with half a bias", { bias: 0.5 }, /bias must be true or false, got 0\.5/],
  ])("a layer %s is refused", async (_, changes, message) => {
    const width = (await load({})).hiddenSize;
    await expect(load(denseFiles(width, changes).files)).rejects.toThrow(message);
  });

  it("may not be of tokens in place of vectors", async () => {
    const modules = bytes([
      { type: "a.Transformer", path: "" },
      { type: "a.Pooling", path: "1_Pooling" },
      { type: "a.Normalize", path: "2_Normalize" },
    ]);
    const of = (name: string) => ({
      "modules.json": modules,
      "2_Normalize/config.json": bytes({ module_input_name: name }),
    });
    await load(of("sentence_embedding"));
    await expect(load(of("token_embeddings"))).rejects.toThrow(
      /2_Normalize\/config\.json: module_input_name "token_embeddings"/,
    );
  });

  it("says whether vectors are normalised where the call does not", async () => {
    const plain = await (await load({})).encode(texts, { normalize: true });
    const normalized = await load({ "modules.json": bytes([transformer, pooling, normalize]) });
    expect(await normalized.encode(texts)).toEqual(plain);
    expect(await normalized.encode(texts, { normalize: false })).toEqual(await (await load({})).encode(texts));
  });

  it("counts such a layer among what a classifier was trained on", async () => {
    const plain = await load({});
    const { weightsFingerprint: weights } = plain;
    expect(plain.fingerprint).toBe(weights);
    const { files } = denseFiles(plain.hiddenSize);
    const layered = await load(files);
    expect(layered.weightsFingerprint).toBe(weights);
    const { fingerprint } = layered;
    expect(fingerprint).not.toBe(weights);
    const saved = TextClassifier.create(layered, { labels: ["a", "b"], lora: { rank: 1 } }).save();
    const labels = JSON.parse(new TextDecoder().decode(saved["labels.json"])) as { base: object };
    expect(labels.base).toEqual({ name: "model", fingerprint });

    const again = await load(files);
    expect(again.fingerprint).toBe(fingerprint);
    expect(TextClassifier.load(again, saved).labels).toEqual(["a", "b"]);
    const [weight, bias] = [new Float32Array(5 * plain.hiddenSize).fill(0.1), new Float32Array(5)];
    const others = {
      weights: writeSafetensors({
        "linear.weight": { shape: [5, weight.length / 5], data: weight },
        "linear.bias": { shape: [5], data: bias },
      }),
    };
    for (const change of [
      { "2_Dense/model.safetensors": others.weights },
      denseFiles(weight.length / 5, { activation_function: "torch.nn.modules.activation.ReLU" }).files,
    ]) {
      const other = await load({ ...files, ...change });
      expect(other.fingerprint).not.toBe(fingerprint);
      expect(() => TextClassifier.load(other, saved)).toThrow(/model has other weights or another tokenizer/);
    }
    // One of the time when such layers did not count names the weights alone.
    const old = { ...labels, base: { name: "model", fingerprint: weights } };
    expect(TextClassifier.load(await load(files), { ...saved, "labels.json": bytes(old) }).labels).toEqual(["a", "b"]);
  });

  it.each<[string, unknown, RegExp]>([
    ["a dense layer without files", [transformer, pooling, dense], /2_Dense\/config\.json is missing/],
    ["a dense layer elsewhere", [transformer, pooling, { ...dense, path: "../x" }], /path must name a folder/],
    ["a dense layer before the pooling", [transformer, dense, pooling], /module 1 is a Dense; the order is/],
    ["a dense layer after all", [transformer, pooling, normalize, dense], /module 3 is a Dense; the order is/],
    ["a length before the pooling", [transformer, normalize, pooling], /module 1 is a Normalize; the order is/],
    ["a length without a pooling", [transformer, normalize], /module 1 is a Normalize; the order is/],
    ["two poolings", [transformer, pooling, pooling], /module 2 is a Pooling; the order is/],
    ["a pooling first", [pooling, normalize], /module 0 is a Pooling; the order is/],
    ["two transformers", [transformer, transformer, pooling], /module 1 is a Transformer; the order is/],
    ["no pooling", [transformer], /modules\.json: no module is a Pooling: /],
    ["another module", [transformer, pooling, { type: "x.models.WordWeights" }], /module 2 is "WordWeights"/],
    ["a pooling elsewhere", [transformer, { ...pooling, path: "../x" }], /path must name a folder of the model/],
    ["a pooling nowhere", [transformer, { type: "x.Pooling" }], /path must name a folder of the model, got undefined/],
    ["a transformer elsewhere", [{ ...transformer, path: "0_T" }], /the Transformer lies in "0_T"/],
    ["no types", [{}], /module 0 has no type/],
    ["null", null, /a JSON list is expected, got null/],
  ])("with %s is refused", async (_, modules, message) => {
    await expect(load({ "modules.json": bytes(modules) })).rejects.toThrow(message);
  });
});

describe("sentence_bert_config.json", () => {
  const file = (value: unknown) => ({ "sentence_bert_config.json": bytes(value) });

  it("says how long texts are, up to what the model has positions for", async () => {
    const long = ["good film ".repeat(100)];
    const length = (one: SentenceEncoder) => one.tokenize(long)[0]!.length;
    expect(length(await load(file({ max_seq_length: 9 })))).toBe(9);
    expect(length(await load(file({ max_seq_length: 9 }), { maxTokens: 12 }))).toBe(12);
    expect(length(await load(file({ max_seq_length: 4096 })))).toBe(32);
    expect(length(await load(file({ max_seq_length: null })))).toBe(32);
    for (const max_seq_length of [1, -5, 2.5, "9", [9]])
      await expect(load(file({ max_seq_length }))).rejects.toThrow(/max_seq_length must be a whole number from 2/);
    await expect(load(file({ do_lower_case: "yes" }))).rejects.toThrow(/do_lower_case must be true or false/);
  });

  it("leaves the length of texts to tokenizer_config.json's model_max_length where it does not say one", async () => {
    const length = ({ tokenizer }: SentenceEncoder) => tokenizer.maxTokens;
    const file = (config: object) => ({ "sentence_bert_config.json": bytes(config) });
    const config = (model_max_length: unknown) => ({ "tokenizer_config.json": bytes({ model_max_length }) });
    expect(length(await load(config(7)))).toBe(7);
    expect(length(await load({ ...config(7), ...file({ max_seq_length: null }) }))).toBe(7);
    expect(length(await load({ ...config(7), ...file({ max_seq_length: 9 }) }))).toBe(9);
    expect(length(await load(config(7), { maxTokens: 12 }))).toBe(12);
    // What transformers writes for no limit, and no word of one.
    for (const none of [1000000000000000019884624838656, null, undefined, 4096])
      expect(length(await load(config(none)))).toBe(32);
    for (const wrong of [1, -5, "9", [9]])
      await expect(load(config(wrong))).rejects.toThrow(/model_max_length must be a number from 2, or null, got/);
  });

  it("says whether texts are lowercased before the tokenizer sees them", async () => {
    const lower = await load(file({ do_lower_case: true }));
    expect([...lower.tokenize(["[MASK] GOOD"])[0]!]).toEqual([...lower.tokenize(["[mask] good"])[0]!]);
    const plain = await load({});
    expect([...plain.tokenize(["[MASK]"])[0]!]).not.toEqual([...plain.tokenize(["[mask]"])[0]!]);
  });
});

describe("config_sentence_transformers.json", () => {
  const file = (value: unknown) => ({ "config_sentence_transformers.json": bytes(value) });
  const prompts = { query: "good ", document: "" };

  it("has prompts by name, of which one may be the default", async () => {
    const expected = await (await load({})).encode(texts.map((text) => `good ${text}`));
    const plain = await (await load({})).encode(texts);
    const named = await load(file({ prompts, default_prompt_name: null }));
    expect(await named.encode(texts)).toEqual(plain);
    expect(await named.encode(texts, { promptName: "query" })).toEqual(expected);
    expect(await named.encode(texts, { prompt: "good " })).toEqual(expected);
    const byDefault = await load(file({ prompts, default_prompt_name: "query" }));
    expect(await byDefault.encode(texts)).toEqual(expected);
    expect(await byDefault.encode(texts, { prompt: "" })).toEqual(plain);
    expect(await byDefault.encode(texts, { promptName: "document" })).toEqual(plain);
    await expect(byDefault.encode(texts, { promptName: "clustering" })).rejects.toThrow(
      'this model has no prompt "clustering"; it has "query", "document"',
    );
    await expect(byDefault.encode(texts, { prompt: "a", promptName: "query" })).rejects.toThrow("give only one");
    await expect(byDefault.encode(texts, { prompt: 5 as never })).rejects.toThrow(ConfigError);
    await expect(byDefault.encode(texts, { promptName: "toString" })).rejects.toThrow(ConfigError);
  });

  it("is heeded where the pooling leaves a prompt's tokens out", async () => {
    const pooling = { [POOLING]: bytes({ pooling_mode_mean_tokens: true, include_prompt: false }) };
    const one = await load({ ...file({ prompts }), ...pooling });
    // [CLS] and "good" are left out, as sentence-transformers does.
    const rows = hidden(one, one.tokenize(texts.map((text) => `good ${text}`))).map((row) => row.slice(2));
    expectClose(
      flat(await one.encode(texts, { promptName: "query" })),
      rows.flatMap(ways["pooling_mode_mean_tokens"]!),
    );
    expect(await one.encode(texts)).toEqual(await (await load({})).encode(texts));
  });

  it("makes the token behind it a text's first where its own are left out", async () => {
    const pooling = { [POOLING]: bytes({ pooling_mode_cls_token: true, include_prompt: false }) };
    const one = await load({ ...file({ prompts }), ...pooling });
    const rows = hidden(one, one.tokenize(texts.map((text) => `good ${text}`))).map((row) => row[2]!);
    expectClose(
      flat(await one.encode(texts, { promptName: "query" })),
      rows.flatMap((row) => [...row]),
    );
  });

  it("leaves the weights of the other tokens as they were with it", async () => {
    const pooling = { [POOLING]: bytes({ pooling_mode: "weightedmean", include_prompt: false }) };
    const one = await load({ ...file({ prompts }), ...pooling });
    const rows = hidden(one, one.tokenize(texts.map((text) => `good ${text}`))).map((row) => row.slice(2));
    const total = (row: Columns) => row.reduce((all, _, t) => all + t + 3, 0);
    expectClose(
      flat(await one.encode(texts, { promptName: "query" })),
      rows.flatMap((row) => sum(row, (t) => (t + 3) / total(row))),
    );
  });

  it.each<[unknown, RegExp]>([
    [{ prompts: [] }, /prompts must be an object of texts by name/],
    [{ prompts: { a: 5 } }, /prompts: "a" must be a text, got 5/],
    [{ prompts, default_prompt_name: "none" }, /default_prompt_name must be the name of one of the prompts/],
    [{ prompts, default_prompt_name: "constructor" }, /default_prompt_name/],
    [{ default_prompt_name: 3 }, /default_prompt_name/],
  ])("%j is refused", async (value, message) => {
    await expect(load(file(value))).rejects.toThrow(message);
  });
});
