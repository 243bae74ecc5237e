import { afterEach, describe, expect, it } from "vitest";
import { type FileMap, readSafetensors, TextClassifier, UnsupportedError, writeSafetensors } from "../../ts/index.js";
import { goldenBytes, goldenJson } from "../golden.js";
import { encoderBytes, texts } from "../models/golden-encoder.js";

const families = [
  "bert",
  "distilbert",
  "roberta",
  "electra",
  "albert",
  "mpnet",
  "deberta-v2",
  "modernbert",
  "nomic_bert",
  "eurobert",
];
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

interface Expected {
  readonly logits: number[][];
  readonly adapter: Record<string, number[]>;
}

async function checkpoint(family: string, changes: object = {}): Promise<FileMap> {
  const config = await goldenJson<object>(`heads/${family}/config.json`);
  return {
    "config.json": bytes({ ...config, ...changes }),
    "model.safetensors": await goldenBytes(`heads/${family}/model.safetensors`),
    "tokenizer.json": await encoderBytes("distilbert", "tokenizer.json"),
    "sentence_bert_config.json": bytes({ max_seq_length: 62 }),
  };
}

let classifier: TextClassifier | undefined;
afterEach(() => {
  classifier?.dispose();
  classifier = undefined;
});

it("a head that is trained on the base alone keeps the base from being merged into meanwhile", async () => {
  const examples = ["no", "yes"].map((label) => ({ text: `a ${label}`, label }));
  classifier = await TextClassifier.open(await checkpoint("bert"));
  const { encoder } = classifier;
  encoder.addAdapter("other", { initLoraWeights: false });
  const training = classifier.fit(examples, { steps: 3 });
  expect(() => encoder.mergeAdapter("other")).toThrow("mergeAdapter: 1 call is under way");
  await training;
  const cancelled = classifier.fit(examples, { steps: 3, signal: AbortSignal.abort() });
  await expect(cancelled).rejects.toThrow("cancelled");
  encoder.mergeAdapter("other");
});

describe.each(families)("a checkpoint of %s", (family) => {
  it("gives transformers' logits under the names of its classes", async () => {
    const { logits } = await goldenJson<Expected>(`heads/${family}/expected.json`);
    classifier = await TextClassifier.open(await checkpoint(family));
    expect(classifier.labels).toEqual(["no", "perhaps", "yes"]);
    const found = await classifier.logits(texts);
    found.forEach((row, i) => row.forEach((x, j) => expect(Math.abs(x - logits[i]![j]!)).toBeLessThan(1e-5)));
  });

  it("trains with an adapter, and is written as PEFT writes it", async () => {
    const { adapter } = await goldenJson<Expected>(`heads/${family}/expected.json`);
    const files = await checkpoint(family);
    classifier = await TextClassifier.open(files, { lora: { rank: 2, targetModules: "all-linear" } });
    const before = await classifier.logits(texts.slice(0, 3));
    await classifier.fit(
      [
        { text: "a", label: "no" },
        { text: "b", label: "yes" },
      ],
      { steps: 2, batchSize: 2, learningRate: 0.01 },
    );
    const after = await classifier.logits(texts.slice(0, 3));
    expect(after).not.toEqual(before);
    const peft = classifier.savePeft();
    const tensors = readSafetensors(peft["adapter_model.safetensors"]!);
    const shapes = Object.fromEntries([...tensors.names].sort().map((name) => [name, [...tensors.info(name).shape]]));
    expect(shapes).toEqual(adapter);
    const back = await TextClassifier.open(peft, { model: files });
    expect(back.labels).toEqual(classifier.labels);
    expect(await back.logits(texts.slice(0, 3))).toEqual(after);
    expect(back.savePeft()).toEqual(peft);
    back.dispose();
    const saved = classifier.save();
    classifier.dispose();
    classifier = await TextClassifier.open({ ...saved }, { model: files });
    expect(await classifier.logits(texts.slice(0, 3))).toEqual(after);
  });
});

it.each<[string, object, RegExp]>([
  [
    "tokens",
    { architectures: ["BertForTokenClassification"] },
    /architectures "BertForTokenClassification": this is a token classifier; open it with TokenClassifier.open/,
  ],
  ["spans", { architectures: ["BertForQuestionAnswering"] }, /"BertForQuestionAnswering" is not supported/],
  ["numbers", { problem_type: "regression" }, /problem_type "regression" is not/],
])("a head for %s is refused by name", async (_, changes, message) => {
  const error: unknown = await TextClassifier.open(await checkpoint("bert", changes)).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UnsupportedError);
  expect((error as Error).message).toMatch(message);
});

it("a checkpoint of several labels a text predicts lists", async () => {
  using several = await TextClassifier.open<string, true>(
    await checkpoint("bert", { problem_type: "multi_label_classification" }),
  );
  const [logits] = await several.logits(["a film"]);
  const { labels, scores } = (await several.predict(["a film"]))[0]!;
  expect(several.labels.map((label) => scores[label])).toEqual(Array.from(logits!, (z) => 1 / (1 + Math.exp(-z))));
  expect(labels).toEqual(several.labels.filter((_, i) => logits![i]! >= 0));
  using asked = await TextClassifier.open<string, true>(await checkpoint("bert"), { multiLabel: true });
  expect(await asked.predict(["a film"])).toEqual(await several.predict(["a film"]));
});

