import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { raggedBatch } from "../../ts/entry/graph.js";
import {
  CausalLanguageModel,
  type FileMap,
  LowrankError,
  readSafetensors,
  SentenceEncoder,
  sentenceLoss,
  type Tensor,
  type TensorFile,
  TextClassifier,
  UnsupportedError,
} from "../../ts/index.js";
import { transpose } from "../../ts/io/peft/conv1d.js";
import { bytesSource } from "../../ts/io/byte-source.js";
import type { Json } from "../../ts/io/json.js";
import { modelSource } from "../../ts/io/model-locator.js";
import { openSafetensors } from "../../ts/io/safetensors/index.js";
import { modelToWrite } from "../../ts/models/gguf/writing/model.js";
import { tokenizerFiles } from "../../ts/models/gguf/writing/gguf.js";
import { goldenBytes } from "../golden.js";
import { written } from "./gguf/writing/written-model.js";
import {
  embedderAdapter,
  embedderBytes,
  embedderFiles,
  embedderJson,
  embedderNames,
  pairs,
  queries,
  texts,
} from "./golden-embedder.js";
import { decoderFiles, decoderGolden, decoderNames } from "./language/golden-decoder.js";

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
};
const flat = (rows: readonly Float32Array[]) => rows.flatMap((row) => [...row]);

interface Replay {
  readonly loss_f64: number[];
  readonly no_gradient: string[];
  readonly f32_vs_f64: Record<"pooled" | "loss" | "step0_grads" | "adapter_step3", number>;
}

