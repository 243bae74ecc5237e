import { describe, expect, it } from "vitest";
import {
  ConfigError,
  type FileMap,
  multiLabelMetrics,
  NonFiniteError,
  predictEach,
  readSafetensors,
  SentenceEncoder,
  TextClassifier,
} from "../../../ts/index.js";
import { goldenBytes, goldenJson } from "../../golden.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";

interface Case {
  readonly texts: string[];
  readonly labels: number[][];
  readonly loss_f32: number[];
  readonly loss_f64: number[];
}

const names = ["sport", "money", "food"];
const files = async (wanted: readonly string[], at: string) =>
  Object.fromEntries(await Promise.all(wanted.map(async (name) => [name, await goldenBytes(`${at}/${name}`)])));
const ADAPTER = ["adapter_config.json", "adapter_model.safetensors"];
const json = (value: object) => new TextEncoder().encode(JSON.stringify(value));

/** Trains as PyTorch did: three steps of all texts, without clipping. */
async function expectGolden(folder: string, classifier: TextClassifier<string, true>, classWeights?: object) {
  const { texts, labels, loss_f32, loss_f64 } = await goldenJson<Case>(`${folder}/case.json`);
  const examples = texts.map((text, i) => ({ text, labels: names.filter((_, l) => labels[i]![l] === 1) }));
  const golden = readSafetensors(await goldenBytes(`${folder}/logits.safetensors`));
  const expectLogits = async (when: string, allowed: number) => {
    const { data } = golden.tensor(`${when}_f64`);
    (await classifier.logits(texts)).forEach((row, i) =>
      row.forEach((logit, l) => expect(Math.abs(logit - data[3 * i + l]!)).toBeLessThanOrEqual(allowed)),
    );
  };
  await expectLogits("before", 1e-5);
  const { steps } = await classifier.fit(examples, {
    steps: 3,
    batchSize: texts.length,
    schedule: () => 1e-3,
    weightDecay: 0.01,
    maxGradNorm: null,
    ...(classWeights && { classWeights: classWeights as Record<string, number> }),
  });
  expect(steps).toHaveLength(3);
  steps.forEach(({ loss }, step) => {
    const allowed = Math.max(2e-6, 8 * Math.abs(loss_f32[step]! - loss_f64[step]!));
    expect(Math.abs(loss - loss_f64[step]!)).toBeLessThanOrEqual(allowed);
  });
  await expectLogits("after", 2e-5);
}

async function pooled(folder: string, base: string, pooling: "cls" | "mean") {
  const model = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
  const encoder = await SentenceEncoder.load(await files(model, `encoders/${base}`), { pooling, maxTokens: 64 });
  const about = { format: 2, task: "multi-label-classification", labels: names, pooling, maxTokens: 64 };
  return TextClassifier.load<string, true>(encoder, {
    ...(await files(ADAPTER, `${folder}/init_adapter`)),
    "head.safetensors": await goldenBytes(`${folder}/init_head.safetensors`),
    "labels.json": json(about),
  });
}

