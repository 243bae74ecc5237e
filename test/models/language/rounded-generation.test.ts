import { afterEach, describe, expect, it } from "vitest";
import { CausalLanguageModel, ConfigError } from "../../../ts/index.js";
import { all, decoderFiles } from "./golden-decoder.js";

const prompt = [1, 20, 31, 42, 53, 64];
const options = { maxTokens: 8, ignoreEnd: true } as const;

/** ln of each token's probability by `logits` of the whole text. */
async function logProbabilities(model: CausalLanguageModel, ids: readonly number[]): Promise<number[]> {
  const text = [...prompt, ...ids];
  const { data, shape } = await model.logits(text);
  return ids.map((id, i) => {
    const row = data.subarray((prompt.length + i - 1) * shape[1]!, (prompt.length + i) * shape[1]!);
    const most = row.reduce((largest, x) => Math.max(largest, x));
    return row[id]! - most - Math.log(row.reduce((sum, x) => sum + Math.exp(x - most), 0));
  });
}

describe.each(["q8", "q4"] as const)("generation with weights in %s", (weights) => {
  let model: CausalLanguageModel | undefined;
  afterEach(() => model?.dispose());

  it("is rounded unless exact products are asked for, and near to them", async () => {
    model = await CausalLanguageModel.load(await decoderFiles("llama"), { weights });
    const worst = async (rounded: boolean | undefined) => {
      const tokens = await all(model!.generateTokens(prompt, { ...options, rounded }));
      const want = await logProbabilities(
        model!,
        tokens.map(({ id }) => id),
      );
      return Math.max(...tokens.map(({ logProbability }, i) => Math.abs(logProbability - want[i]!)));
    };
    expect(await worst(false)).toBeLessThan(1e-5);
    for (const rounded of [true, undefined]) {
      const difference = await worst(rounded);
      expect(difference).toBeGreaterThan(1e-5);
      // A step is a 127th of what a group spans; products by themselves are held to the bit in test/graph.
      expect(difference).toBeLessThan(0.1);
    }
    // The exact products of other calls stay exact meanwhile.
    const running = model.generateTokens(prompt, options);
    const exact = await model.logits(prompt);
    await running.next();
    expect((await model.logits(prompt)).data).toEqual(exact.data);
    await running.return();
    expect(() => model!.generateTokens(prompt, { rounded: 1 as unknown as boolean })).toThrow(ConfigError);
  });
});
