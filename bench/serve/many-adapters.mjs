// node bench/serve/many-adapters.mjs [--threads 1] [--adapters 100] [--rank 8] [--tokens 4] [--weights Q4_1], after `npm run build`: memory
// with many adapters in it, and requests that name them in turn, twice, sixteen at once. A miss is an answer other than the adapter's own of
// before, or none.
import { engineInfo } from "../../dist/node.js";
import { languageServer } from "../../dist/serve.js";
import { circumstances, loadModel, megabytes, printTable, promptIds, readOptions } from "./options.mjs";

const [PROMPT, AT_ONCE] = [16, 16];
const { file, weights, threads, adapters, rank, tokens } = readOptions({ adapters: 100, rank: 8, tokens: 4 });
const model = await loadModel(file, threads);
const rows = [];
const weigh = (name) => {
  const { used, reserved } = engineInfo().memory;
  rows.push([name, megabytes(used), megabytes(reserved), megabytes(process.memoryUsage.rss())]);
};
weigh("the model");
const names = Array.from({ length: adapters }, (_, i) => `a${i}`);
// The default targets: queries and values.
for (const name of names) model.addAdapter(name, { rank, initLoraWeights: false });
weigh(`and ${adapters} adapters`);

const server = languageServer(model, { name: "smol", maxRunning: AT_ONCE });
const prompt = promptIds(PROMPT, 0);
async function answer(name) {
  const request = new Request("http://localhost/v1/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: name, prompt, max_tokens: tokens, temperature: 0 }),
  });
  const response = await server(request);
  const { choices, error } = await response.json();
  return error === undefined ? choices[0].text : null;
}
let misses = 0;
const known = new Map();
for (let round = 0; round < 2; round++)
  for (let from = 0; from < adapters; from += AT_ONCE)
    await Promise.all(
      names.slice(from, from + AT_ONCE).map(async (name) => {
        const text = await answer(name);
        if (text === null || (known.get(name) ?? text) !== text) misses++;
        known.set(name, text);
      }),
    );
weigh(`after ${2 * adapters} requests`);
printTable(
  `${adapters} adapters of rank ${rank} on queries and values, ${circumstances(weights, threads)}: goal ≤ 400 MB, no miss`,
  ["", "in use", "linear memory", "process"],
  rows,
);
const page = await (await server(new Request("http://localhost/metrics"))).text();
const kept = Number(/^lowrank_prefix_cache_bytes (\d+)$/m.exec(page)[1]);
console.log(`kept prompts, which the option prefixCacheBytes bounds: ${megabytes(kept)} of what is in use`);
console.log(
  `misses: ${misses} of ${2 * adapters} requests; different answers of the adapters: ${new Set(known.values()).size}`,
);
await server.close();
model.dispose();
