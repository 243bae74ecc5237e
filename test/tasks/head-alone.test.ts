import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  AbortError,
  AdapterError,
  ConfigError,
  engineInfo,
  FormatError,
  fitLogisticRegression,
  predictEach,
  SentenceEncoder,
  TextClassifier,
} from "../../ts/index.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";

const labels = ["bad", "good"];
const texts = examples.map(({ text }) => text);
const lora = { rank: 2, dropout: 0.1 };

let encoder: SentenceEncoder;
let used: number;
beforeEach(async () => {
  used = engineInfo().memory.used;
  encoder = await SentenceEncoder.load(await tinyEncoder(), { seed: 1 });
});
afterEach(() => {
  encoder.dispose();
  expect(engineInfo().memory.used).toBe(used);
});

const headOf = ({ graph, head }: TextClassifier) => [graph.value(head.weight), graph.value(head.bias)];

describe("fitHead", () => {
  it("sets the head to logistic regression on the vectors that it gets, and nothing else", async () => {
    const classifier = TextClassifier.create(encoder, { labels, lora });
    const adapter = encoder.saveAdapter("classifier");
    const report = await classifier.fitHead(examples);
    expect(encoder.saveAdapter("classifier")).toEqual(adapter);
    const vectors = await encoder.infer(texts, (pooled) => pooled, { adapter: null });
    const targets = examples.map(({ label }) => labels.indexOf(label));
    const { weight, bias, ...rest } = await fitLogisticRegression(encoder.graph, vectors, targets, 2);
    expect(headOf(classifier)).toEqual([weight, bias]);
    expect(report).toEqual(rest);
  });

  it("takes the vectors with the adapter as it is by then", async () => {
    const classifier = TextClassifier.create(encoder, { labels, lora });
    await classifier.fit(examples, { steps: 20, batchSize: 8, learningRate: 0.02 });
    encoder.setAdapter(null);
    const { loss } = await classifier.evaluate(examples);
    await classifier.fitHead(examples, { regularisation: 1e6 });
    expect((await classifier.evaluate(examples)).loss).toBeLessThan(loss);
    expect(encoder.adapters()).toEqual([{ name: "classifier", active: false, merged: false }]);
  });

  it.each([
    [{ classWeights: "balanced" }, "balanced"],
    [{ sampling: "balanced" }, "balanced"],
    [{ classWeights: { good: 3 } }, [1, 3]],
    // 4 of one label and 20 of the other: 24 / (2 · 4) and 24 / (2 · 20), which float32 has exactly or nearly.
    [{ classWeights: { bad: 2 }, sampling: "balanced" }, [6, Math.fround(0.6)]],
    [{ classWeights: "none" }, "none"],
  ] as const)("weighs classes by %o", async (options, classWeights) => {
    const classifier = TextClassifier.create(encoder, { labels, lora });
    const bad = examples.filter(({ label }) => label === "bad").slice(0, 4);
    const few = [...bad, ...examples.filter(({ label }) => label === "good").slice(0, 20)];
    const vectors = await encoder.infer(
      few.map(({ text }) => text),
      (pooled) => pooled,
      { adapter: null },
    );
    const targets = few.map(({ label }) => labels.indexOf(label));
    await classifier.fitHead(few, { regularisation: 1, ...options });
    const given = { regularisation: 1, classWeights };
    const { weight, bias } = await fitLogisticRegression(encoder.graph, vectors, targets, 2, given);
    expect(headOf(classifier)).toEqual([weight, bias]);
    const plain = await fitLogisticRegression(encoder.graph, vectors, targets, 2, { regularisation: 1 });
    if (classWeights !== "none") expect(plain.weight).not.toEqual(weight);
  });

  it("refuses weights of labels that there are not, and other ways of sampling", async () => {
    const classifier = TextClassifier.create(encoder, { labels, lora });
    const before = headOf(classifier);
    const refused = async (options: object, message: RegExp) => {
      await expect(classifier.fitHead(examples, options as never)).rejects.toThrow(ConfigError);
      await expect(classifier.fitHead(examples, options as never)).rejects.toThrow(message);
    };
    await refused({ classWeights: { odd: 2 } }, /^fitHead: classWeights names "odd", which is not one of/);
    await refused({ classWeights: { good: 0 } }, /^fitHead: classWeights\["good"\]/);
    await refused({ classWeights: 3 }, /^fitHead: classWeights are "balanced" or numbers by label/);
    await refused({ sampling: "rare" }, /^fitHead: sampling is one of "balanced"/);
    expect(headOf(classifier)).toEqual(before);
  });

  it("tells of texts and heads, and leaves the head as it was where it is cancelled or refused", async () => {
    const classifier = TextClassifier.create(encoder, { labels, lora });
    const before = headOf(classifier);
    const phases: string[] = [];
    const abort = new AbortController();
    const onProgress = ({ phase, done, total }: { phase: string; done: number; total: number }) => {
      phases.push(phase);
      expect(done).toBeLessThanOrEqual(total);
      if (phase === "fit" && done > 1) abort.abort();
    };
    await expect(classifier.fitHead(examples, { signal: abort.signal, onProgress })).rejects.toThrow(AbortError);
    expect([...new Set(phases)]).toEqual(["encode", "fit"]);
    await expect(classifier.fitHead([{ text: "a", label: "odd" }])).rejects.toThrow(
      /example 0: label "odd" is not one of/,
    );
    await expect(classifier.fitHead([])).rejects.toThrow(ConfigError);
    await expect(classifier.fitHead(examples, { C: 1 } as never)).rejects.toThrow(/no option "C"/);
    encoder.mergeAdapter("classifier");
    await expect(classifier.fitHead(examples)).rejects.toThrow(/is merged into the base/);
    encoder.unmergeAdapter("classifier");
    expect(headOf(classifier)).toEqual(before);
  });

  it("keeps others from training or disposing of what it fits", async () => {
    const classifier = TextClassifier.create(encoder, { labels, lora });
    const fitting = classifier.fitHead(examples);
    await expect(classifier.fit(examples, { steps: 1 })).rejects.toThrow(/another fit is training/);
    await expect(classifier.fitHead(examples)).rejects.toThrow(/another fit is training/);
    expect(() => classifier.dispose()).toThrow(/is being trained/);
    await fitting;
    classifier.dispose();
  });
});

