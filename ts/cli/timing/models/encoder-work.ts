import { type Engine, SentenceEncoder, TextClassifier } from "../../../index.js";
import type { ModelSource } from "../../../io/model-source.js";
import { stopwatch } from "../../../waiting/stopwatch.js";
import { textOfLetters } from "./letters.js";
import { checkedSteps } from "./checked-steps.js";
import { counter } from "./counts.js";
import { batchOf, type LoadedModel, type ModelWork, type WorkOptions } from "./model-work.js";

/** Most tokens of a text, with the two around it. */
const TEXT = 32;

/** An encoder's vectors of a batch, and a training step of a classifier on it with LoRA. */
export async function encoderWork(engine: Engine, source: ModelSource, options: WorkOptions): Promise<LoadedModel> {
  const { signal } = options;
  const { texts: count, tokens } = batchOf(options.tokens, TEXT);
  const encoder = await SentenceEncoder.load(source, { engine, signal });
  const classifier = TextClassifier.create(encoder, { labels: ["even", "odd"], lora: { rank: 8 } });
  const texts = Array.from({ length: count }, (_, i) => textOfLetters(i, tokens - 2));
  const shared = { shape: `${count}×${tokens}`, tokens: count * tokens };
  const stopping = signal && { signal };
  const encode = () => encoder.encode(texts, { adapter: null, ...stopping });
  const encoding: ModelWork = {
    work: "encode",
    ...shared,
    async check() {
      const count = counter(engine);
      const vectors = await encode();
      return { numbers: vectors.flatMap((vector) => [...vector]), counts: count() };
    },
    async sample() {
      const elapsed = stopwatch();
      await encode();
      return [elapsed()];
    },
  };
  const examples = texts.map((text, i) => ({ text, label: i % 2 === 0 ? ("even" as const) : ("odd" as const) }));
  const fitting = { batchSize: count, ...stopping };
  const step: ModelWork = {
    work: "LoRA step",
    ...shared,
    check: () => checkedSteps(engine, (options) => classifier.fit(examples, { ...fitting, ...options })),
    // The first step of a call has its optimizer to prepare.
    sample: async () =>
      (await classifier.fit(examples, { ...fitting, steps: 3 })).steps.slice(1).map(({ milliseconds }) => milliseconds),
  };
  return {
    work: [encoding, step],
    dispose() {
      classifier.dispose();
      encoder.dispose();
    },
  };
}
