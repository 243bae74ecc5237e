// node bench/search/batch-memory.mjs [--model FOLDER] [--steps 2] [--kinds 32,512-cached,512]: memory of SentenceEncoder.fit by the batch, each in a
// process of its own: the engine's peak above the loaded model, and how much the process grew at most.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { init, SentenceEncoder } from "../../dist/node.js";

const option = (fallback) => ({ type: "string", default: fallback });
const { values } = parseArgs({
  options: {
    model: option("all-MiniLM-L6-v2"),
    steps: option("2"),
    kinds: option("32,512-cached,512"),
    tokens: option("32"),
    kind: { type: "string" },
  },
});
if (values.kind === undefined)
  for (const kind of values.kinds.split(",")) {
    const args = Object.entries({ ...values, kind }).map(([name, value]) => `--${name}=${value}`);
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), ...args], { stdio: "inherit" });
  }
else {
  const [batch, cached] = values.kind.split("-");
  const words = "time year people way day man thing woman life child world school state family student group".split(
    " ",
  );
  // No text is in a batch twice: the first words count.
  const text = (seed) =>
    Array.from(
      { length: Number(values.tokens) - 2 },
      (_, i) => words[i < 4 ? (seed >> (4 * i)) & 15 : (seed + i) & 15],
    );
  const examples = Array.from({ length: Number(batch) }, (_, i) => ({
    anchor: text(2 * i).join(" "),
    positive: text(2 * i + 1).join(" "),
  }));
  await init({ threads: 1 });
  const encoder = await SentenceEncoder.load(values.model);
  encoder.addAdapter("search", { rank: 8 });
  const { engine } = encoder.graph;
  const [used, resident] = [engine.info.memory.used, process.memoryUsage.rss()];
  const from = performance.now();
  await encoder.fit(examples, {
    adapter: "search",
    steps: Number(values.steps),
    batchSize: Number(batch),
    loss: cached === undefined ? "multiple-negatives-ranking" : "cached-multiple-negatives-ranking",
  });
  const seconds = (performance.now() - from) / 1000 / Number(values.steps);
  const grown = process.resourceUsage().maxRSS * 1024 - resident;
  const [peak, process_] = [engine.info.memory.peak - used, grown].map((bytes) => `${(bytes / 1e6).toFixed(0)} MB`);
  console.log(
    `batch ${values.kind}: ${peak} of the engine, ${process_} of the process, ${seconds.toFixed(1)} s a step`,
  );
  encoder.dispose();
}
