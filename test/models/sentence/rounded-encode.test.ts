import { describe, expect, it } from "vitest";
import { ConfigError, SentenceEncoder } from "../../../ts/index.js";
import { tinyEncoder } from "../tiny-encoder.js";

const texts = ["a good film", "the music was very bad, and quite dull", "a", "it is the end of the story . ".repeat(6)];

const cosine = (a: Float32Array, b: Float32Array) => {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

describe.each(["q8", "q4"] as const)("encode with rounded, weights in %s", (weights) => {
  it("gives vectors near the exact ones, each the bits that its text has alone", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder(), { weights });
    const exact = await encoder.encode(texts);
    const rounded = await encoder.encode(texts, { rounded: true });
    for (const [i, text] of texts.entries()) {
      expect(rounded[i]).not.toEqual(exact[i]);
      expect(cosine(rounded[i]!, exact[i]!)).toBeGreaterThan(0.999);
      expect(await encoder.encode([text], { rounded: true })).toEqual([rounded[i]]);
    }
  });

  it("rounds its own call alone, also where others run meanwhile, and with adapters", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder(), { weights });
    encoder.addAdapter("own", { rank: 2, initLoraWeights: false, alpha: 8 });
    const alone = (rounded: boolean, adapter: string | null) => encoder.encode(texts, { rounded, adapter });
    const want = [
      await alone(true, "own"),
      await alone(false, null),
      await alone(true, null),
      await alone(false, "own"),
    ];
    const got = [alone(true, "own"), alone(false, null), alone(true, null), alone(false, "own")];
    expect(await Promise.all(got)).toEqual(want);
    expect(want[0]).not.toEqual(want[3]);
    expect(want[0]).not.toEqual(want[2]);
  });
});

it("weights in float32 have nothing to round with, and what is no flag is refused", async () => {
  using encoder = await SentenceEncoder.load(await tinyEncoder());
  expect(await encoder.encode(texts, { rounded: true })).toEqual(await encoder.encode(texts));
  await expect(encoder.encode(texts, { rounded: 1 as never })).rejects.toThrow(ConfigError);
});
