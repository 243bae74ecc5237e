// What adapters cost in `encode`, and what checkpointing costs and saves in a training step, on all-MiniLM-L6-v2. After `npm run build`:
//   node scripts/bench/adapters.mjs [rounds]
import { engineInfo, init, SentenceEncoder, TextClassifier } from "../../dist/node.js";

const rounds = Number(process.argv[2] ?? 9);
await init({ threads: 2 });
const words = "the story of a film that was good and warm though its end came late for most who saw it".split(" ");
const texts = Array.from({ length: 64 }, (_, i) =>
  Array.from({ length: 20 + (i % 16) }, (_, j) => words[(i * 7 + j * 3) % words.length]).join(" "),
);

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
/** Interleaved: each contestant once a round, so that what else the machine does hits all of them. */
async function interleaved(contestants) {
  const times = contestants.map(() => []);
  for (let round = -2; round < rounds; round++)
    for (const [i, run] of contestants.entries()) {
      const start = performance.now();
      await run();
      if (round >= 0) times[i].push(performance.now() - start);
    }
  return times.map(median);
}

{
  const encoder = await SentenceEncoder.load("all-MiniLM-L6-v2");
  const names = Array.from({ length: 16 }, (_, i) => `a${i}`);
  for (const name of names) encoder.addAdapter(name, { rank: 8 });
  const [base, one, many] = await interleaved([
    () => encoder.encode(texts, { adapter: null }),
    () => encoder.encode(texts, { adapter: "a0" }),
    () => encoder.encode(texts, { adapters: texts.map((_, i) => names[i % 16]) }),
  ]);
  const percent = (a, b) => `${(100 * (a / b - 1)).toFixed(1)} %`;
  console.log(
    `encode, 64 texts: base ${base.toFixed(1)} ms, one adapter ${one.toFixed(1)} ms (+${percent(one, base)}), sixteen in a batch ${many.toFixed(1)} ms (+${percent(many, one)} over one)`,
  );
  encoder.dispose();
}

for (const checkpointing of [false, true]) {
  const encoder = await SentenceEncoder.load("all-MiniLM-L6-v2");
  const classifier = TextClassifier.create(encoder, { labels: ["no", "yes"] });
  const used = engineInfo().memory.used;
  const examples = texts.slice(0, 16).map((text, i) => ({ text, label: i % 2 ? "yes" : "no" }));
  const report = await classifier.fit(examples, { steps: rounds + 2, batchSize: 16, checkpointing });
  const time = median(report.steps.slice(2).map(({ milliseconds }) => milliseconds));
  const megabytes = (engineInfo().memory.used - used) / 1e6;
  console.log(
    `step of ${report.steps[0].tokens} tokens${checkpointing ? ", checkpointing" : ""}: ${time.toFixed(0)} ms, ${megabytes.toFixed(1)} MB beside weights and adapter`,
  );
  classifier.dispose();
  encoder.dispose();
}
