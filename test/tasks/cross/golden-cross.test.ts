import { describe, expect, it } from "vitest";
import { CrossEncoder, type CrossExample, readSafetensors } from "../../../ts/index.js";
import { goldenBytes, goldenJson } from "../../golden.js";
import { goldenExpected, goldenFolder, pairs as filePairs } from "../../models/sentence/golden-folder.js";
import { crossAdapter, crossBase, crossBytes, type CrossCase, crossCase, crossCases } from "./golden-cross.js";

const farthest = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
};
const flat = (rows: readonly ArrayLike<number>[]) => rows.flatMap((row) => Array.from(row));

/** A case's examples in this package's form. */
function examplesOf({ inputs, labels }: CrossCase): CrossExample[] {
  const columns = Object.values(inputs);
  const [queries, documents] = columns as [string[], (string | string[])[]];
  return queries.map((query, i) => {
    const [document, label] = [documents[i]!, labels?.[i]];
    if (Array.isArray(document)) return { query, texts: document, labels: label as number[] };
    if (labels !== undefined && columns.length === 2) return { query, text: document, label: label as number };
    const negatives = columns.slice(2).map((column) => column[i] as string);
    const scores = label === undefined ? {} : { scores: [label].flat() };
    return { query, positive: document, negatives, ...scores };
  });
}

const losses: Readonly<Record<string, string>> = {
  BinaryCrossEntropyLoss: "binary-cross-entropy",
  CrossEntropyLoss: "cross-entropy",
  MSELoss: "mse",
  MarginMSELoss: "margin-mse",
  MultipleNegativesRankingLoss: "multiple-negatives-ranking",
  ListNetLoss: "list-net",
  RankNetLoss: "rank-net",
  LambdaLoss: "lambda",
};

describe.each(crossCases)("%s", (name) => {
  const open = async () => {
    const golden = await crossCase(name);
    const files = await crossAdapter(name);
    // The golden texts were cut at 64 tokens.
    const cross = await CrossEncoder.load<number | number[]>(files, { model: await crossBase(name), maxTokens: 64 });
    return { golden, cross };
  };

  it("turns pairs into the ids and logits of sentence-transformers", async () => {
    const { golden, cross } = await open();
    using _ = cross;
    expect(cross.labels).toHaveLength(golden.num_labels);
    expect(cross.tokenize(golden.pairs).map((row) => [...row])).toEqual(golden.ids);
    const expected = readSafetensors(await crossBytes(name, "logits.safetensors")).tensor("before_f64").data;
    expect(farthest(flat(await cross.logits(golden.pairs)), expected)).toBeLessThan(
      Math.max(2e-6, 8 * golden.f32_vs_f64.logits_before),
    );
  });

  it("trains as sentence-transformers does, for three steps", async () => {
    const { golden, cross } = await open();
    using _ = cross;
    const examples = examplesOf(golden);
    const { steps: history } = await cross.fit(examples, {
      loss: losses[golden.loss] as never,
      steps: 3,
      batchSize: examples.length,
      learningRate: 1e-3,
      schedule: () => 1e-3,
      maxGradNorm: null,
      negatives: null,
      order: () => examples.map((_, i) => i),
    });
    const near = Math.max(2e-6, 8 * golden.f32_vs_f64.loss);
    history.forEach(({ loss }, i) => expect(Math.abs(loss - golden.loss_f64[i]!)).toBeLessThan(near));
    const file = readSafetensors(await crossBytes(name, "logits.safetensors"));
    const after = flat(await cross.logits(golden.pairs));
    const expected = [...file.tensor("after_f64").data];
    // Losses of order do not feel a shift of all logits: rounding moves the last bias, in PyTorch too, and of distilbert one before.
    const shift = golden.no_true_gradient.length > 0 ? after[0]! - expected[0]! : 0;
    const limit = name.startsWith("rank_net")
      ? 5e-3
      : Math.max(5e-6, 8 * Math.min(golden.f32_vs_f64.logits_after, 1e-6));
    expect(
      farthest(
        after.map((x) => x - shift),
        expected,
      ),
    ).toBeLessThan(limit);
    const scores = (await cross.predict(golden.pairs)).flat();
    if (shift === 0) expect(farthest(scores, file.tensor("predict_after").data)).toBeLessThan(1e-5);
    if (golden.ranking_after === null) return;
    const [query] = golden.pairs[0]!;
    const documents = golden.pairs.slice(0, golden.ranking_after.length).map(([, text]) => text);
    const ranked = await cross.rank(query, documents);
    expect(ranked.map(({ index }) => index)).toEqual(golden.ranking_after);
    expect(await cross.rank(query, documents, { topK: 2 })).toEqual(ranked.slice(0, 2));
  });
});

// The expected logits, of up to 3, are float32 themselves.
const NEAR = 5e-6;

