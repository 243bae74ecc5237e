// node bench/search/rerank.mjs [--model FOLDER] [--texts 100] [--tokens 64] [--rounds 7] [--threads 1]: time of CrossEncoder.rank beside that of
// SentenceEncoder.encode on as many tokens, in turn; without an adapter and with one.
import { parseArgs } from "node:util";
import { CrossEncoder, init, SentenceEncoder } from "../../dist/node.js";

const option = (fallback) => ({ type: "string", default: fallback });
const { values } = parseArgs({
  options: {
    model: option("all-MiniLM-L6-v2"),
    texts: option("100"),
    tokens: option("64"),
    rounds: option("7"),
    threads: option("1"),
    build: option("auto"),
  },
});
const [count, tokens, rounds, threads] = ["texts", "tokens", "rounds", "threads"].map((name) => Number(values[name]));
await init({ threads, build: values.build });
const encoder = await SentenceEncoder.load(values.model);

const words = "time year people way day man thing woman life child world school state family student group".split(" ");
/** A text of so many words, each one token. */
const text = (seed, length) =>
  Array.from({ length }, (_, i) => words[(seed * 7 + i * (1 + (seed % 5))) % words.length]).join(" ");
// [CLS] and [SEP] of a text; a pair has one [SEP] more and the query's 8 tokens.
const alone = Array.from({ length: count }, (_, i) => text(i, tokens - 2));
const query = text(3, 8);
const paired = Array.from({ length: count }, (_, i) => text(i, tokens - 3 - 8));
const length = (ids) => ids.reduce((sum, one) => sum + one.length, 0);

for (const lora of [null, { rank: 8 }]) {
  const reranker = CrossEncoder.create(encoder, { labels: 1, lora });
  const adapter = reranker.adapter;
  const sizes = [length(encoder.tokenize(alone)), length(reranker.tokenize(paired.map((own) => [query, own])))];
  if (sizes[0] !== sizes[1]) throw new Error(`${sizes[0]} and ${sizes[1]} tokens`);
  const sides = { encode: () => encoder.encode(alone, { adapter }), rank: () => reranker.rank(query, paired) };
  const [times, processor] = [0, 1].map(() => ({ encode: [], rank: [] }));
  for (let round = -1; round < rounds; round++)
    for (const [name, run] of Object.entries(sides)) {
      const [from, before] = [performance.now(), process.cpuUsage()];
      await run();
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) times[name].push(performance.now() - from);
      if (round >= 0) processor[name].push((user + system) / 1000);
    }
  const kind = lora === null ? "no adapter" : "adapter of rank 8";
  console.log(`${encoder.graph.engine.info.build}, ${threads} thread(s), ${count} × ${tokens} tokens, ${kind}:`);
  // Processor time changes little with what else the machine does.
  for (const [what, of] of Object.entries({ "wall clock": times, processor })) {
    const [encode, rank] = ["encode", "rank"].map((name) => of[name].sort((a, b) => a - b)[rounds >> 1]);
    const [one, other, ratio] = [encode.toFixed(0), rank.toFixed(0), (rank / encode).toFixed(2)];
    console.log(`  ${what}: encode ${one} ms, rank ${other} ms, ratio ${ratio}`);
  }
  reranker.dispose();
}
encoder.dispose();
