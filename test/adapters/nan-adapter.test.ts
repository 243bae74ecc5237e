import { expect, it } from "vitest";
import { SentenceEncoder, tensor } from "../../ts/index.js";
import { miniLM } from "../models/minilm.js";

/** NaN in an adapter must not come out as a number: a diverged run would look like a trained one. */
it("an adapter with a NaN gives vectors of NaN, merged and unmerged", { timeout: 120_000 }, async () => {
  const encoder = await SentenceEncoder.load(await miniLM());
  const init = (
    _: unknown,
    { inFeatures, outFeatures, rank }: { inFeatures: number; outFeatures: number; rank: number },
  ) => ({
    a: tensor([inFeatures, rank], new Float32Array(inFeatures * rank).fill(0.01)),
    b: tensor([rank, outFeatures], new Float32Array(rank * outFeatures).fill(NaN)),
  });
  // On the query alone it comes out through the softmax or not at all.
  encoder.addAdapter("diverged", { init, targetModules: ["query"] });
  for (const merged of [false, true]) {
    if (merged) encoder.mergeAdapter("diverged");
    const [vector] = await encoder.encode(["a good film"]);
    expect([...vector!].every(Number.isNaN), `merged: ${merged}`).toBe(true);
  }
  encoder.dispose();
});
