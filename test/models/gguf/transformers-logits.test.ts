import { describe, expect, it } from "vitest";
import { bytesSource, CausalLanguageModel, ggufSource } from "../../../ts/index.js";
import { goldenBytes, goldenJson } from "../../golden.js";

interface GoldenLogits {
  readonly ids: readonly number[];
  readonly logits: readonly (readonly number[])[];
}

/** Files whose experts are in groups have transformers' logits of the values that these say. */
describe.each(["mistral3", "olmoe", "olmoe-Q8_0", "lfm2moe", "lfm2moe-Q4_0"])("%s", async (name) => {
  const { ids, logits } = await goldenJson<GoldenLogits>(`gguf/models/${name}.logits.json`);
  const bytes = await goldenBytes(`gguf/models/${name}.gguf`);
  using model = await CausalLanguageModel.load(await ggufSource(() => bytesSource(bytes), name), { weights: "auto" });
  const { data } = await model.logits(ids);

  it("gives transformers' logits, beyond the length of Ministral's first training too", () => {
    const expected = logits.flat();
    expect(data.length).toBe(expected.length);
    const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - data[i]!)), 0);
    expect(worst).toBeLessThan(5e-6);
  });
});
