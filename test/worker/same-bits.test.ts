import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as local from "../../ts/index.js";
import {
  type LowrankWorker,
  SentenceEncoder,
  TextClassifier,
  TextRegressor,
  TokenClassifier,
} from "../../ts/worker/index.js";
import { goldenBytes } from "../golden.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";
import { layeredModels } from "../tasks/tiny-tasks.js";
import { start } from "./in-worker.js";

const texts = examples.map(({ text }) => text);

describe("in a worker, to the bit what it is here", () => {
  let worker: LowrankWorker;
  beforeAll(async () => {
    worker = await start();
  });
  afterAll(() => worker.terminate());

  it("an encoder's vectors, tokens and adapters", async () => {
    const files = await tinyEncoder();
    const here = await local.SentenceEncoder.load(files);
    const there = await SentenceEncoder.load(files, { worker });
    expect([there.name, there.hiddenSize]).toEqual([here.name, here.hiddenSize]);
    expect(await there.encode(texts)).toEqual(await here.encode(texts));
    expect(await there.tokenize(texts)).toEqual(here.tokenize(texts));
    here.addAdapter("a", { rank: 2 });
    await there.addAdapter("a", { rank: 2 });
    expect(await there.adapters()).toEqual(here.adapters());
    expect(await there.saveAdapter("a")).toEqual(here.saveAdapter("a"));
    here.dispose();
    await there.dispose();
    await there.dispose();
    await expect(there.encode(texts)).rejects.toThrow(local.StaleNodeError);
  });

  it.each([
    ["BERT", tinyEncoder],
    ...Object.entries(layeredModels).map(([name, { model }]) => [name, model] as const),
  ] as const)("a classifier's training and answers on %s", async (_name, model) => {
    const files = await model();
    const labels = ["good", "bad"];
    const options = { steps: 8, batchSize: 8, learningRate: 0.01, accumulate: 2, seed: 3 };
    const hereEncoder = await local.SentenceEncoder.load(files, { seed: 5 });
    const here = local.TextClassifier.create(hereEncoder, { labels, lora: { rank: 4, dropout: 0.1 } });
    const thereEncoder = await SentenceEncoder.load(files, { seed: 5, worker });
    const there = await TextClassifier.create(thereEncoder, { labels, lora: { rank: 4, dropout: 0.1 } });
    expect([there.labels, there.adapter, there.encoder]).toEqual([labels, "classifier", thereEncoder]);
    const [a, b] = [await here.fit(examples, options), await there.fit(examples, options)];
    expect(b.steps.map(({ loss }) => loss)).toEqual(a.steps.map(({ loss }) => loss));
    expect(await there.save()).toEqual(here.save());
    expect(await there.predict(texts)).toEqual(await here.predict(texts));
    expect(await there.logits(texts)).toEqual(await here.logits(texts));
    expect(await there.evaluate(examples)).toEqual(await here.evaluate(examples));
    here.dispose();
    await there.dispose();
    hereEncoder.dispose();
    await thereEncoder.dispose();
    const { memory } = await worker.engineInfo();
    expect(memory.used).toBe(worker.info.memory.used);
  });

  it("a regressor's numbers", async () => {
    const files = await tinyEncoder();
    const hereEncoder = await local.SentenceEncoder.load(files);
    const labels = { format: 2, task: "regression", labels: ["stars"], adapter: false, max: 5 };
    const width = hereEncoder.hiddenSize;
    const saved = {
      "labels.json": new TextEncoder().encode(JSON.stringify(labels)),
      "head.safetensors": local.writeSafetensors({
        weight: { shape: [1, width], data: Float32Array.from({ length: width }, (_, i) => i / width) },
        bias: { shape: [1], data: Float32Array.of(3) },
      }),
    };
    const here = local.TextRegressor.load(hereEncoder, saved);
    const thereEncoder = await SentenceEncoder.load(files, { worker });
    const there = await TextRegressor.load(thereEncoder, saved);
    expect([there.name, there.encoder]).toEqual(["stars", thereEncoder]);
    expect(await there.predict(texts)).toEqual(await here.predict(texts));
    const scored = texts.map((text, i) => ({ text, target: i }));
    expect(await there.evaluate(scored)).toEqual(await here.evaluate(scored));
    expect(await there.save()).toEqual(here.save());
    await there.dispose();
    await expect(there.predict(texts)).rejects.toThrow(/this regressor was disposed/);
    hereEncoder.dispose();
    await thereEncoder.dispose();
    expect((await worker.engineInfo()).memory.used).toBe(worker.info.memory.used);
  });

  it("a classifier of tokens: its spans and logits, its encoder's adapters, its end", async () => {
    const files = {
      "config.json": await goldenBytes("tokens/bert/config.json"),
      "model.safetensors": await goldenBytes("tokens/bert/model.safetensors"),
      "tokenizer.json": await goldenBytes("encoders/bert/tokenizer.json"),
      "tokenizer_config.json": await goldenBytes("encoders/bert/tokenizer_config.json"),
    };
    const { used } = (await worker.engineInfo()).memory;
    const here = await local.TokenClassifier.open(files, { seed: 5 });
    const there = await TokenClassifier.open(files, { seed: 5, worker });
    expect([there.labels, there.encoder.hiddenSize]).toEqual([here.labels, here.encoder.hiddenSize]);
    const sentences = ["Ada Lovelace met Charles Babbage in London", "nobody was there"];
    for (const aggregation of ["simple", "none"] as const)
      expect(await there.predict(sentences, { aggregation })).toEqual(await here.predict(sentences, { aggregation }));
    expect(await there.logits(sentences)).toEqual(await here.logits(sentences));
    here.encoder.addAdapter("a", { rank: 2 });
    await there.encoder.addAdapter("a", { rank: 2 });
    expect(await there.logits(sentences, { adapter: "a" })).toEqual(await here.logits(sentences, { adapter: "a" }));
    const examples = [{ words: ["Ada", "met", "Charles"], labels: ["B-PER", "O", "B-PER"] }];
    const [mine, yours] = [
      local.TokenClassifier.create(here.encoder, { labels: here.labels }),
      await TokenClassifier.create(there.encoder, { labels: there.labels }),
    ];
    await mine.fit(examples, { steps: 2, schedule: () => 0.01 });
    await yours.fit(examples, { steps: 2, schedule: () => 0.01 });
    expect(yours.adapter).toBe("classifier");
    expect(await yours.evaluate(examples)).toEqual(await mine.evaluate(examples));
    expect(await yours.save()).toEqual(mine.save());
    const controller = new AbortController();
    const onProgress = () => controller.abort("enough");
    const many = Array.from({ length: 200 }, () => sentences).flat();
    const stopped = there.predict(many, { signal: controller.signal, onProgress });
    await expect(stopped).rejects.toThrow(local.AbortError);
    await expect(TokenClassifier.open(await tinyEncoder(), { worker })).rejects.toThrow(local.UnsupportedError);
    here.dispose();
    await there.dispose();
    await there.dispose();
    for (const call of [there.predict(sentences), there.encoder.encode(sentences)])
      await expect(call).rejects.toThrow(local.StaleNodeError);
    expect((await worker.engineInfo()).memory.used).toBe(used);
  });
});
