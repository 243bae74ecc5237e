import { expect, it } from "vitest";
import { ConfigError, SentenceEncoder, zeros } from "../../ts/index.js";
import { miniLM } from "../models/minilm.js";

it("an encoder's adapter, as a layer's, may not start with A and B both zero", { timeout: 120_000 }, async () => {
  const encoder = await SentenceEncoder.load(await miniLM());
  const init = (
    _: unknown,
    { inFeatures, outFeatures, rank }: { inFeatures: number; outFeatures: number; rank: number },
  ) => ({
    a: zeros([inFeatures, rank]),
    b: zeros([rank, outFeatures]),
  });
  expect(() => encoder.addAdapter("dead", { init })).toThrow(ConfigError);
  expect(encoder.adapters()).toEqual([]);
  encoder.dispose();
});
