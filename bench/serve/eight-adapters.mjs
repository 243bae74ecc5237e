// node bench/serve/eight-adapters.mjs [--threads 1] [--rounds 3] [--adapters 8] [--tokens 24] [--rank 8] [--weights Q4_1], after
// `npm run build`: requests with an adapter each at once, against one after the other, in the library alone and over HTTP from
// `lowrank serve`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFilesAtomically } from "../../dist/node.js";
import { serveCommand, streamed } from "./command.mjs";
import { circumstances, loadModel, median, printTable, promptIds, readOptions } from "./options.mjs";

const PROMPT = 16;
const { file, weights, threads, rounds, adapters, tokens, rank } = readOptions({ adapters: 8, tokens: 24, rank: 8 });
const model = await loadModel(file, threads);
const names = Array.from({ length: adapters }, (_, i) => `a${i}`);
const folder = mkdtempSync(join(tmpdir(), "lowrank-bench-"));
for (const name of names) {
  model.addAdapter(name, { rank, targetModules: "all-linear", initLoraWeights: false, alpha: 1 });
  await writeFilesAtomically(join(folder, name), model.saveAdapter(name));
}
const given = names.flatMap((name) => ["--adapter", `${name}=${join(folder, name)}`]);
const server = await serveCommand(file, ["--threads", String(threads), "--prefix-cache", "0", ...given]);

const asked = { maxTokens: tokens, ignoreEnd: true, logProbabilities: false };
const requests = names.map((adapter, i) => ({ prompt: promptIds(PROMPT, i), adapter, ...asked }));
const one = ({ prompt, adapter }) =>
  streamed(server.url, "completions", { model: adapter, prompt, max_tokens: tokens, temperature: 0 });

/** Each gives its number of tokens. */
const ways = {
  "library, at once": async () => counted(model.generateBatch(requests)),
  "library, in turn": async () => {
    let made = 0;
    for (const { prompt, ...options } of requests) made += await counted(model.generateTokens(prompt, options));
    return made;
  },
  "HTTP, at once": async () => (await Promise.all(requests.map(one))).reduce((sum, answer) => sum + answer.tokens, 0),
  "HTTP, in turn": async () => {
    let made = 0;
    for (const request of requests) made += (await one(request)).tokens;
    return made;
  },
};

async function counted(stream) {
  let made = 0;
  for await (const _ of stream) made++;
  return made;
}

try {
  const rates = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = -1; round < rounds; round++)
    for (const [name, run] of Object.entries(ways)) {
      const start = performance.now();
      const made = await run();
      if (round >= 0) rates[name].push((1000 * made) / (performance.now() - start));
    }
  const rows = ["library", "HTTP"].map((where) => {
    const [together, turn] = [rates[`${where}, at once`], rates[`${where}, in turn`]];
    const ratio = median(together.map((rate, i) => rate / turn[i]));
    return [where, median(together).toFixed(1), median(turn).toFixed(1), `${ratio.toFixed(2)} ×`];
  });
  printTable(
    `${adapters} requests with ${adapters} adapters of rank ${rank} on all linear layers, ${circumstances(weights, threads)}: goal ≥ 4 ×`,
    ["", "at once, tokens/s", "in turn, tokens/s", "at once / in turn"],
    rows,
  );
} finally {
  await server.stop();
  model.dispose();
  rmSync(folder, { recursive: true });
}
