import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CausalLanguageModel, ConfigError, engineInfo } from "../../../../ts/index.js";

import { stepOfAdapter } from "../../../../ts/models/adapter-step.js";
import { completionLoss } from "../../../../ts/models/language/training/measure.js";
import { lossOf } from "../../../../ts/models/language/training/language-training.js";
import { rowsAtOnce } from "../../../../ts/models/decoder/memory.js";
import { takeLanguageExamples } from "../../../../ts/models/language/training/training-examples.js";
import { decoderFiles, decoderGolden } from "../golden-decoder.js";

let model: CausalLanguageModel;
beforeAll(async () => {
  model = await CausalLanguageModel.load(await decoderFiles("llama"));
  model.addAdapter("trained", { rank: 2, targetModules: "all-linear", initLoraWeights: "gaussian" });
});
afterAll(() => model?.dispose());

const pairs = (batch: readonly { prompt: string; completion: string }[]) =>
  batch.map(({ prompt, completion }) => ({ prompt, completion }));

const steady = { steps: 2, batchSize: 4, learningRate: 1e-3, schedule: () => 1e-3, order: () => [0, 1, 2, 3] };

describe("fit", () => {
  it("takes texts as it takes their tokens", async () => {
    const { batch } = await decoderGolden("llama");
    const taken = takeLanguageExamples("fit", model, pairs(batch));
    expect(taken.map(({ ids }) => [...ids])).toEqual(batch.map(({ ids }) => ids));
    expect(taken.map(({ targets }) => targets[0])).toEqual(batch.map(({ first }) => first));
    expect(taken.map(({ targets }) => targets.at(-1))).toEqual(batch.map(({ ids }) => ids.length - 1));
  });

  it("gives the same bits with checkpointing, in less memory", async () => {
    const { batch } = await decoderGolden("llama");
    const run = async (checkpointing: boolean) => {
      model.addAdapter("run", { rank: 2, targetModules: "all-linear", initLoraWeights: true });
      const files = model.saveAdapter("trained");
      model.removeAdapter("run");
      model.loadAdapter("run", files);
      const { steps } = await model.fit(pairs(batch), { ...steady, adapter: "run", checkpointing });
      const saved = model.saveAdapter("run");
      model.removeAdapter("run");
      return { losses: steps.map(({ loss }) => loss), saved };
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it("knows beforehand what a step takes", async () => {
    const { batch } = await decoderGolden("llama");
    const examples = takeLanguageExamples("fit", model, pairs(batch));
    const tokens = examples.reduce((sum, { ids }) => sum + ids.length, 0);
    const { graph } = model;
    const adapter = model.adapter("trained");
    const taken = graph.step(() => {
      const { used } = engineInfo().memory;
      graph.backward(lossOf(model, adapter, examples, { checkpointing: false }).sum);
      return engineInfo().memory.used - used;
    });
    expect(taken).toBeLessThan(model.model.stepMemory({ tokens, adapted: stepOfAdapter(model.model, adapter.config) }));
    graph.zeroGrads();
  });

  it.each<[string, unknown[], RegExp]>([
    ["no target", [{ ids: [1, 2, 3], mask: [0, 0, 0] }], /example 0 has no target/],
    ["a target that nothing gives", [{ ids: [1, 2], mask: [1, 0] }], /example 0 has no target/],
    [
      "a mask of labels",
      [{ ids: [1, 2, 3], mask: [-100, 2, 3] }],
      /mask of example 0 has a 1 or a 0 for each token, got -100/,
    ],
    ["a mask of another length", [{ ids: [1, 2], mask: [1] }], /example 0 has 2 ids and a mask of 1/],
    ["an unknown token", [{ ids: [1, 320], mask: [0, 1] }], /example 0 has the token 320; there are 0 to 319/],
    ["too many tokens", [{ ids: new Array(97).fill(3), mask: new Array(97).fill(1) }], /97 tokens; the model has 96/],
    ["no texts", [{ prompt: "a", completion: 3 }], /example 0: completion is a text, got 3/],
    ["half an example", [{ prompt: "a" }], /example 0 is one of .*\{ prompt, completion \}.*, got fields "prompt"/],
    ["nothing", [{ ids: [1, 2], mask: [0, 1] }, null], /example 1 is one of \{ ids, mask \}/],
    ["no examples", [], /expected training examples, got an empty list/],
  ])("refuses %s, and changes nothing", async (_, examples, message) => {
    const before = model.saveAdapter("trained");
    await expect(model.fit(examples as never[])).rejects.toThrow(ConfigError);
    await expect(model.fit(examples as never[])).rejects.toThrow(message);
    expect(model.saveAdapter("trained")).toEqual(before);
  });

  it("learns rows of a table that is the output layer too, and of one that is not", async () => {
    using tied = await CausalLanguageModel.load(await decoderFiles("qwen2"));
    for (const one of [tied, model]) {
      one.addAdapter("rows", { rank: 1, trainableTokenIndices: [1] });
      const { steps } = await one.fit([{ ids: [1, 2], mask: [0, 1] }], {
        ...steady,
        order: () => [0],
        adapter: "rows",
      });
      expect(steps[1]!.loss).toBeLessThan(steps[0]!.loss);
      one.removeAdapter("rows");
    }
  });

  it("needs an adapter", async () => {
    model.setAdapter(null);
    await expect(model.fit([{ ids: [1, 2], mask: [0, 1] }])).rejects.toThrow(/no active adapter to train/);
    model.setAdapter("trained");
    await expect(model.fit([{ ids: [1, 2], mask: [0, 1] }], { adapter: "nobody" })).rejects.toThrow(
      /no adapter "nobody"/,
    );
  });
});

describe("completionLoss", () => {
  it("is the same in pieces as in one, and so is its gradient", () => {
    const { graph } = model;
    // As if the vocabulary were so large that three rows of logits are in memory at once.
    const config = { ...model.model.config, vocabularySize: 2 ** 22 / 3 };
    const narrow = Object.create(model.model, { config: { value: config } }) as typeof model.model;
    expect(rowsAtOnce(narrow.config)).toBe(3);
    const count = 11;
    const hidden = { shape: [count, 32], data: Float32Array.from({ length: 32 * count }, (_, i) => Math.sin(i)) };
    const targets = { rows: Int32Array.of(0, 2, 3, 4, 6, 7, 9, 10), ids: Int32Array.of(5, 6, 7, 8, 9, 10, 11, 12) };
    const run = (decoder: typeof model.model) =>
      graph.step(() => {
        const x = graph.variable(hidden);
        const loss = completionLoss(graph, decoder, x, targets, []);
        graph.backward(loss);
        return { loss: graph.value(loss).data[0]!, gradient: graph.grad(x)!.data };
      });
    const [whole, pieces] = [run(model.model), run(narrow)];
    expect(pieces.loss).toBeCloseTo(whole.loss, 4);
    expect(pieces.gradient).toEqual(whole.gradient);
    // Rows without a target get nothing.
    for (const row of [1, 5, 8])
      expect(whole.gradient.subarray(32 * row, 32 * row + 32).every((g) => g === 0)).toBe(true);
  });
});
