import { expect, it } from "vitest";
import { SentenceEncoder } from "../../ts/index.js";
import { encoderBytes, goldenEncoder, goldenNames, texts } from "../models/golden-encoder.js";

it.each(goldenNames)("%s: texts of a mixed batch get the bits of their own adapter's", async (name) => {
  using encoder = await SentenceEncoder.load(await goldenEncoder(name));
  const base = await encoder.encode(texts);
  const file = (part: string) => encoderBytes(name, `replay/adapter_step5/${part}`);
  const adapter = {
    "adapter_config.json": await file("adapter_config.json"),
    "adapter_model.safetensors": await file("adapter_model.safetensors"),
  };
  encoder.loadAdapter("one", adapter);
  encoder.loadAdapter("other", adapter);
  encoder.scaleAdapter("other", -3);
  const names = ["one", null, "other"] as const;
  const separate = await Promise.all(names.map((adapter) => encoder.encode(texts, { adapter })));
  expect(separate[0]).not.toEqual(separate[1]);
  // Without an adapter nothing is left of those that there are.
  expect(separate[1]).toEqual(base);
  const mixed = await encoder.encode(texts, { adapters: texts.map((_, i) => names[i % 3]!) });
  expect(mixed).toEqual(texts.map((_, i) => separate[i % 3]![i]));
});