// Two ways of adding float32 numbers up: each golden says how far PyTorch's lies from float64, and ours may be up to four times as far.
describe.each(embedderNames)("%s", (name) => {
  let encoder: SentenceEncoder;
  let golden: TensorFile;
  let replay: Replay;
  let ids: Record<"texts" | "queries" | "anchors" | "positives", number[][]>;
  const open = async (file: string): Promise<TensorFile> => readSafetensors(await embedderBytes(name, file));
  const near = (bound: number) => Math.max(2e-6, 4 * bound);

  beforeAll(async () => {
    encoder = await SentenceEncoder.load(await embedderFiles(name));
    golden = await open("pooled.safetensors");
    replay = await embedderJson(name, "replay/replay.json");
    ids = await embedderJson(name, "ids.json");
  });
  afterAll(() => encoder?.dispose());

  it("turns texts with their prompts into the tokenizers library's ids", () => {
    const { named } = encoder.layout.prompts;
    const tokens = (prompt: string, some: readonly string[]) =>
      encoder.tokenize(some.map((text) => named.get(prompt)! + text)).map((row) => [...row]);
    expect(tokens("document", texts)).toEqual(ids.texts);
    expect(tokens("query", queries)).toEqual(ids.queries);
  });

  it("gives the vectors of transformers, in a batch as alone", async () => {
    const documents = await encoder.encodeDocument(texts, { normalize: false });
    const bound = near(replay.f32_vs_f64.pooled);
    expect(distance(flat(documents), golden.tensor("pooled_f64").data)).toBeLessThan(bound);
    const asked = await encoder.encodeQuery(queries, { normalize: false });
    expect(distance(flat(asked), golden.tensor("queries_f64").data)).toBeLessThan(bound);
    const normalized = flat(await encoder.encodeDocument(texts));
    expect(distance(normalized, golden.tensor("normalized_f64").data)).toBeLessThan(2e-6);
    const short = flat(await encoder.encodeDocument(texts, { truncateDim: 16, normalize: true }));
    expect(distance(short, golden.tensor("matryoshka16_f64").data)).toBeLessThan(2e-6);
    for (const [i, text] of texts.entries())
      expect((await encoder.encodeDocument([text], { normalize: false }))[0]).toEqual(documents[i]);
  });

  it("reads the configuration of transformers 4 as the same model", async () => {
    const files = { ...(await embedderFiles(name)), "config.json": await embedderBytes(name, "config_v4_style.json") };
    using other = await SentenceEncoder.load(files);
    expect(await other.encodeQuery(queries)).toEqual(await encoder.encodeQuery(queries));
  });

  it("has the gradients and the adapter of PEFT, in three steps on pairs", async () => {
    encoder.loadAdapter("search", await embedderAdapter(name, "init_adapter"));
    const adapter = encoder.adapter("search");
    const { graph } = encoder;
    graph.step(() => {
      const columns = [ids.anchors, ids.positives].map((column) => encoder.pooled(raggedBatch(column), "search"));
      graph.backward(sentenceLoss(graph, "multiple-negatives-ranking", columns));
    });
    const gradients = await open("replay/step0_grads.safetensors");
    let worst = 0;
    const names: string[] = [];
    for (const [path, { loraA, loraB }] of adapter.layers)
      for (const [part, id] of Object.entries({ lora_A: loraA, lora_B: loraB })) {
        const key = `base_model.model.${path}.${part}.default.weight`;
        names.push(key);
        worst = Math.max(worst, distance(transpose(graph.grad(id)!).data, gradients.tensor(key).data));
      }
    expect(names.sort()).toEqual([...gradients.names].sort());
    expect(worst).toBeLessThan(Math.max(1e-5, replay.f32_vs_f64.step0_grads));

    const { named } = encoder.layout.prompts;
    const [query, document] = [named.get("query")!, named.get("document")!];
    const examples = pairs.map(({ anchor, positive }) => ({ anchor: query + anchor, positive: document + positive }));
    const report = await encoder.fit(examples, {
      adapter: "search",
      steps: 3,
      batchSize: pairs.length,
      learningRate: 1e-3,
      weightDecay: 0.01,
      schedule: () => 1e-3,
      maxGradNorm: null,
    });
    expect(report.steps).toHaveLength(3);
    for (const [i, { loss }] of report.steps.entries())
      expect(Math.abs(loss - replay.loss_f64[i]!)).toBeLessThan(near(replay.f32_vs_f64.loss));
    const trained = await open("replay/adapter_step3/adapter_model.safetensors");
    let farthest = 0;
    for (const [path, { loraA, loraB }] of adapter.layers)
      for (const [part, id] of Object.entries({ lora_A: loraA, lora_B: loraB })) {
        const { data } = trained.tensor(`base_model.model.${path}.${part}.weight`);
        farthest = Math.max(farthest, distance(transpose(graph.value(id)).data, data));
      }
    // Adam divides by the root of what it has seen, which is tiny for some entries.
    expect(farthest).toBeLessThan(8 * Math.max(2e-6, replay.f32_vs_f64.adapter_step3));
    encoder.removeAdapter("search");
  });

  it("classifies texts, and saves what another encoder loads", async () => {
    const examples = texts.map((text, i) => ({ text, label: i % 2 === 0 ? "even" : "odd" }));
    const classifier = TextClassifier.create(encoder, {
      labels: ["even", "odd"],
      lora: { rank: 2, targetModules: "all-linear" },
    });
    const before = await encoder.encodeQuery(queries, { adapter: null });
    const report = await classifier.fit(examples, { steps: 8, batchSize: 6, learningRate: 1e-2, emptyTexts: "keep" });
    expect(report.steps.at(-1)!.loss).toBeLessThan(report.steps[0]!.loss);
    expect(await encoder.encodeQuery(queries, { adapter: null })).toEqual(before);
    const predicted = await classifier.predict(texts);
    using other = await SentenceEncoder.load(await embedderFiles(name));
    const loaded = TextClassifier.load(other, classifier.save());
    expect(await loaded.predict(texts)).toEqual(predicted);
    classifier.dispose();
  });

  it("saves a folder with an adapter, and one with the adapter merged, as the same model", async () => {
    encoder.loadAdapter("search", await embedderAdapter(name, "adapter_step3"));
    const vectors = flat(await encoder.encodeQuery(queries, { adapter: "search" }));
    const { "adapter_model.safetensors": weights, ...others } = await encoder.save({ adapter: "search" });
    const trained = await open("replay/adapter_step3/adapter_model.safetensors");
    expect([...readSafetensors(weights!).names].sort()).toEqual([...trained.names].sort());
    using again = await SentenceEncoder.load(
      { ...others, "adapter_model.safetensors": weights! },
      { model: await embedderFiles(name) },
    );
    expect(flat(await again.encodeQuery(queries))).toEqual(vectors);
    using merged = await SentenceEncoder.load(await encoder.save({ adapter: "search", merged: true }));
    // The merged weights have the file's 16 bits.
    expect(distance(flat(await merged.encodeQuery(queries)), vectors)).toBeLessThan(0.01);
    expect(distance(flat(await merged.encodeQuery(queries)), vectors)).toBeGreaterThan(0);
    encoder.removeAdapter("search");
  });
});

