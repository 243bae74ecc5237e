import { afterAll, beforeAll, expect, it } from "vitest";
import { CausalLanguageModel, ConfigError } from "../../../ts/index.js";
import { all, decoderFiles } from "./golden-decoder.js";

let model: CausalLanguageModel;
const prompt = [1, 20, 31, 42, 53, 64];
beforeAll(async () => {
  model = await CausalLanguageModel.load(await decoderFiles("qwen2"));
});
afterAll(() => model?.dispose());

type Options = NonNullable<Parameters<CausalLanguageModel["generateTokens"]>[1]>;
const tokens = (options: Options) => all(model.generateTokens(prompt, { maxTokens: 12, ignoreEnd: true, ...options }));
const ids = async (options: Options) => (await tokens(options)).map(({ id }) => id);

/** Logits after a text. */
async function lastLogits(text: readonly number[]) {
  const { data, shape } = await model.logits(text);
  return data.slice(data.length - shape[1]!);
}

it("biases and penalties change what is most probable, as the formula says", async () => {
  const options = { presencePenalty: 0.9, frequencyPenalty: 0.4, logitBias: { 7: 1.5, 20: -100 } };
  const found = await ids(options);
  const text = [...prompt];
  for (const id of found) {
    const logits = await lastLogits(text);
    logits[7]! += 1.5;
    logits[20]! -= 100;
    const made = text.slice(prompt.length);
    for (const one of new Set(made)) logits[one]! -= 0.9 + 0.4 * made.filter((other) => other === one).length;
    expect(id).toBe(logits.indexOf(Math.max(...logits)));
    text.push(id);
  }
  expect(found).not.toEqual(await ids({}));
  expect(new Set(await ids({ presencePenalty: 1e6 })).size).toBe(12);
  expect(await ids({ presencePenalty: 0, frequencyPenalty: 0, logitBias: {} })).toEqual(await ids({}));
});

it("log probabilities are those before the changes, with the most probable tokens beside them", async () => {
  const found = await tokens({ frequencyPenalty: 2, topLogProbabilities: 5, maxTokens: 4 });
  const text = [...prompt];
  for (const { id, logProbability, top } of found) {
    const logits = [...(await lastLogits(text))];
    const most = Math.max(...logits);
    const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0)) + most;
    expect(logProbability).toBeCloseTo(logits[id]! - total, 5);
    const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, 5);
    expect(top!.map((one) => one.id)).toEqual(order);
    for (const one of top!) expect(one.logProbability).toBeCloseTo(logits[one.id]! - total, 5);
    text.push(id);
  }
  expect((await tokens({ maxTokens: 1 }))[0]).not.toHaveProperty("top");
});

it("refuses ids that the model does not have, and numbers that are none", () => {
  for (const [options, message] of [
    [{ logitBias: { 100_000: 1 } }, /token ids are from 0 to/],
    [{ logitBias: { "-1": 1 } }, /numbers by token id/],
    [{ logitBias: { 3: NaN } }, /finite/],
    [{ logitBias: [1] }, /numbers by token id/],
    [{ presencePenalty: Infinity }, /finite/],
    [{ topLogProbabilities: 21 }, /from 0 to 20/],
  ] as const) {
    const call = () => model.generateTokens(prompt, options);
    expect(call).toThrow(ConfigError);
    expect(call).toThrow(message);
  }
});
