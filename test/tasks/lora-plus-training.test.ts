import { expect, it } from "vitest";
import {
  AdamW,
  type LoraOptions,
  loraPlusGroups,
  readSafetensors,
  SentenceEncoder,
  TextClassifier,
} from "../../ts/index.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";

const labels = ["bad", "good"];
const few = examples.slice(0, 4);
const run = {
  steps: 3,
  batchSize: 4,
  learningRate: 0.01,
  schedule: () => 0.01,
  maxGradNorm: null,
  order: () => [0, 1, 2, 3],
};

async function made(lora: LoraOptions | null) {
  const encoder = await SentenceEncoder.load(await tinyEncoder(), { seed: 1 });
  return TextClassifier.create(encoder, { labels, lora });
}

it.each<[string, LoraOptions]>([
  ["A and B", { rank: 2 }],
  [
    "magnitudes, biases and an embedding",
    { rank: 2, dora: true, bias: "all", targetModules: ["query", "word_embeddings"] },
  ],
  ["B's own biases", { rank: 2, loraBias: true }],
])("fit's loraPlusRatio steps as loraPlusGroups does: %s", async (_name, lora) => {
  const [fitted, own] = [await made(lora), await made(lora)];
  await fitted.fit(few, { ...run, loraPlusRatio: 8 });
  const { graph } = own;
  const tokenized = own.encoder.tokenize(few.map(({ text }) => text)).map((ids, i) => ({
    ids,
    target: labels.indexOf(few[i]!.label),
  }));
  const groups = loraPlusGroups(own.modelAdapter!, { lr: 0.01, ratio: 8, others: own.head.params() });
  const optimizer = new AdamW(graph, groups, { lr: 0.01 });
  for (let step = 0; step < run.steps; step++) {
    optimizer.zeroGrad();
    graph.step(() => {
      const { sum, targets } = own.loss(tokenized);
      graph.backward(graph.mul(sum, graph.constant({ shape: [], data: Float32Array.of(1 / targets) })));
    });
    optimizer.step();
  }
  const tensors = ({ "adapter_model.safetensors": bytes }: ReturnType<TextClassifier["save"]>) =>
    readSafetensors(bytes);
  const [a, b] = [tensors(fitted.save()), tensors(own.save())];
  expect(a.names).toEqual(b.names);
  for (const name of a.names) {
    const expected = b.tensor(name).data;
    // The mean is taken of gradients there and of the loss here; Adam's steps are the rate, however small the gradient.
    a.tensor(name).data.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThan(2e-5));
  }
  optimizer.dispose();
  fitted.encoder.dispose();
  own.encoder.dispose();
});

it("at a ratio of 1 the bits are those without it, but that biases have no weight decay", async () => {
  const [plain, same] = [await made({ rank: 2 }), await made({ rank: 2 })];
  await plain.fit(few, { ...run, weightDecay: 0 });
  await same.fit(few, { ...run, weightDecay: 0, loraPlusRatio: 1 });
  expect(same.save()).toEqual(plain.save());
  plain.encoder.dispose();
  same.encoder.dispose();
});

it("a ratio that makes no sense is refused before any work", async () => {
  const [classifier, alone] = [await made({ rank: 2 }), await made(null)];
  const files = classifier.save();
  for (const ratio of [-1, NaN, Infinity, "4" as never])
    await expect(classifier.fit(few, { ...run, loraPlusRatio: ratio })).rejects.toThrow(/loraPlusRatio/);
  await expect(classifier.fit(few, { steps: 1, learningRate: 0.1, loraPlusRatio: 16 })).rejects.toThrow(
    /loraPlusRatio times learningRate is a number from 0 to 1/,
  );
  await expect(alone.fit(few, { ...run, loraPlusRatio: 4 })).rejects.toThrow(/this classifier has no adapter/);
  expect(classifier.save()).toEqual(files);
  classifier.encoder.dispose();
  alone.encoder.dispose();
});