describe.each(["cross-bert_pair", "cross-roberta"])("the folder %s", (name) => {
  it("opens with the scores of sentence-transformers, and is saved as it was", async () => {
    const golden = await goldenFolder(name);
    const expected = readSafetensors(await goldenExpected(name));
    using cross = await CrossEncoder.load<number | number[]>(golden);
    expect(farthest(flat(await cross.logits(filePairs)), expected.tensor("logits").data)).toBeLessThan(NEAR);
    expect(farthest((await cross.predict(filePairs)).flat(), expected.tensor("predict").data)).toBeLessThan(NEAR);
    if (expected.has("softmax")) {
      const softmax = (await cross.predict(filePairs, { activation: "softmax" })).flat();
      expect(farthest(softmax, expected.tensor("softmax").data)).toBeLessThan(NEAR);
    }
    const files = await cross.save();
    expect(Object.keys(files).sort()).toEqual([...Object.keys(golden), "README.md"].sort());
    const [before, after] = [golden, files].map((of) => readSafetensors(of["model.safetensors"]!));
    expect(after!.names.toSorted()).toEqual(before!.names.toSorted());
    using again = await CrossEncoder.load<number | number[]>(files);
    expect(again.labels).toEqual(cross.labels);
    expect(await again.predict(filePairs)).toEqual(await cross.predict(filePairs));
  });
});

describe.each([
  ["cross_adapter-bert_pair", "bce-bert_pair"],
  ["cross_adapter-distilbert", "rank_net-distilbert"],
])("the folder %s", (name, base) => {
  it("opens on its base, and is saved as adapter or merged with the same scores", async () => {
    const golden = await goldenFolder(name);
    const model = await crossBase(base);
    const expected = readSafetensors(await goldenExpected(name));
    using cross = await CrossEncoder.load<number | number[]>(golden, { model });
    expect(farthest(flat(await cross.logits(filePairs)), expected.tensor("logits").data)).toBeLessThan(NEAR);
    expect(farthest((await cross.predict(filePairs)).flat(), expected.tensor("predict").data)).toBeLessThan(NEAR);
    const files = await cross.save();
    expect(Object.keys(files).sort()).toEqual([...Object.keys(golden), "README.md"].sort());
    using again = await CrossEncoder.load<number | number[]>(files, { model });
    expect(await again.predict(filePairs)).toEqual(await cross.predict(filePairs));
    const config = JSON.parse(new TextDecoder().decode(files["adapter_config.json"])) as Record<string, unknown>;
    const modules = name.endsWith("distilbert") ? ["pre_classifier", "classifier"] : ["classifier"];
    expect(config).toMatchObject({ modules_to_save: modules, task_type: "SEQ_CLS" });
    using merged = await CrossEncoder.load<number | number[]>(await cross.save({ merged: true }));
    expect(farthest(flat(await merged.logits(filePairs)), expected.tensor("logits").data)).toBeLessThan(NEAR);
  });
});

describe("token types of pairs, of ALBERT, whose tokenizer in Python gives none unless its settings say so", async () => {
  const folder = "tasks/albert_pair";
  const names = ["config.json", "config_sentence_transformers.json", "model.safetensors", "modules.json", "sentence_bert_config.json", "tokenizer.json", "tokenizer_config.json"]; // prettier-ignore
  const files = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await goldenBytes(`${folder}/${name}`)] as const)),
  );
  const pairs = await goldenJson<[string, string][]>(`${folder}/pairs.json`);
  const expected = readSafetensors(await goldenBytes(`${folder}/expected.safetensors`));
  const settings = await goldenJson<object>(`${folder}/tokenizer_config.json`);
  const untyped = ["input_ids", "attention_mask"];
  const typed = ["input_ids", "token_type_ids", "attention_mask"];

  it.each([
    ["logits", "as saved", {}, untyped],
    ["typed", "asked for", { model_input_names: typed }, typed],
    // A tokenizer that names no class is read with the template's types.
    ["typed", "without a class", { tokenizer_class: undefined }, typed],
  ] as const)("gives the %s of sentence-transformers, %s, and is saved with what it gave", async (name, _, more, inputs) => {
    const config = new TextEncoder().encode(JSON.stringify({ ...settings, ...more }));
    using cross = await CrossEncoder.load({ ...files, "tokenizer_config.json": config });
    expect(farthest(flat(await cross.logits(pairs)), expected.tensor(name).data)).toBeLessThan(1e-5);
    const saved = await cross.save({ merged: true });
    const told = JSON.parse(new TextDecoder().decode(saved["tokenizer_config.json"])) as object;
    expect(told).toMatchObject({ model_input_names: inputs });
    using again = await CrossEncoder.load(saved);
    expect(await again.logits(pairs)).toEqual(await cross.logits(pairs));
  }); // prettier-ignore
});
