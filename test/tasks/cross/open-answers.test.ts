import { describe, expect, it } from "vitest";
import {
  ConfigError,
  CrossEncoder,
  type FileMap,
  LowrankError,
  ModelError,
  readSafetensors,
  SentenceEncoder,
  UnsupportedError,
  writeSafetensors,
} from "../../../ts/index.js";
import { bytesSource } from "../../../ts/io/byte-source.js";
import type { Json } from "../../../ts/io/json.js";
import { modelSource } from "../../../ts/io/model-locator.js";
import { openSafetensors } from "../../../ts/io/safetensors/index.js";
import { modelToWrite } from "../../../ts/models/gguf/writing/model.js";
import { tokenizerFiles } from "../../../ts/models/gguf/writing/gguf.js";
import { openWeights } from "../../../ts/models/load-model.js";
import { outputRow } from "../../../ts/tasks/cross/open-answers.js";
import { goldenBytes, goldenJson } from "../../golden.js";
import { written } from "../../models/gguf/writing/written-model.js";
import { embedderFiles } from "../../models/golden-embedder.js";
import { goldenFolder } from "../../models/sentence/golden-folder.js";

const FOLDER = "embedders/qwen3_reranker";
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

interface Golden {
  readonly pairs: [string, string][];
  readonly ids: number[][];
  readonly longest: number;
  readonly instruction: string;
  readonly labels: number[];
  readonly loss_f64: number[];
  readonly f32_vs_f64: Record<"logits" | "trained" | "loss", number>;
}
const golden = await goldenJson<Golden>(`${FOLDER}/golden.json`);
const scores = readSafetensors(await goldenBytes(`${FOLDER}/scores.safetensors`));

const farthest = (rows: readonly ArrayLike<number>[], expected: ArrayLike<number>) => {
  const found = rows.flatMap((row) => Array.from(row));
  expect(found).toHaveLength(expected.length);
  return found.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i]!)), 0);
};
const near = (bound: number) => Math.max(2e-6, 4 * bound);

/** As transformers has it: without sentence-transformers' files and without a template for pairs. */
async function plainFiles(): Promise<FileMap> {
  const files = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await goldenBytes(`${FOLDER}/${file}`)] as const)),
  );
}

async function adapterFiles(): Promise<Record<string, Uint8Array>> {
  const files = ["adapter_config.json", "adapter_model.safetensors"];
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await goldenBytes(`${FOLDER}/init_adapter/${file}`)] as const)),
  );
}

const modules = (path = "1_LogitScore") => [
  { idx: 0, name: "0", path: "", type: "sentence_transformers.base.modules.transformer.Transformer" },
  { idx: 1, name: "1", path, type: "sentence_transformers.cross_encoder.modules.logit_score.LogitScore" },
];
const tokens = { true_token_id: 345, false_token_id: 300, module_input_name: "causal_logits" };

/** With sentence-transformers' files, and the template for pairs. */
const fullFiles = async (more: FileMap = {}): Promise<FileMap> => ({
  ...(await plainFiles()),
  "chat_template.jinja": await goldenBytes(`${FOLDER}/chat_template.jinja`),
  "modules.json": bytes(modules()),
  "1_LogitScore/config.json": bytes(tokens),
  ...more,
});

/** Scores of the pairs that are not cut: GGUF files do not say how many tokens a tokenizer gives at most. */
async function scoresOf(files: FileMap): Promise<Float32Array[]> {
  using reranker = await CrossEncoder.load(files);
  const whole = golden.pairs.filter((_, i) => golden.ids[i]!.length < golden.longest);
  return await reranker.logits(whole);
}