describe("headLearningRate", () => {
  it("is the head's own; at the same rate the bits are those without it", async () => {
    const run = { steps: 4, batchSize: 8, learningRate: 0.01 };
    const after = async (options: object) => {
      using own = await SentenceEncoder.load(await tinyEncoder(), { seed: 1 });
      const classifier = TextClassifier.create(own, { labels, lora });
      const start = headOf(classifier);
      await classifier.fit(examples, { ...run, ...options });
      return { start, head: headOf(classifier), files: classifier.save() };
    };
    const [plain, same, still] = [
      await after({}),
      await after({ headLearningRate: 0.01 }),
      await after({ headLearningRate: 0 }),
    ];
    expect(same.files).toEqual(plain.files);
    expect(still.head).toEqual(still.start);
    expect(still.files["adapter_model.safetensors"]).not.toEqual(plain.files["adapter_model.safetensors"]);
    const classifier = TextClassifier.create(encoder, { labels, lora });
    await expect(classifier.fit(examples, { steps: 1, headLearningRate: -1 })).rejects.toThrow(/headLearningRate/);
    await expect(classifier.fit(examples, { steps: 1, headLr: 1 } as never)).rejects.toThrow(/no option "headLr"/);
  });
});

describe("a classifier without an adapter", () => {
  it("is fitted, trained, saved, loaded and asked, and adds nothing to the encoder", async () => {
    const classifier = TextClassifier.create(encoder, { labels, lora: null });
    expect(classifier.adapter).toBeNull();
    expect(encoder.adapters()).toEqual([]);
    expect(classifier.params()).toEqual(classifier.head.params());
    const vectors = await encoder.encode(texts.slice(0, 3));
    const { loss } = await classifier.evaluate(examples);
    const { steps } = await classifier.fit(examples, { steps: 30, batchSize: 8, learningRate: 0.05 });
    expect(steps.at(-1)!.loss).toBeLessThan(steps[0]!.loss);
    await classifier.fitHead(examples);
    expect((await classifier.evaluate(examples)).loss).toBeLessThan(loss);
    expect(await encoder.encode(texts.slice(0, 3))).toEqual(vectors);

    const files = classifier.save();
    expect(Object.keys(files).sort()).toEqual(["head.safetensors", "labels.json"]);
    const again = TextClassifier.load(encoder, files);
    expect(again.adapter).toBeNull();
    expect(await again.predict(texts)).toEqual(await classifier.predict(texts));
    classifier.dispose();
    again.dispose();
  });

  it("answers with the base alone, whatever is active, also among others", async () => {
    const alone = TextClassifier.create(encoder, { labels, lora: null });
    await alone.fitHead(examples);
    const expected = await alone.predict(texts);
    const adapted = TextClassifier.create(encoder, { labels, lora });
    await adapted.fit(examples, { steps: 10, batchSize: 8, learningRate: 0.05 });
    expect(await alone.predict(texts)).toEqual(expected);
    const asked = texts.flatMap((text) => [
      { classifier: alone, text },
      { classifier: adapted, text },
    ]);
    const both = await predictEach(asked);
    expect(both.filter((_, i) => i % 2 === 0)).toEqual(expected);
    encoder.mergeAdapter("classifier");
    await expect(alone.predict(texts)).rejects.toThrow(/the base alone cannot be had/);
    await expect(alone.fit(examples)).rejects.toThrow(/a head on the base alone cannot be trained/);
    encoder.unmergeAdapter("classifier");
  });

  it("is not what is left of one whose adapter was lost, nor what stands beside another's adapter", () => {
    const alone = TextClassifier.create(encoder, { labels, lora: null }).save();
    const adapted = TextClassifier.create(encoder, { labels, lora }).save();
    const { "head.safetensors": head, "labels.json": named } = adapted;
    const lost = { "head.safetensors": head!, "labels.json": named! };
    expect(() => TextClassifier.load(encoder, lost, { adapter: "other" })).toThrow(AdapterError);
    expect(() => TextClassifier.load(encoder, { ...adapted, ...alone })).toThrow(FormatError);
    const odd = new TextEncoder().encode(JSON.stringify({ labels, adapter: "no" }));
    expect(() => TextClassifier.load(encoder, { ...alone, "labels.json": odd })).toThrow(
      /adapter must be true or false/,
    );
  });

  it("is not disposed of while it is trained", async () => {
    const alone = TextClassifier.create(encoder, { labels, lora: null });
    const training = alone.fit(examples, { steps: 2 });
    expect(() => alone.dispose()).toThrow(/is being trained/);
    await training;
    alone.dispose();
    alone.dispose();
  });
});