describe("losses, three steps of AdamW and logits are PyTorch's and PEFT's", () => {
  it("for a linear head on the sentence vector", async () => {
    const folder = "tasks/heads/multi_label_pooled-distilbert";
    const classifier = await pooled(folder, "distilbert", "cls");
    await expectGolden(folder, classifier);
    const { data } = readSafetensors(await goldenBytes(`${folder}/head_step3.safetensors`)).tensor("bias");
    classifier.graph
      .value(classifier.head.bias)
      .data.forEach((value, i) => expect(Math.abs(value - data[i]!)).toBeLessThan(1e-5));
    classifier.encoder.dispose();
  });

  it("with pos_weight", async () => {
    const folder = "tasks/heads/multi_label_pos_weight_pooled-roberta";
    const classifier = await pooled(folder, "roberta", "mean");
    await expectGolden(folder, classifier, { money: 2, food: 5 });
    classifier.encoder.dispose();
  });

  it("for transformers' own head, as PEFT has it", async () => {
    const folder = "tasks/heads/multi_label_transformers-roberta";
    const model = await files(
      ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"],
      "encoders/roberta",
    );
    const source = await files(ADAPTER, `${folder}/init_adapter`);
    using classifier = await TextClassifier.open<string, true>(source, {
      model,
      labels: names,
      multiLabel: true,
      maxTokens: 64,
    });
    await expectGolden(folder, classifier);
    // What PEFT would have saved after the third step.
    const saved = readSafetensors(classifier.savePeft()["adapter_model.safetensors"]!);
    const wanted = readSafetensors(await goldenBytes(`${folder}/adapter_step3/adapter_model.safetensors`));
    for (const name of wanted.names)
      saved
        .tensor(name)
        .data.forEach((value, i) => expect(Math.abs(value - wanted.tensor(name).data[i]!)).toBeLessThan(2e-5));
  });
});

const words: Record<string, string[]> = { food: ["warm", "good"], sport: ["grim", "bright"], law: ["dull", "cold"] };
const labels = ["food", "sport", "law"] as const;
/** Texts of all eight sets of labels. */
const examples = Array.from({ length: 64 }, (_, i) => {
  const own = labels.filter((_, l) => ((i >> l) & 1) === 1);
  const said = own.map((label) => words[label]![(i >> 3) & 1]!);
  return { text: `The ${["film", "story", "music", "end"][(i >> 4) & 3]} was ${said.join(" and ")}.`, labels: own };
});
const lora = { rank: 4 };