it.each<[string, object, RegExp]>([
  ["fewer names than classes", { id2label: { 0: "a", 1: "b" } }, /names 2 classes in id2label, and the head has 3/],
  ["a gap in its names", { id2label: { 0: "a", 2: "b" } }, /id2label must name each class by its number/],
])("a checkpoint with %s is refused", async (_, changes, message) => {
  await expect(TextClassifier.open(await checkpoint("bert", changes))).rejects.toThrow(message);
});

it("a checkpoint without names has those that transformers gives", async () => {
  classifier = await TextClassifier.open(await checkpoint("roberta", { id2label: null }));
  expect(classifier.labels).toEqual(["LABEL_0", "LABEL_1", "LABEL_2"]);
  expect(() => classifier!.savePeft()).toThrow(/there is no adapter/);
});

it("PEFT's files, which name no classes and no length, are opened under names and to a length that are given", async () => {
  const files = await checkpoint("bert", { id2label: null });
  classifier = await TextClassifier.open(files, { lora: { rank: 1 }, maxTokens: 7 });
  const peft = classifier.savePeft();
  const long = [texts.join(" ")];
  const cut = await classifier.logits(long);
  const labels = ["no", "perhaps", "yes"];
  const open = async (options: object) => TextClassifier.open(peft, { model: files, ...options });
  using back = await open({ labels, maxTokens: 7 });
  expect(back.labels).toEqual(labels);
  expect(await back.logits(long)).toEqual(cut);
  using whole = await open({});
  expect(whole.labels).toEqual(["LABEL_0", "LABEL_1", "LABEL_2"]);
  expect(await whole.logits(long)).not.toEqual(cut);
  // What is saved holds both.
  const saved = { ...back.save() };
  using again = await TextClassifier.open(saved, { model: files });
  expect(again.labels).toEqual(labels);
  expect(await again.logits(long)).toEqual(cut);
  await expect(open({ labels: ["no", "yes"] })).rejects.toThrow("labels names 2 classes, and the head of model has 3");
  await expect(TextClassifier.open(files, { labels })).rejects.toThrow("labels are for PEFT's files");
  for (const option of ["labels", "maxTokens"])
    await expect(
      TextClassifier.open(saved, { model: files, [option]: option === "labels" ? labels : 7 }),
    ).rejects.toThrow(new RegExp(`TextClassifier.open: ${option} (are|is) for `));
});

it("PEFT's head cuts texts by its base's tokenizer, whatever a copy of the base says of sentences", async () => {
  const files = await checkpoint("bert");
  using trained = await TextClassifier.open(files, { lora: { rank: 1 } });
  const peft = trained.savePeft();
  const file = readSafetensors(files["model.safetensors"]!);
  const own = file.names.filter((name) => !name.startsWith("classifier."));
  const base: FileMap = {
    ...files,
    "model.safetensors": writeSafetensors(new Map(own.map((name) => [name, file.tensor(name)]))),
    "tokenizer_config.json": bytes({ model_max_length: 40 }),
  };
  const { "sentence_bert_config.json": _, ...plain } = base;
  const open = async (model: FileMap, options = {}) => TextClassifier.open(peft, { model, ...options });
  const long = [texts.join(" ")];
  using whole = await open(plain);
  using same = await open({ ...base, "sentence_bert_config.json": bytes({ max_seq_length: 9 }) });
  using cut = await open(plain, { maxTokens: 9 });
  expect([whole, same, cut].map(({ tokenizer }) => tokenizer.maxTokens)).toEqual([40, 40, 9]);
  expect(await same.logits(long)).toEqual(await whole.logits(long));
  expect(await cut.logits(long)).not.toEqual(await whole.logits(long));
});

it("of PEFT's adapter without the head that its task has, what happened is said", async () => {
  const files = await checkpoint("bert");
  classifier = await TextClassifier.open(files, { lora: { rank: 1 } });
  const peft = classifier.savePeft();
  const file = readSafetensors(peft["adapter_model.safetensors"]!);
  const names = file.names.filter((name) => name.includes("lora_"));
  const tensors = new Map(names.map((name) => [name, file.tensor(name)]));
  const headless = { ...peft, "adapter_model.safetensors": writeSafetensors(tensors) };
  await expect(TextClassifier.open(headless, { model: files })).rejects.toThrow(
    /without a head, although its task is SEQ_CLS: PEFT omits the head when it converts PiSSA/,
  );
});

