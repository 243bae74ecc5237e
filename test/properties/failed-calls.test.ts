import { describe, expect, it } from "vitest";
import { CausalLanguageModel, predictEach, SentenceEncoder, TextClassifier, TokenClassifier } from "../../ts/index.js";
import { decoderFiles } from "../models/language/golden-decoder.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";

const boom = () => {
  throw new Error("boom");
};
const signal = AbortSignal.abort();
const texts = examples.map(({ text }) => text);

/** Calls of which every second one fails, all at once: afterwards none counts as under way. */
async function failing(merge: () => void, calls: readonly ((fails: boolean) => Promise<unknown>)[]): Promise<void> {
  for (const call of calls) {
    const all = await Promise.allSettled([call(false), call(true), call(false), call(true)]);
    const ends = all.map(({ status }) => status);
    expect(ends, String(call)).toEqual(["fulfilled", "rejected", "fulfilled", "rejected"]);
    merge();
  }
}

describe("calls that fail beside others count as under way no more", () => {
  it("of an encoder and its classifiers", async () => {
    const encoder = await SentenceEncoder.load(await tinyEncoder());
    encoder.addAdapter("merged", {});
    const merge = () => {
      encoder.mergeAdapter("merged");
      encoder.unmergeAdapter("merged");
    };
    let made = 0;
    const classifier = (lora: { rank: number } | null = { rank: 2 }) =>
      TextClassifier.create(encoder, { labels: ["bad", "good"], adapter: `own ${made++}`, lora });
    const own = classifier();
    const told = (fails: boolean) => (fails ? { onProgress: boom } : {});
    const words = [{ words: ["a", "film"], labels: ["O", "X"] }];
    const tokens = () => TokenClassifier.create(encoder, { labels: ["O", "X"], adapter: `own ${made++}` });
    const ofTokens = tokens();
    const run = { steps: 2, batchSize: 2 };
    await failing(merge, [
      (fails) => encoder.encode(texts, told(fails)),
      (fails) => encoder.encode(texts, fails ? { signal } : {}),
      (fails) => encoder.infer(texts, fails ? boom : (pooled) => pooled),
      (fails) => own.predict(texts, told(fails)),
      (fails) => own.logits(texts, told(fails)),
      (fails) => own.evaluate(examples, told(fails)),
      (fails) => predictEach([{ classifier: own, text: texts[0]! }], told(fails)),
      (fails) => classifier().fit(examples, { ...run, ...told(fails) }),
      (fails) => classifier(null).fitHead(examples, fails ? { signal } : {}),
      (fails) => ofTokens.predict(["a film"], told(fails)),
      (fails) => ofTokens.evaluate(words, told(fails)),
      (fails) => tokens().fit(words, { ...run, batchSize: 1, ...told(fails) }),
    ]);
    encoder.dispose();
  });

  it("of a language model", async () => {
    using model = await CausalLanguageModel.load(await decoderFiles("qwen2"));
    model.addAdapter("merged", {});
    const merge = () => {
      model.mergeAdapter("merged");
      model.unmergeAdapter("merged");
    };
    const ids = [5, 6, 7];
    const aborted = (fails: boolean) => (fails ? { signal } : {});
    const learnt = [{ ids, mask: [0, 1, 1] }];
    const pairs = [{ prompt: "a", chosen: " film", rejected: " good film" }];
    let made = 0;
    const fresh = () => {
      model.addAdapter(`own ${++made}`, { rank: 1 });
      return { adapter: `own ${made}`, steps: 1, batchSize: 1 };
    };
    const told = (fails: boolean) => (fails ? { onProgress: boom } : {});
    await failing(merge, [
      (fails) => model.logits(ids, aborted(fails)),
      (fails) => model.score(ids, [[8]], aborted(fails)),
      (fails) => model.perplexity([ids], aborted(fails)),
      (fails) => model.evaluate(learnt, told(fails)),
      (fails) => model.fit(learnt, { ...fresh(), ...told(fails) }),
      (fails) => model.fitPreferences(pairs, { ...fresh(), ...told(fails) }),
      (fails) => model.fitPreferences(pairs, { ...fresh(), ...told(fails), loss: "kto" }),
      async (fails) => {
        for await (const { id } of model.generateTokens(ids, { maxTokens: 3, ignoreEnd: true }))
          if (fails && id >= 0) boom();
      },
    ]);
  });
});