describe("a classifier with several labels a text", () => {
  it("is trained, saved, loaded, measured, and predicts lists", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const classifier = TextClassifier.create(encoder, { labels, multiLabel: true, lora });
    expect(classifier.thresholds).toEqual([0.5, 0.5, 0.5]);
    const { regularisation } = await classifier.fitHead(examples);
    expect(regularisation).toBeGreaterThan(0);
    await classifier.fit(examples, { steps: 60, batchSize: 16, learningRate: 0.01, seed: 1 });
    const texts = examples.map(({ text }) => text);
    const predicted = await classifier.predict(texts);
    const [first] = predicted;
    expect(Object.keys(first!)).toEqual(["text", "labels", "scores"]);
    expect(Object.keys(first!.scores)).toEqual([...labels]);
    const measured = await classifier.evaluate(examples);
    const truth = examples.map((example) => labels.map((label) => (example.labels.includes(label) ? 1 : 0)));
    const scores = predicted.map((one) => labels.map((label) => one.scores[label]));
    const { count, loss, ...others } = measured;
    expect(others).toEqual(multiLabelMetrics(scores, truth));
    expect([count, others.subsetAccuracy, others.f1Micro]).toEqual([64, 1, 1]);
    expect(predicted.map((one) => one.labels)).toEqual(examples.map((example) => example.labels));
    expect(loss).toBeLessThan(0.1);
    // Thresholds are kept in the files.
    await classifier.chooseThresholds(examples);
    expect(classifier.thresholds).not.toEqual([0.5, 0.5, 0.5]);
    const saved = classifier.save();
    const about = JSON.parse(new TextDecoder().decode(saved["labels.json"])) as object;
    expect(about).toMatchObject({ task: "multi-label-classification", labels, thresholds: classifier.thresholds });
    const again = TextClassifier.load<string, true>(encoder, saved, { adapter: "again" });
    expect(await again.predict(texts)).toEqual(await classifier.predict(texts));
    const one = TextClassifier.create(encoder, { labels: ["a", "b"], lora: null });
    const both = await predictEach([
      { classifier: again, text: texts[5]! },
      { classifier: one, text: "fine" },
    ]);
    expect(both).toEqual([(await again.predict([texts[5]!]))[0], (await one.predict(["fine"]))[0]]);
    await expect(one.chooseThresholds(examples)).rejects.toThrow(/one label a text/);
    for (const each of [again, classifier, one]) each.dispose();
  });

  it("takes the examples as they are at the call", async () => {
    using one = await SentenceEncoder.load(await tinyEncoder(), { seed: 1 });
    using two = await SentenceEncoder.load(await tinyEncoder(), { seed: 1 });
    const [a, b] = [one, two].map((encoder) => TextClassifier.create(encoder, { labels, multiLabel: true, lora }));
    const given = examples.map(({ text, labels: own }) => ({ text, labels: [...own] as string[] }));
    const options = { steps: 4, batchSize: 8, seed: 2 };
    const under = a!.fit(given, options);
    for (const each of given) each.labels.length = 0;
    given.length = 3;
    Object.assign(options, { steps: 1 });
    const { steps } = await under;
    expect(steps).toHaveLength(4);
    const other = await b!.fit(
      // Another name of the list.
      examples.map(({ text, labels: label }) => ({ text, label })) as never,
      { steps: 4, batchSize: 8, seed: 2 },
    );
    expect(steps.map(({ loss }) => loss)).toEqual(other.steps.map(({ loss }) => loss));
  });

  it("balances labels by texts without them", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const classifier = TextClassifier.create(encoder, { labels, multiLabel: true, lora: null });
    const rare = examples.filter((example, i) => !example.labels.includes("law") || i === 4);
    const fit = { regularisation: 1 };
    await classifier.fitHead(rare, fit);
    const score = async () => (await classifier.predict([rare[0]!.text]))[0]!.scores.law;
    const usual = await score();
    await classifier.fitHead(rare, { ...fit, classWeights: "balanced" });
    expect(await score()).toBeGreaterThan(2 * usual);
  });

  it("refuses what does not fit", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const classifier = TextClassifier.create(encoder, { labels, multiLabel: true, lora: null });
    const odd: readonly [unknown, RegExp][] = [
      ["texts", /a list of examples/],
      [[{ text: "a", labels: "food" }], /example 0: \{ text, labels \}/],
      [[{ text: "a", labels: [1] }], /example 0/],
      [[{ text: "a", labels: ["wine"] }], /label "wine" is not one of/],
      [[{ text: " ", labels: [] }], /empty text/],
      [[null], /example 0/],
    ];
    for (const [given, message] of odd) {
      await expect(classifier.fit(given as never)).rejects.toThrow(ConfigError);
      await expect(classifier.fitHead(given as never)).rejects.toThrow(message);
    }
    await expect(classifier.fit(examples, { sampling: "balanced" })).rejects.toThrow(/no option "sampling"/);
    await expect(classifier.fit(examples, null as never)).rejects.toThrow(ConfigError);
    await expect(classifier.fit(examples, { classWeights: { wine: 2 } })).rejects.toThrow(/"wine"/);
    await expect(classifier.fitHead([])).rejects.toThrow(ConfigError);
    await expect(classifier.evaluate([])).rejects.toThrow(ConfigError);
    expect(() => classifier.loss([])).toThrow(/several labels/);
    expect(() => TextClassifier.create(encoder, { labels, multiLabel: 1 as never })).toThrow(
      /multiLabel is true or false/,
    );
    classifier.graph.setValue(classifier.head.bias, { shape: [3], data: Float32Array.of(0, NaN, 0) });
    await expect(classifier.predict(["a"])).rejects.toThrow(NonFiniteError);
    const bad = (thresholds: unknown): FileMap => {
      const saved = classifier.save();
      const about = JSON.parse(new TextDecoder().decode(saved["labels.json"])) as object;
      return { ...saved, "labels.json": json({ ...about, thresholds }) };
    };
    for (const thresholds of [[0.5], ["a", 0, 1], "none"])
      expect(() => TextClassifier.load(encoder, bad(thresholds))).toThrow(/thresholds must be 3 numbers/);
  });
});