describe("a language model that answers yes or no", () => {
  it("scores pairs as its model card does, by transformers' files", async () => {
    using reranker = await CrossEncoder.load(await plainFiles());
    expect(reranker.tokenize(golden.pairs).map((row) => [...row])).toEqual(golden.ids);
    expect(Math.max(...golden.ids.map((row) => row.length))).toBe(golden.longest);
    const logits = await reranker.logits(golden.pairs);
    const expected = scores.tensor("logits_f64").data;
    expect(farthest(logits, expected)).toBeLessThan(near(golden.f32_vs_f64.logits));
    expect(reranker.activation).toBe("sigmoid");
    const [first] = await reranker.predict(golden.pairs.slice(0, 1));
    expect(first).toBeCloseTo(1 / (1 + Math.exp(-expected[0]!)), 5);
    const [query, text] = golden.pairs[6]!;
    const [best, worst] = await reranker.rank(query, ["a", text]);
    expect(best!.score).toBeGreaterThan(worst!.score);
  });

  it("scores them as sentence-transformers does, by its files and with an instruction", async () => {
    const own = { prompts: { own: golden.instruction }, default_prompt_name: "own" };
    using named = await CrossEncoder.load(await fullFiles({ "config_sentence_transformers.json": bytes(own) }));
    using given = await CrossEncoder.load(await fullFiles(), { prompt: golden.instruction });
    using plain = await CrossEncoder.load(await fullFiles());
    const instructed = await named.logits(golden.pairs);
    expect(farthest(instructed, scores.tensor("instructed_f64").data)).toBeLessThan(near(golden.f32_vs_f64.logits));
    expect(await given.logits(golden.pairs)).toEqual(instructed);
    expect(plain.tokenize(golden.pairs).map((row) => [...row])).toEqual(golden.ids);
  });

  it("takes the logit of one token where there is no other", async () => {
    const one = { ...tokens, false_token_id: null };
    using both = await CrossEncoder.load(await fullFiles());
    using yes = await CrossEncoder.load(await fullFiles({ "1_LogitScore/config.json": bytes(one) }));
    using no = await CrossEncoder.load(
      await fullFiles({ "1_LogitScore/config.json": bytes({ ...one, true_token_id: tokens.false_token_id }) }),
    );
    const [[all], [first], [second]] = [
      await both.logits(golden.pairs.slice(0, 1)),
      await yes.logits(golden.pairs.slice(0, 1)),
      await no.logits(golden.pairs.slice(0, 1)),
    ];
    expect(first![0]! - second![0]!).toBeCloseTo(all![0]!, 4);
  });

  it("reads only its two rows of a GGUF file's output layer", async () => {
    const files = await plainFiles();
    const config = JSON.parse(new TextDecoder().decode(files["config.json"])) as Record<string, Json>;
    const file = await openSafetensors(bytesSource(files["model.safetensors"]!));
    const tokenizer = await tokenizerFiles(await modelSource(files), config);
    const about = { name: "reranker", config, file, tokenizer, changes: new Map() };
    const table = "model.embed_tokens.weight";
    const sizes = { vocabularySize: 520, hiddenSize: 64 };
    for (const type of ["auto", "Q8_0"] as const) {
      const gguf = { "model.gguf": await written(await modelToWrite({ ...about, type })) };
      const opened = await openWeights(await modelSource(gguf));
      const { data } = await opened.tensor(table);
      for (const row of [0, 300, 345, 519])
        expect(await outputRow(opened, table, row, sizes, false)).toEqual(data.slice(row * 64, (row + 1) * 64));
      if (type === "auto") {
        const expected = (await scoresOf(files)).flatMap((row) => [...row]);
        expect(farthest(await scoresOf(gguf), expected)).toBeLessThan(5e-5);
      }
    }
  });

  it("reads an output layer of its own", async () => {
    const files = await plainFiles();
    const file = readSafetensors(files["model.safetensors"]!);
    const tensors = new Map(file.names.map((name) => [name, file.tensor(name)]));
    const words = tensors.get("model.embed_tokens.weight")!;
    tensors.set("lm_head.weight", { ...words, data: words.data.map((x) => 2 * x) });
    const config = JSON.parse(new TextDecoder().decode(files["config.json"])) as object;
    using tied = await CrossEncoder.load(files);
    using untied = await CrossEncoder.load({
      ...files,
      "config.json": bytes({ ...config, tie_word_embeddings: false }),
      "model.safetensors": writeSafetensors(tensors),
    });
    const [once, twice] = [await tied.logits(golden.pairs), await untied.logits(golden.pairs)];
    expect(
      farthest(
        twice,
        once.map(([x]) => 2 * x!),
      ),
    ).toBeLessThan(1e-4);
  });

  it("trains its adapter as PEFT does, for three steps, and saves it for others", async () => {
    using reranker = await CrossEncoder.load(await adapterFiles(), { model: await plainFiles() });
    const examples = golden.labels.map((label, i) => {
      const [query, text] = golden.pairs[i]!;
      return { query, text, label };
    });
    const report = await reranker.fit(examples, {
      steps: 3,
      batchSize: examples.length,
      learningRate: 1e-3,
      schedule: () => 1e-3,
      maxGradNorm: null,
    });
    for (const [i, { loss }] of report.steps.entries())
      expect(Math.abs(loss - golden.loss_f64[i]!)).toBeLessThan(near(golden.f32_vs_f64.loss));
    const trained = await reranker.logits(golden.pairs);
    expect(farthest(trained, scores.tensor("trained_f64").data)).toBeLessThan(near(8 * golden.f32_vs_f64.trained));

    const saved = await reranker.save();
    const { names } = readSafetensors(saved["adapter_model.safetensors"]!);
    expect([...names].sort()).toEqual(
      [...readSafetensors((await adapterFiles())["adapter_model.safetensors"]!).names].sort(),
    );
    using again = await CrossEncoder.load(saved, { model: await plainFiles() });
    expect(await again.logits(golden.pairs)).toEqual(trained);
    using merged = await CrossEncoder.load(await reranker.save({ merged: true }));
    expect(
      farthest(
        await merged.logits(golden.pairs),
        trained.flatMap((row) => [...row]),
      ),
    ).toBeLessThan(0.2);
    expect(merged.adapter).toBeNull();
  });

  it("keeps its instruction when it is saved", async () => {
    using reranker = await CrossEncoder.load(await plainFiles(), { prompt: golden.instruction, lora: { rank: 2 } });
    using again = await CrossEncoder.load(await reranker.save(), { model: await plainFiles() });
    expect(await again.logits(golden.pairs)).toEqual(await reranker.logits(golden.pairs));
  });

  it("says what it cannot do", async () => {
    const failure = async (call: () => Promise<unknown>) => {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(LowrankError);
      return error as LowrankError;
    };
    const loading = (files: FileMap) => failure(() => CrossEncoder.load(files));
    using reranker = await CrossEncoder.load(await plainFiles());
    const [example] = [{ query: "a", text: "b", label: 1 }];
    const untrained = await failure(() => reranker.fit([example]));
    expect(untrained).toBeInstanceOf(ConfigError);
    expect(untrained.message).toMatch(/with an adapter, `lora`/);

    using encoder = await SentenceEncoder.load(await embedderFiles("qwen3_embedding"));
    expect(() => CrossEncoder.create(encoder)).toThrow(UnsupportedError);
    // As a sentence encoder its answers have no vectors.
    expect(await failure(async () => SentenceEncoder.load(await fullFiles()))).toBeInstanceOf(UnsupportedError);
    for (const id of [-1, 520, 1.5, "yes", null]) {
      const wrong = await loading(
        await fullFiles({ "1_LogitScore/config.json": bytes({ ...tokens, true_token_id: id }) }),
      );
      expect(wrong).toBeInstanceOf(ModelError);
      expect(wrong.message).toMatch(/true_token_id must be a token's id/);
    }
    for (const prompt of [1, null, {}])
      expect(
        await failure(async () => CrossEncoder.load(await plainFiles(), { prompt: prompt as unknown as string })),
      ).toBeInstanceOf(ConfigError);
    const other = await failure(async () => CrossEncoder.load(await goldenFolder("cross-bert_pair"), { prompt: "x" }));
    expect(other).toBeInstanceOf(ConfigError);
    expect(other.message).toMatch(/prompt is a language model's instruction/);
    const without = await fullFiles();
    expect(await loading({ ...without, "1_LogitScore/config.json": null as never })).toBeInstanceOf(ModelError);
    const capped = await loading(await embedderFiles("embeddinggemma"));
    expect(capped).toBeInstanceOf(ModelError);
    expect(capped.message).toMatch(/yes/);
  });
});
