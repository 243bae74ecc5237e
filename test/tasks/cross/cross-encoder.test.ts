import { describe, expect, it } from "vitest";
import {
  ConfigError,
  CrossEncoder,
  type CrossExample,
  type CrossFitOptions,
  ModelError,
  readSafetensors,
  SentenceEncoder,
  type Tensor,
  writeSafetensors,
} from "../../../ts/index.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";

async function open() {
  const encoder = await SentenceEncoder.load(await tinyEncoder());
  return { encoder, cross: CrossEncoder.create(encoder, { lora: { rank: 2 } }) };
}

it.each([false, true])(
  "opens with any labels that it can be made with, such as half a surrogate pair; merged %s",
  async (merged) => {
    const labels = ["half \ud800", "other \udc00", "neutral"];
    const model = await tinyEncoder();
    using encoder = await SentenceEncoder.load(model);
    using cross = CrossEncoder.create(encoder, { labels, lora: { rank: 2 } });
    using again = await CrossEncoder.load(await cross.save({ merged }), merged ? {} : { model });
    expect(again.labels).toEqual(labels);
  },
);

describe("fit of a cross-encoder", () => {
  it("has no text twice in a batch whose positives are others' negatives", async () => {
    // Two answers to sixteen questions: without an order of its own, an answer would be wrong for its own question.
    const examples = Array.from({ length: 16 }, (_, i) => ({ query: `question ${i}`, positive: `answer ${i % 2}` }));
    const { encoder, cross } = await open();
    using _ = encoder;
    const { steps } = await cross.fit(examples, { epochs: 1, batchSize: 8 });
    expect(steps.length).toBeGreaterThan(4);
    // Of two texts to choose from, guessing loses ln 2; of five, ln 5.
    for (const { loss } of steps) expect(loss).toBeLessThan(1);
    const equal = examples.map(({ query }) => ({ query, positive: "the answer" }));
    const call = cross.fit(equal, { steps: 1 });
    await expect(call).rejects.toThrow(ConfigError);
    await expect(call).rejects.toThrow("set negatives to 0");
    const own = equal.map((example, i) => ({ ...example, negatives: [`wrong ${i}`] }));
    expect((await cross.fit(own, { negatives: 0, steps: 1 })).steps).toHaveLength(1);
  });

  it.each(["multiple-negatives-ranking", "cached-multiple-negatives-ranking"] as const)(
    "%s compares a query with all positives and negatives of the batch, as sentence-transformers does",
    async (loss) => {
      const { encoder, cross } = await open();
      using _ = encoder;
      const examples = ["good", "bad", "very"].map((name, i) => ({
        query: `a ${name} film`,
        positive: `it was ${name}`,
        negatives: [`the ${name} end`, `dull ${name} ${i}`],
      }));
      const candidates = examples.flatMap(({ positive, negatives }) => [positive, ...negatives]);
      const scaled = (z: number) => 10 / (1 + Math.exp(-z));
      const losses = await Promise.all(
        examples.map(async ({ query, positive }) => {
          const logits = await cross.logits(candidates.map((text) => [query, text] as const));
          const scores = logits.map(([z]) => scaled(z!));
          const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
          return Math.log(sum) - scores[candidates.indexOf(positive)]!;
        }),
      );
      const expected = losses.reduce((sum, own) => sum + own) / 3;
      const lossOf = async (negatives: number | null) => {
        const order = () => [0, 1, 2];
        const { steps } = await cross.fit(examples, { loss, negatives, order, steps: 1, batchSize: 3, learningRate: 1e-12 }); // prettier-ignore
        return steps[0]!.loss;
      };
      expect(await lossOf(null)).toBeCloseTo(expected, 5);
      // Six texts of others are all that there are; of fewer the loss is lower.
      expect(await lossOf(6)).toBeCloseTo(expected, 5);
      expect(await lossOf(4)).toBeLessThan(expected - 0.1);
    },
  );

  it("uses the options of the loss as they are at the call", async () => {
    const examples = Array.from({ length: 6 }, (_, i) => ({ query: `q ${i}`, text: `a ${i}`, label: i % 2 }));
    const trained = async (change: (options: { posWeight: number }) => void) => {
      const { encoder, cross } = await open();
      using _ = encoder;
      const lossOptions = { posWeight: 2 };
      const running = cross.fit(examples, { lossOptions, steps: 2, batchSize: 3 });
      change(lossOptions);
      await running;
      return (await cross.save())["adapter_model.safetensors"];
    };
    const expected = await trained(() => undefined);
    expect(await trained((options) => (options.posWeight = 50))).toEqual(expected);
    const { encoder, cross } = await open();
    using _ = encoder;
    const call = cross.fit(examples, { lossOptions: { posWeight: (() => 1) as never } });
    await expect(call).rejects.toThrow("lossOptions are plain data");
  });

  it("a positive that is compared with nothing has the loss 0: alone in a batch, or in a part of one", async () => {
    const { encoder, cross } = await open();
    using _ = encoder;
    const examples = ["a", "b", "c"].map((name) => ({ query: `q ${name}`, positive: `p ${name}` }));
    const alone = await cross.fit(examples.slice(0, 1), { steps: 1 });
    expect(alone.steps[0]!.loss).toBe(0);
    // Parts of two and of one example.
    const parts = await cross.fit(examples, { steps: 1, batchSize: 3, accumulate: 2 });
    expect(parts.steps[0]!.loss).toBeGreaterThan(0);
  });

  it.each<[string, readonly CrossExample[], CrossFitOptions, string]>([
    [
      "a grade whose gain overflows",
      [
        { query: "a", texts: ["b", "c"], labels: [1, 0] },
        { query: "a", texts: ["b", "c"], labels: [1000, 0] },
      ],
      { loss: "lambda" },
      "example 1: a grade must be at most 127",
    ],
    ["a label beyond float32", [{ query: "a", text: "b", label: 1e300 }], { loss: "mse" }, "example 0: label must be"],
    [
      "a teacher's score beyond float32",
      [{ query: "a", positive: "b", negatives: ["c"], scores: [1e39] }],
      { loss: "margin-mse" },
      "a list of finite numbers",
    ],
  ])("refuses %s before the first step", async (_, examples, options, message) => {
    const { encoder, cross } = await open();
    using __ = encoder;
    let steps = 0;
    const call = cross.fit(examples, { batchSize: 1, epochs: 1, ...options, onProgress: () => steps++ });
    await expect(call).rejects.toThrow(ConfigError);
    await expect(call).rejects.toThrow(message);
    expect(steps).toBe(0);
  });

  it("takes any finite grade where pairs have no weights", async () => {
    const { encoder, cross } = await open();
    using _ = encoder;
    const lists = [{ query: "a", texts: ["b", "c"], labels: [1000, 0] }];
    for (const options of [{ loss: "rank-net" }, { loss: "lambda", lossOptions: { weightingScheme: "none" } }] as const)
      expect((await cross.fit(lists, { ...options, steps: 1 })).steps[0]!.loss).toBeGreaterThan(0);
  });
});