describe("the layers of every language model", () => {
  /** The logits at a text's end, of the vector of its last token. */
  async function lastLogits(files: FileMap, ids: readonly number[], weight: Tensor): Promise<number[]> {
    using encoder = await SentenceEncoder.load(files, { pooling: "lasttoken" });
    const { graph } = encoder;
    const vector = graph.step(() => graph.value(encoder.pooled(raggedBatch([ids]), null)).data);
    const [rows, hidden] = weight.shape as [number, number];
    return Array.from({ length: rows }, (_, row) =>
      vector.reduce((sum, x, i) => sum + x * weight.data[row * hidden + i]!, 0),
    );
  }
  const outputs = ["lm_head", "embed_out", "embed_tokens", "wte"];
  const outputOf = (file: TensorFile) =>
    file.tensor(outputs.flatMap((end) => file.names.filter((name) => name.endsWith(`${end}.weight`)))[0]!);

  it.each(decoderNames)("of %s are an encoder, by the names of a bare model", async (name) => {
    const files = await decoderFiles(name);
    const { prompts } = await decoderGolden(name);
    const { ids } = prompts[0]!;
    const expected = readSafetensors(await goldenBytes(`decoders/${name}/logits.safetensors`)).tensor("base/0");
    const weight = outputOf(readSafetensors(files["model.safetensors"]!));
    const { logits_scaling: divisor = 1, final_logit_softcapping: cap = null } = JSON.parse(
      new TextDecoder().decode(files["config.json"]),
    ) as { logits_scaling?: number; final_logit_softcapping?: number | null };
    const found = Array.from(await lastLogits(files, ids, weight), (x) =>
      cap === null ? x / divisor : cap * Math.tanh(x / cap),
    );
    expect(distance(found, expected.data.slice(-expected.shape.at(-1)!))).toBeLessThan(5e-5);
  });

  it.each(["qwen3", "llama", "gpt2"] as const)("of %s are one in GGUF", async (name) => {
    const files = await decoderFiles(name);
    const source = await modelSource(files);
    const config = JSON.parse(new TextDecoder().decode(files["config.json"])) as Record<string, Json>;
    const file = await openSafetensors(bytesSource(files["model.safetensors"]!));
    const tokenizer = await tokenizerFiles(source, config);
    const model = await modelToWrite({ name, config, file, tokenizer, changes: new Map(), type: "auto" });
    const { ids } = (await decoderGolden(name)).prompts[0]!;
    const weight = outputOf(readSafetensors(files["model.safetensors"]!));
    const gguf = { "model.gguf": await written(model) };
    expect(distance(await lastLogits(gguf, ids, weight), await lastLogits(files, ids, weight))).toBeLessThan(5e-5);
  });
});

describe("config.json", () => {
  const files = embedderFiles("embeddinggemma");
  const withConfig = async (changes: object) => {
    const json = JSON.parse(new TextDecoder().decode((await files)["config.json"])) as object;
    return { ...(await files), "config.json": new TextEncoder().encode(JSON.stringify({ ...json, ...changes })) };
  };
  const vectors = async (changes: object) => {
    using encoder = await SentenceEncoder.load(await withConfig(changes));
    return flat(await encoder.encodeDocument(texts.slice(0, 1)));
  };

  it("says whether tokens see those after them", async () => {
    const both = await vectors({});
    expect(await vectors({ use_bidirectional_attention: false, is_causal: true })).not.toEqual(both);
    // Half of the window on each side, whole numbers.
    expect(await vectors({ sliding_window: 13 })).toEqual(both);
    expect(await vectors({ sliding_window: 14 })).not.toEqual(both);
    const causal = { use_bidirectional_attention: false, sliding_window: 7 };
    expect(await vectors({ ...causal, is_causal: false })).toEqual(both);
  });

  it("of an encoder is refused as a language model's", async () => {
    const error: unknown = await CausalLanguageModel.load(await files).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect((error as Error).message).toMatch(/generates no text; `SentenceEncoder\.load` opens it/);
  });

  it.each<[string, object, RegExp]>([
    [
      "both directions as a word",
      { use_bidirectional_attention: "all" },
      /use_bidirectional_attention must be true or/,
    ],
    ["no window", { sliding_window: -1 }, /sliding_window must be a whole number from 0/],
    [
      "another kind",
      { model_type: "t5" },
      /model_type "t5" is not supported; "albert", .*"gemma3_text", .*"qwen3", .* are/,
    ],
    ["a capped score", { attn_logit_softcapping: 50 }, /attn_logit_softcapping 50 is not supported/],
    ["more layers than the file has", { num_hidden_layers: 5, layer_types: null }, /no tensor "layers\.3/],
  ])("with %s is refused", async (_, changes, message) => {
    const error: unknown = await SentenceEncoder.load(await withConfig(changes)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LowrankError);
    expect((error as Error).message).toMatch(message);
  });
});
