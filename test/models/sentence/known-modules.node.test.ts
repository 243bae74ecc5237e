// @rest wholeModel
import { afterEach, expect, it, vi } from "vitest";
import { type FileMap, readSafetensors, SentenceEncoder, TextClassifier, writeSafetensors } from "../../../ts/index.js";
import { loadTokenizer } from "../../../ts/models/sentence/load-tokenizer.js";
import { AdapterServer } from "../../../ts/serve/index.js";
import { goldenBytes, goldenJson } from "../../golden.js";
import { post } from "../../serve/tenants.js";
import { miniLM } from "../minilm.js";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const length = (vector: Float32Array) => Math.hypot(...vector);

/** What the hub has beside the files that the cache keeps. */
const ofHub: FileMap = {
  "modules.json": bytes(
    ["Transformer", "Pooling", "Normalize"].map((name, idx) => ({
      idx,
      name: String(idx),
      path: idx === 0 ? "" : `${idx}_${name}`,
      type: `sentence_transformers.models.${name}`,
    })),
  ),
  "1_Pooling/config.json": bytes({
    word_embedding_dimension: 384,
    pooling_mode_cls_token: false,
    pooling_mode_mean_tokens: true,
    pooling_mode_max_tokens: false,
    pooling_mode_mean_sqrt_len_tokens: false,
  }),
  "sentence_bert_config.json": bytes({ max_seq_length: 256, do_lower_case: false }),
};

const opened: SentenceEncoder[] = [];
afterEach(() => {
  opened.splice(0).forEach((encoder) => encoder.dispose());
  vi.restoreAllMocks();
});
async function load(files: FileMap, options = {}): Promise<SentenceEncoder> {
  const encoder = await SentenceEncoder.load(files, options);
  opened.push(encoder);
  return encoder;
}

const warnings = () => {
  const warned: unknown[] = [];
  vi.spyOn(console, "warn").mockImplementation((text) => void warned.push(text));
  return warned;
};

const long = "a very long film, and a good one ".repeat(40);
const texts = ["a good film", "an awful film that I left", long];

it(
  "MiniLM without modules.json has the hub's: vectors of length 1, of at most 256 tokens",
  { timeout: 120_000 },
  async () => {
    const warned = warnings();
    const [cached, hub] = [await load(await miniLM()), await load({ ...(await miniLM()), ...ofHub })];
    expect([cached, hub].map(({ tokenizer }) => tokenizer.maxTokens)).toEqual([256, 256]);
    const vectors = await cached.encode(texts);
    expect(vectors).toEqual(await hub.encode(texts));
    for (const vector of vectors) expect(Math.abs(length(vector) - 1)).toBeLessThan(1e-6);
    expect(cached.fingerprint).toBe(hub.fingerprint);
    // As transformers and sentence-transformers give them.
    const golden = readSafetensors(await goldenBytes("minilm/base_20_sentences.safetensors"));
    const { sentences } = await goldenJson<{ sentences: string[] }>("minilm/sentences_20.json");
    const expected = golden.tensor("normalized").data;
    for (const [i, vector] of (await cached.encode(sentences)).entries())
      vector.forEach((x, j) => expect(Math.abs(x - expected[i * 384 + j]!)).toBeLessThan(2e-6));
    // So does a server of adapters, and what counts tokens without loading the model.
    const server = new AdapterServer(cached, { files: () => null });
    const answer = await server.fetch(post("/embed", { texts }));
    expect(await answer.json()).toEqual({ vectors: vectors.map((vector) => [...vector]) });
    await server.close();
    expect((await loadTokenizer(await miniLM(), null)).maxTokens).toBe(256);
    // What a caller, or a file, says goes before it.
    const raw = await cached.encode(texts, { normalize: false });
    expect(raw).toEqual(await hub.encode(texts, { normalize: false }));
    expect(length(raw[0]!)).toBeGreaterThan(3);
    expect((await load(await miniLM(), { maxTokens: 400 })).tokenizer.maxTokens).toBe(400);
    const settings = { "sentence_bert_config.json": bytes({ max_seq_length: 128 }) };
    expect((await load({ ...(await miniLM()), ...settings })).tokenizer.maxTokens).toBe(128);
    expect(warned).toEqual([]);
  },
);

