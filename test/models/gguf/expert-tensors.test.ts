import { describe, expect, it } from "vitest";
import { bytesSource, CausalLanguageModel, ggufSource, openGguf } from "../../../ts/index.js";
import { ggufConfig } from "../../../ts/models/gguf/config.js";
import { frequencyFactors } from "../../../ts/models/gguf/rope-scaling.js";
import { goldenBytes } from "../../golden.js";

const ids = [3, 1, 19, 0, 7, 7, 12];

describe.each(["granitemoe", "qwen3moe"])("%s", async (name) => {
  const bytes = await goldenBytes(`gguf/models/${name}.gguf`);
  const source = () => ggufSource(() => bytesSource(bytes), name);

  it("gives the bits of the model that it was made of", async () => {
    using own = await CausalLanguageModel.load({
      "config.json": await goldenBytes(`gguf/models/${name}.json`),
      "model.safetensors": await goldenBytes(`gguf/models/${name}.safetensors`),
    });
    using found = await CausalLanguageModel.load(await source());
    expect(await found.logits(ids)).toEqual(await own.logits(ids));
  });

  it("may be kept in groups", async () => {
    using wide = await CausalLanguageModel.load(await source());
    using model = await CausalLanguageModel.load(await source(), { weights: "q8" });
    const { data: expected } = await wide.logits(ids);
    const { data } = await model.logits(ids);
    const [worst, most] = [data.map((y, i) => Math.abs(y - expected[i]!)), expected.map(Math.abs)].map((all) =>
      (all as Float32Array).reduce((a, b) => Math.max(a, b)),
    );
    expect(worst! / most!).toBeLessThan(0.05);
  });
});

it("groups of experts are kept as the file has them, and say the same", async () => {
  const bytes = await goldenBytes("gguf/models/granitemoe-Q8_0.gguf");
  const load = async (weights: "auto" | "f32") =>
    CausalLanguageModel.load(await ggufSource(() => bytesSource(bytes)), { weights });
  using grouped = await load("auto");
  using wide = await load("f32");
  expect(await grouped.logits(ids)).toEqual(await wide.logits(ids));
});

describe("metadata", async () => {
  const file = await openGguf(bytesSource(await goldenBytes("gguf/models/granitemoe.gguf")));
  const factors = await frequencyFactors(file);
  const read = (changes: Record<string, number | undefined>) => {
    const metadata = new Map(file.metadata);
    for (const [key, value] of Object.entries(changes)) metadata.set(`granitemoe.${key}`, value as number);
    return ggufConfig({ ...file, metadata }, factors);
  };

  it.each([
    [{ expert_used_count: undefined }, /no metadata .*granitemoe\.expert_used_count/],
    [{ expert_count: 0 }, /granitemoe\.expert_count must be a whole number above 0/],
    [{ expert_shared_feed_forward_length: 8 }, /expert_shared_feed_forward_length: shared experts are not read/],
  ])("%o is refused by name", (changes, message) => {
    expect(() => read(changes)).toThrow(message);
  });

  it("says how many experts there are", () => {
    expect(read({})).toMatchObject({ num_local_experts: 3, num_experts_per_tok: 2, intermediate_size: 24 });
  });
});