it("a head without a logit is no head", async () => {
  const { encoder, cross } = await open();
  using _ = encoder;
  const files = await cross.save({ merged: true });
  const file = readSafetensors(files["model.safetensors"]!);
  const none = (name: string, tensor: Tensor) =>
    name.startsWith("classifier.") ? { shape: [0, ...tensor.shape.slice(1)], data: new Float32Array() } : tensor;
  const tensors = new Map(file.names.map((name) => [name, none(name, file.tensor(name))]));
  const call = CrossEncoder.load({ ...files, "model.safetensors": writeSafetensors(tensors) });
  await expect(call).rejects.toThrow(ModelError);
  await expect(call).rejects.toThrow("a cross-encoder's head has classifier.weight");
});

it("a cross-encoder whose adapter was removed says so in every call", async () => {
  const { encoder, cross } = await open();
  using _ = encoder;
  encoder.removeAdapter("cross-encoder");
  const calls = [
    () => cross.predict([["a", "b"]]),
    () => cross.logits([["a", "b"]]),
    () => cross.rank("a", ["b"]),
    () => cross.fit([{ query: "a", text: "b", label: 1 }]),
    () => cross.save(),
  ];
  for (const call of calls) {
    await expect(call()).rejects.toThrow(ConfigError);
    await expect(call()).rejects.toThrow(/^\w+: the adapter of this cross-encoder was removed from its encoder/);
  }
  cross.dispose();
});