it("PEFT's files of other whole modules, and for another base, are refused by name", async () => {
  const files = await checkpoint("bert");
  classifier = await TextClassifier.open(files, { lora: { rank: 1 } });
  const peft = classifier.savePeft();
  const file = readSafetensors(peft["adapter_model.safetensors"]!);
  const tensors = new Map(file.names.map((name) => [name, file.tensor(name)]));
  tensors.set("base_model.model.bert.pooler.other", { shape: [1], data: Float32Array.of(1) });
  const more = { ...peft, "adapter_model.safetensors": writeSafetensors(tensors) };
  await expect(TextClassifier.open(more, { model: files })).rejects.toThrow(/also holds "bert\.pooler\.other"/);
  await expect(TextClassifier.open(peft, { model: await checkpoint("roberta") })).rejects.toThrow(
    /its head has classifier\.(bias, classifier\.weight|weight, classifier\.bias), but the head of model has .* for another model family/,
  );
  await expect(TextClassifier.open(peft, { model: files, lora: { rank: 1 } })).rejects.toThrow(/omit it/);
  await expect(TextClassifier.open(peft)).rejects.toThrow(/does not say which model it was trained on/);
});

it("a checkpoint without its last layer is refused by that layer's name", async () => {
  const files = await checkpoint("distilbert");
  const file = readSafetensors(files["model.safetensors"]!);
  const tensors = new Map(file.names.map((name) => [name, file.tensor(name)]));
  tensors.delete("classifier.weight");
  const damaged = { ...files, "model.safetensors": writeSafetensors(tensors) };
  await expect(TextClassifier.open(damaged)).rejects.toThrow(/no tensor "classifier\.weight"/);
});

it.each(["roberta", "distilbert"])(
  "of %s, the layer that PEFT trains as a whole is trained along, and on",
  async (family) => {
    const files = await checkpoint(family);
    const dense = family === "roberta" ? "classifier.dense.weight" : "pre_classifier.weight";
    const of = (saved: FileMap) =>
      readSafetensors(saved["adapter_model.safetensors"]!).tensor(`base_model.model.${dense}`).data;
    classifier = await TextClassifier.open(files, { lora: { rank: 1 } });
    const examples = [
      { text: "a", label: "no" },
      { text: "b", label: "yes" },
    ];
    const begun = of(classifier.savePeft());
    await classifier.fit(examples, { steps: 1, batchSize: 2, learningRate: 0.01 });
    const saved = classifier.savePeft();
    expect(of(saved)).not.toEqual(begun);
    using back = await TextClassifier.open(saved, { model: files });
    await back.fit(examples, { steps: 1, batchSize: 2, learningRate: 0.01 });
    expect(of(back.savePeft())).not.toEqual(of(saved));
  },
);

it("targets that fit a module with its prefix alone, or without it alone, are refused before anything is trained", async () => {
  const open = async (lora: object) => TextClassifier.open(await checkpoint("bert"), { lora });
  await expect(open({ targetModules: ".*\\.(pooler\\.dense|query)" })).rejects.toThrow(
    /lora targets bert\.pooler\.dense but not pooler\.dense/,
  );
  await expect(open({ targetModules: ["query", "pooler.dense"], layersToTransform: 0 })).rejects.toThrow(
    /lora targets pooler\.dense but not bert\.pooler\.dense/,
  );
  await expect(
    open({ targetModules: ["query", "pooler.dense"], rankPattern: { "bert.pooler.dense": 2 } }),
  ).rejects.toThrow(/rankPattern differs for pooler\.dense and bert\.pooler\.dense/);
  await expect(open({ targetModules: ["pooler.dense"], alphaPattern: { "^pooler.dense": 2 } })).rejects.toThrow(
    /alphaPattern differs for pooler\.dense/,
  );
});

it("PEFT's PiSSA adapter with ranks by whole names is converted with each layer's own rank, and saved", async () => {
  const files = await checkpoint("bert");
  const lora = { rank: 2, alpha: 6, targetModules: ["query", "value"], rankPattern: { query: 1 } };
  classifier = await TextClassifier.open(files, { lora });
  const peft = classifier.savePeft();
  classifier.dispose();
  const config = JSON.parse(new TextDecoder().decode(peft["adapter_config.json"])) as object;
  const rank_pattern = { "bert.encoder.layer.0.attention.self.query": 1 };
  const pissa = { ...peft, "adapter_config.json": bytes({ ...config, init_lora_weights: "pissa", rank_pattern }) };
  classifier = await TextClassifier.open(pissa, { model: files });
  const logits = await classifier.logits(texts.slice(0, 3));
  const converted = classifier.savePeft();
  const ranks = readSafetensors(converted["adapter_model.safetensors"]!);
  const rankOf = (name: string) =>
    ranks.info(`base_model.model.bert.encoder.layer.0.attention.self.${name}.lora_A.weight`).shape[0];
  expect([rankOf("query"), rankOf("value")]).toEqual([2, 4]);
  using back = await TextClassifier.open(converted, { model: files });
  const again = await back.logits(texts.slice(0, 3));
  again.forEach((row, i) => row.forEach((x, j) => expect(Math.abs(x - logits[i]![j]!)).toBeLessThan(1e-5)));
});
