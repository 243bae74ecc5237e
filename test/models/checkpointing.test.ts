import { expect, it } from "vitest";
import { raggedBatch } from "../../ts/entry/graph.js";
import { SentenceEncoder, TextClassifier } from "../../ts/index.js";
import { examples, tinyEncoder } from "./tiny-encoder.js";
import { batchTexts, goldenEncoder, goldenNames } from "./golden-encoder.js";

it.each(goldenNames)("%s: layers that are computed again give the same gradients to the bit", async (name) => {
  const gradients = async (checkpointing: boolean) => {
    using encoder = await SentenceEncoder.load(await goldenEncoder(name), { seed: 3 });
    const { graph } = encoder;
    encoder.addAdapter("a", { rank: 2, targetModules: "all-linear", dropout: 0.2 });
    encoder.addAdapter("b", { rank: 3, dora: true, dropout: 0.1 });
    // B is zero at first, and so is the gradient of A.
    for (const id of ["a", "b"].flatMap((one) => encoder.adapter(one).params())) {
      const { shape, data } = graph.value(id);
      graph.setValue(id, { shape, data: data.map((x, i) => x + 0.01 * Math.sin(i)) });
    }
    const batch = raggedBatch(encoder.tokenize(batchTexts));
    const adapters = batchTexts.map((_, i) => ["a", "b", null][i % 3]!);
    const peak = graph.step(() => {
      const vectors = encoder.pooled(batch, adapters, { checkpointing });
      graph.backward(graph.sum(graph.square(vectors)));
      return graph.nodes.length;
    });
    const all = ["a", "b"].flatMap((one) => encoder.adapter(one).params()).map((id) => graph.grad(id)?.data ?? null);
    return { all, nodes: peak };
  };
  const [plain, again] = [await gradients(false), await gradients(true)];
  expect(again.all).toEqual(plain.all);
  expect(plain.all.some((gradient) => gradient?.some((x) => x !== 0))).toBe(true);
  expect(again.nodes).toBeLessThan(plain.nodes);
});

it("training with them comes to the same parameters, losses and random streams", async () => {
  const train = async (checkpointing: boolean) => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const classifier = TextClassifier.create(encoder, { labels: ["bad", "good"], lora: { dropout: 0.3 } });
    const report = await classifier.fit(examples, { steps: 4, batchSize: 8, accumulate: 2, checkpointing });
    const losses = report.steps.map(({ loss, gradNorm }) => [loss, gradNorm]);
    return { losses, files: classifier.save(), streams: encoder.graph.streamsDrawn };
  };
  expect(await train(true)).toEqual(await train(false));
});
