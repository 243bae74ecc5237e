import { cosineSimilarity, embed, embedMany } from "ai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lowrank } from "../../ts/ai/index.js";
import { SentenceEncoder } from "../../ts/index.js";
import { tinyEncoder } from "../models/tiny-encoder.js";

let encoder: SentenceEncoder;
beforeAll(async () => {
  encoder = await SentenceEncoder.load(await tinyEncoder());
  encoder.addAdapter("mine", { rank: 2, initLoraWeights: false, alpha: 60 });
  encoder.setAdapter(null);
});
afterAll(() => encoder?.dispose());

const values = ["a good film", "a bad one", "where is it"];
const rows = async (options: Parameters<SentenceEncoder["encode"]>[1] = {}) =>
  (await encoder.encode(values, { normalize: true, ...options })).map((row) => [...row]);

it("embeds one text and many, of length 1, and counts tokens", async () => {
  const expected = await rows();
  const { embeddings, usage } = await embedMany({ model: lowrank(encoder), values });
  expect(embeddings).toEqual(expected);
  expect(usage.tokens).toBe(encoder.tokenize(values).reduce((sum, { length }) => sum + length, 0));
  const { embedding } = await embed({ model: lowrank(encoder), value: values[1]! });
  expect(embedding).toEqual(expected[1]);
  expect(cosineSimilarity(embedding, expected[1]!)).toBeCloseTo(1, 6);
});

it("takes options of `encode`, of the model and of a call", async () => {
  const options = { adapter: "mine", truncateDim: 8, prompt: "query: " };
  const expected = await rows(options);
  expect(expected).not.toEqual(await rows({ ...options, adapter: null }));
  const { embeddings } = await embedMany({ model: lowrank(encoder, options), values });
  expect(embeddings).toEqual(expected);
  const providerOptions = { lowrank: { ...options, normalize: false } };
  const model = lowrank(encoder, { adapter: null });
  expect((await embedMany({ model, values, providerOptions })).embeddings).toEqual(
    await rows({ ...options, normalize: false }),
  );
});

it("answers many calls at once as each alone", async () => {
  const expected = [await rows(), await rows({ adapter: "mine" })];
  const calls = [null, "mine"].map((adapter) => embedMany({ model: lowrank(encoder, { adapter }), values }));
  expect((await Promise.all(calls)).map(({ embeddings }) => embeddings)).toEqual(expected);
});

it("ends when it is cancelled, and refuses options that do not exist", async () => {
  const signal = AbortSignal.abort();
  const model = lowrank(encoder);
  await expect(model.doEmbed({ values, abortSignal: signal })).rejects.toMatchObject({ name: "AbortError" });
  const unknown = { lowrank: { adaptr: "mine" } };
  await expect(embedMany({ model, values, providerOptions: unknown })).rejects.toThrow(/did you mean "adapter"/);
  await expect(embed({ model, value: "a", providerOptions: { lowrank: { adapter: "nobody" } } })).rejects.toMatchObject(
    {
      code: "CONFIG",
    },
  );
});
