// node --experimental-wasm-relaxed-simd bench/weights.mjs MODEL_FOLDER [rounds]: MiniLM with weights in each format, from dist/.
// Sentences a second of one short text and of a batch, and training steps a second; rounds alternate between the formats.
import { SentenceEncoder, TextClassifier, engineInfo } from "../dist/node.js";

const [, , folder, rounds = "5"] = process.argv;
const kinds = [
  {},
  { packedCopies: 1 },
  { weights: "f16" },
  { weights: "f16", packedCopies: 1 },
  { weights: "bf16" },
  { weights: "q8" },
  { weights: "q4" },
];
const text = (i) => `the film number ${i} was ${"rather ".repeat(i % 9)}good, if a little long`;
const texts = Array.from({ length: 64 }, (_, i) => text(i));
const examples = texts.slice(0, 32).map((text, i) => ({ text, label: i % 2 === 0 ? "a" : "b" }));

const models = [];
for (const options of kinds) {
  const before = engineInfoOrNull()?.memory.used ?? 0;
  const encoder = await SentenceEncoder.load(folder, options);
  const megabytes = (engineInfo().memory.used - before) / 1e6;
  const head = TextClassifier.create(encoder, { labels: ["a", "b"] });
  models.push({ name: JSON.stringify(options), encoder, head, megabytes, best: [0, 0, 0] });
}

for (let round = 0; round < Number(rounds); round++) {
  for (const { encoder, head, best } of models) {
    const runs = [
      [20, async () => void (await repeat(20, () => encoder.encode([texts[1]], { adapter: null })))],
      [texts.length, () => encoder.encode(texts, { adapter: null })],
      [2, () => head.fit(examples, { steps: 2, batchSize: 32 })],
    ];
    for (const [i, [count, run]] of runs.entries()) {
      const start = performance.now();
      await run();
      best[i] = Math.max(best[i], (1000 * count) / (performance.now() - start));
    }
  }
}
console.log("weights | MB when loaded | one text, texts/s | 64 texts, texts/s | training of 32 texts, steps/s");
for (const { name, megabytes, best } of models) {
  console.log([name, megabytes.toFixed(1), ...best.map((rate) => rate.toFixed(1))].join(" | "));
}

async function repeat(count, run) {
  for (let i = 0; i < count; i++) await run();
}

function engineInfoOrNull() {
  try {
    return engineInfo();
  } catch {
    return null; // The first model starts the kernels.
  }
}
