import { afterEach, expect, it } from "vitest";
import { ConfigError, SentenceEncoder, TextClassifier } from "../../ts/index.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";

const some = examples.slice(0, 7);
const labels = ["bad", "good", "neither"];

const encoders: SentenceEncoder[] = [];
afterEach(() => encoders.splice(0).forEach((encoder) => encoder.dispose()));

async function newClassifier() {
  const encoder = await SentenceEncoder.load(await tinyEncoder());
  encoders.push(encoder);
  return TextClassifier.create(encoder, { labels });
}

/** PyTorch's CrossEntropyLoss(weight, label_smoothing), a mean over the weights of the targets, in float64. */
function smoothed(logits: readonly Float32Array[], targets: readonly number[], smoothing: number, weights: number[]) {
  let [sum, total] = [0, 0];
  logits.forEach((row, i) => {
    const values = Array.from(row);
    const most = Math.max(...values);
    const lse = most + Math.log(values.reduce((all, z) => all + Math.exp(z - most), 0));
    const target = targets[i]!;
    sum += (1 - smoothing) * weights[target]! * (lse - values[target]!);
    values.forEach((z, c) => (sum += (smoothing / values.length) * weights[c]! * (lse - z)));
    total += weights[target]!;
  });
  return sum / total;
}

// The op's values and gradients are compared with PyTorch in test/golden/vectors/ops.json, and with central differences.
it.each([
  [0.1, undefined],
  [0.3, { good: 3, neither: 0.5 }],
] as const)(
  "fit smooths labels by %d as PyTorch's cross entropy does, with class weights %o",
  async (share, weights) => {
    const classifier = await newClassifier();
    const logits = await classifier.logits(some.map(({ text }) => text));
    const targets = some.map(({ label }) => labels.indexOf(label));
    const step = { steps: 1, batchSize: some.length, learningRate: 1e-3 };
    const own = { labelSmoothing: share, ...(weights && { classWeights: weights }) };
    const { steps } = await classifier.fit(some, { ...step, ...own });
    const expected = smoothed(logits, targets, share, [1, weights?.good ?? 1, weights?.neither ?? 1]);
    expect(steps[0]!.loss).toBeCloseTo(expected, 5);
    expect(Math.abs(smoothed(logits, targets, 0, [1, 1, 1]) - expected)).toBeGreaterThan(1e-3);
  },
);

it("trains as without it where it is 0, and refuses shares that are none", async () => {
  const trained = async (own: object) => {
    const classifier = await newClassifier();
    await classifier.fit(some, { steps: 3, batchSize: 4, ...own });
    return classifier.save()["head.safetensors"];
  };
  const plain = await trained({});
  expect(await trained({ labelSmoothing: 0 })).toEqual(plain);
  expect(await trained({ labelSmoothing: 0.2 })).not.toEqual(plain);
  const classifier = await newClassifier();
  for (const labelSmoothing of [-0.1, 1, NaN, "0.1"])
    await expect(classifier.fit(some, { labelSmoothing } as object)).rejects.toThrow(ConfigError);
});
