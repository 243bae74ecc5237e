// node bench/serve/streams.mjs [--threads 1] [--rounds 3] [--clients 16] [--tokens 64] [--weights Q4_1], after `npm run build`:
// clients that stream at once from `lowrank serve` over HTTP, beside the same prompts in one batch of the library alone. Rounds alternate.
import { serveCommand, streamed } from "./command.mjs";
import { circumstances, loadModel, median, printTable, promptIds, readOptions } from "./options.mjs";

const PROMPT = 16;
const { file, weights, threads, rounds, clients, tokens } = readOptions({ clients: 16, tokens: 64 });
const model = await loadModel(file, threads);
// Nothing is kept between rounds: the library's batch reads every prompt too.
const args = ["--threads", String(threads), "--max-running", String(clients), "--prefix-cache", "0"];
const server = await serveCommand(file, args);

let seed = 0;
const prompts = (own) => Array.from({ length: clients }, (_, i) => promptIds(PROMPT, own + i));

async function library(own, most) {
  const requests = prompts(own).map((prompt) => ({ prompt, maxTokens: most, logProbabilities: false }));
  let made = 0;
  for await (const _ of model.generateBatch(requests)) made++;
  return made;
}

async function overHttp(own, most) {
  const asked = prompts(own).map((prompt) =>
    streamed(server.url, "completions", { prompt, max_tokens: most, temperature: 0 }),
  );
  return (await Promise.all(asked)).reduce((sum, answer) => sum + answer.tokens, 0);
}

/** Tokens a second, and how many there were. */
async function rate(run, own, most) {
  const start = performance.now();
  const made = await run(own, most);
  return [(1000 * made) / (performance.now() - start), made];
}

try {
  for (const run of [library, overHttp]) await run(seed, 8);
  const rows = [];
  for (let round = 0; round < rounds; round++) {
    seed += clients;
    const [alone, made] = await rate(library, seed, tokens);
    const [http, streamedTokens] = await rate(overHttp, seed, tokens);
    if (made !== streamedTokens) throw new Error(`${made} and ${streamedTokens} tokens`);
    rows.push([round + 1, made, alone, http, http / alone]);
  }
  const middle = ["median", "", ...[2, 3, 4].map((i) => median(rows.map((row) => row[i])))];
  printTable(
    `${clients} clients that stream at once, ${circumstances(weights, threads)}: goal ≥ 0.9`,
    ["round", "tokens", "library, tokens/s", "HTTP, tokens/s", "HTTP / library"],
    [...rows, middle].map(([name, made, ...values]) => [name, made, ...values.map((value) => value.toFixed(2))]),
  );
} finally {
  await server.stop();
  model.dispose();
}