it(
  "the same weights in another file are known, others are not, and encode says once what it assumes",
  { timeout: 120_000 },
  async () => {
    const warned = warnings();
    const files = await miniLM();
    const file = readSafetensors(files["model.safetensors"]!);
    const tensors = file.names
      .filter((name) => name !== "embeddings.position_ids")
      .reverse()
      .map((name) => [`bert.${name}`, file.tensor(name)] as const);
    const resaved = await load({ ...files, "model.safetensors": writeSafetensors(new Map(tensors)) });
    expect(Math.abs(length((await resaved.encode(texts))[0]!) - 1)).toBeLessThan(1e-6);
    expect(warned).toEqual([]);
    const name = "encoder.layer.5.attention.self.query.weight";
    const { data } = file.tensor(name);
    const nudged = { shape: file.tensor(name).shape, data: data.map((x, i) => (i === 7 ? x * 1.001 : x)) };
    const changed = new Map(tensors).set(`bert.${name}`, nudged);
    const other = await load({ ...files, "model.safetensors": writeSafetensors(changed) });
    expect(other.tokenizer.maxTokens).toBe(512);
    expect(length((await other.encode(texts, { normalize: false }))[0]!)).toBeGreaterThan(3);
    expect(Math.abs(length((await other.encode(texts, { normalize: true }))[0]!) - 1)).toBeLessThan(1e-6);
    expect(warned).toEqual([]);
    expect(length((await other.encode(texts))[0]!)).toBeGreaterThan(3);
    await other.encode(texts);
    expect(warned).toEqual([
      'lowrank: encode: model model has no modules.json: pooling "mean", not normalised, is assumed; set `pooling` (load) and `normalize`',
    ]);
  },
);

it.each(["F16", "BF16"] as const)("a copy in %s is known too", { timeout: 120_000 }, async (dtype) => {
  const files = await miniLM();
  const file = readSafetensors(files["model.safetensors"]!);
  const names = file.names.filter((name) => file.info(name).dtype === "F32");
  const tensors = new Map(names.map((name) => [name, file.tensor(name)]));
  const halved = await load({ ...files, "model.safetensors": writeSafetensors(tensors, undefined, { dtype }) });
  expect(halved.tokenizer.maxTokens).toBe(256);
  expect(Math.abs(length((await halved.encode(texts))[0]!) - 1)).toBeLessThan(1e-6);
});

it("a classifier sees the same vectors from every copy, not normalised", { timeout: 120_000 }, async () => {
  const [cached, hub] = [await load(await miniLM()), await load({ ...(await miniLM()), ...ofHub })];
  const options = { labels: ["bad", "good"], lora: { rank: 2 } };
  const [a, b] = [cached, hub].map((encoder) => TextClassifier.create(encoder, options)) as [
    TextClassifier,
    TextClassifier,
  ];
  const examples = texts.map((text, i) => ({ text, label: options.labels[i % 2]! }));
  for (const classifier of [a, b]) await classifier.fit(examples, { steps: 2, batchSize: 3, learningRate: 1e-3 });
  const files = a.save();
  expect(b.save()).toEqual(files);
  const labels = JSON.parse(new TextDecoder().decode(files["labels.json"])) as Record<string, unknown>;
  expect(labels).toMatchObject({ normalize: false, maxTokens: 256, pooling: "mean" });
  const answers = await a.predict(texts);
  for (const encoder of [cached, hub])
    expect(await TextClassifier.load(encoder, files, { adapter: "again" }).predict(texts)).toEqual(answers);
  // One that was saved when the copy had 512 tokens, and before files said so, goes on with these.
  const former = await load(await miniLM(), { maxTokens: 512 });
  const { maxTokens: _, ...rest } = labels;
  const silent = { ...files, "labels.json": bytes(rest) };
  const [was, is] = [former, cached].map((encoder) => TextClassifier.load(encoder, silent, { adapter: "silent" }));
  expect(is!.tokenizer.maxTokens).toBe(512);
  expect(await is!.predict(texts)).toEqual(await was!.predict(texts));
});
