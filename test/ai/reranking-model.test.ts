import { createProviderRegistry, rerank } from "ai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createLowrank, lowrank } from "../../ts/ai/index.js";
import { ConfigError, CrossEncoder, SentenceEncoder } from "../../ts/index.js";
import { tinyEncoder } from "../models/tiny-encoder.js";

let encoder: SentenceEncoder;
let [order, classes] = [] as unknown as [CrossEncoder, CrossEncoder<number[]>];
beforeAll(async () => {
  encoder = await SentenceEncoder.load(await tinyEncoder());
  order = CrossEncoder.create(encoder, { lora: { rank: 2, initLoraWeights: false, alpha: 60 } });
  classes = CrossEncoder.create(encoder, { labels: 3, adapter: "classes" });
});
afterAll(() => encoder?.dispose());

const query = "a film";
const documents = ["where is it", "a good film", "a bad one"];

it("orders documents as `rank` does, the best first", async () => {
  const expected = await order.rank(query, documents);
  const { ranking, rerankedDocuments } = await rerank({ model: lowrank(order), query, documents });
  expect(ranking.map(({ originalIndex, score }) => [originalIndex, score])).toEqual(
    expected.map(({ index, score }) => [index, score]),
  );
  expect(rerankedDocuments).toEqual(expected.map(({ text }) => text));
  const provider = createLowrank({ search: encoder, order });
  const model = createProviderRegistry({ own: provider }).rerankingModel("own:order");
  const [best] = (await rerank({ model, query, documents, topN: 1 })).ranking;
  expect(best).toMatchObject({ originalIndex: expected[0]!.index, score: expected[0]!.score });
  expect([model.modelId, lowrank(order).modelId]).toEqual(["order", encoder.name]);
  expect(() => provider.rerankingModel("search")).toThrow(/rerankingModel "search".*order/);
});

it("reads objects as their JSON, and has the settings of a model and of a call", async () => {
  const objects = documents.map((text, place) => ({ text, place }));
  const expected = await order.rank(query, objects.map((one) => JSON.stringify(one)), { activation: "identity" }); // prettier-ignore
  const scores = expected.map(({ score }) => score);
  const identity = { lowrank: { activation: "identity" } };
  for (const model of [lowrank(order, { activation: "identity" }), lowrank(order)])
    expect((await rerank({ model, query, documents: objects, providerOptions: identity })).ranking.map(({ score }) => score)).toEqual(scores); // prettier-ignore
  expect((await rerank({ model: lowrank(order), query, documents: objects })).ranking[0]!.score).not.toBe(scores[0]);
});

it("refuses classes, unknown settings, and calls that were cancelled", async () => {
  const asked = { query, documents, maxRetries: 0 };
  await expect(rerank({ ...asked, model: lowrank(classes as unknown as CrossEncoder) })).rejects.toThrow(/3 labels/);
  expect(() => lowrank(order, { activatoin: "identity" } as object)).toThrow(ConfigError);
  const providerOptions = { lowrank: { batch: 1 } };
  await expect(rerank({ ...asked, model: lowrank(order), providerOptions })).rejects.toThrow(/no option "batch"/);
  const abortSignal = AbortSignal.abort();
  await expect(rerank({ ...asked, model: lowrank(order), abortSignal })).rejects.toMatchObject({ name: "AbortError" });
});
