import { describe, expect, it } from "vitest";
import { CausalLanguageModel } from "../../../ts/index.js";
import { all, decoderFiles, decoderGolden, decoderNames } from "./golden-decoder.js";

const lora = { rank: 2, targetModules: "all-linear" } as const;
const rate = { batchSize: 1, learningRate: 0.02, order: () => [0] } as const;
const distance = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe.each(decoderNames)("%s", (name) => {
  it.each(["q8", "q4"] as const)(
    "in %s is trained on texts and on preferences, streams, merges and unmerges",
    async (weights) => {
      using model = await CausalLanguageModel.load(await decoderFiles(name), { weights, seed: 5 });
      const { prompts } = await decoderGolden(name);
      const { ids, text } = prompts[0]!;
      const before = await model.logits(ids, { adapter: null });

      model.addAdapter("texts", lora);
      const mask = ids.map((_, i) => i > 0);
      const { steps } = await model.fit([{ ids, mask }], { ...rate, steps: 3, adapter: "texts" });
      expect(steps[2]!.loss).toBeLessThan(steps[0]!.loss);

      // An adapter that changes nothing yet prefers none of two answers: the loss of DPO is ln 2.
      model.addAdapter("pairs", lora);
      const pair = { prompt: text, chosen: " a good film", rejected: " of no one" };
      const preferred = await model.fitPreferences([pair], { ...rate, steps: 3, adapter: "pairs", beta: 0.5 });
      expect(Math.abs(preferred.steps[0]!.loss - Math.LN2)).toBeLessThan(1e-6);
      expect(preferred.steps[2]!.loss).toBeLessThan(preferred.steps[0]!.loss);

      const adapted = await model.logits(ids, { adapter: "pairs" });
      expect(adapted).not.toEqual(before);
      // Each text has the tokens that it has alone, beside one with another adapter.
      const own = ["texts", "pairs"].map((adapter) => ({ prompt: text, maxTokens: 3, ignoreEnd: true, adapter }));
      const batch = await all(model.generateBatch(own));
      for (const [sequence, { prompt, ...options }] of own.entries()) {
        const alone = await all(model.generateTokens(prompt, options));
        expect(alone.length).toBe(3);
        expect(batch.filter((token) => token.sequence === sequence).map(({ id }) => id)).toEqual(
          alone.map(({ id }) => id),
        );
      }

      model.mergeAdapter("pairs");
      const merged = await model.logits(ids, { adapter: "pairs" });
      expect(distance(merged.data, adapted.data)).toBeLessThan(2e-4);
      model.unmergeAdapter("pairs");
      expect(await model.logits(ids, { adapter: null })).toEqual(before);
    },
  );
});
