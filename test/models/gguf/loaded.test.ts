import { expect, it } from "vitest";
import { bytesSource, CausalLanguageModel, ggufSource, openGguf } from "../../../ts/index.js";
import { goldenBytes } from "../../golden.js";

const bytes = await goldenBytes("gguf/models/gpt2-Q8_0.gguf");
const source = () => ggufSource(() => bytesSource(bytes), "gpt2");

it("a Conv1D's groups are kept as the file has them, and say the same", async () => {
  const [grouped, wide] = [
    await CausalLanguageModel.load(await source(), { weights: "auto" }),
    await CausalLanguageModel.load(await source(), { weights: "f32" }),
  ];
  const ids = [3, 1, 19, 0, 7];
  expect(await grouped.logits(ids)).toEqual(await wide.logits(ids));
  grouped.dispose();
  wide.dispose();
});

it("values of a turned matrix are the file's, by column", async () => {
  const { openWeights } = await import("../../../ts/models/load-model.js");
  const file = await openWeights(await source());
  const stored = await openGguf(bytesSource(bytes));
  const [turned, own] = [
    await file.tensor("transformer.h.0.attn.c_attn.weight"),
    await stored.tensor("blk.0.attn_qkv.weight"),
  ];
  expect([turned.shape, own.shape]).toEqual([
    [32, 96],
    [96, 32],
  ]);
  for (let row = 0; row < 32; row++)
    for (let column = 0; column < 96; column++)
      expect(turned.data[row * 96 + column]).toBe(own.data[column * 32 + row]);
});
