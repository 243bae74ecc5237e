// node bench/serve/kept-conversations.mjs [--threads 1] [--megabytes 64] [--system 500] [--words 40] [--chats 60] [--weights Q4_1], after
// `npm run build`: how many conversations with one system prompt a prefix cache keeps, a count; and the milliseconds in which the beginning
// of a text is copied out of the cache, beside those in which it is read.
import { languageServer } from "../../dist/serve.js";
import { circumstances, loadModel, median, printTable, promptIds, readOptions } from "./options.mjs";

const options = readOptions({ megabytes: 64, system: 500, words: 40, chats: 60 });
const { file, weights, threads, megabytes, system, words, chats } = options;
const model = await loadModel(file, threads);
const server = languageServer(model, { name: "smol", prefixCacheBytes: megabytes * 2 ** 20 });
const beginning = promptIds(system, 0);

/** The tokens of a prompt that were kept, and the milliseconds of its only token. */
async function ask(prompt) {
  const asked = performance.now();
  const response = await server(
    new Request("http://localhost/v1/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "smol", prompt, max_tokens: 1, temperature: 0 }),
    }),
  );
  const { usage, error } = await response.json();
  if (error !== undefined) throw new Error(error.message);
  return { cached: usage.prompt_tokens_details.cached_tokens, ms: performance.now() - asked };
}

const chat = (seed) => [...beginning, ...promptIds(words, 1 + seed)];
const first = await ask(beginning);
for (let i = 0; i < chats; i++) await ask(chat(i));
// The last ones first: asking again changes nothing in what is kept of them.
let kept = 0;
const times = [];
for (let i = chats - 1; i >= 0; i--) {
  const { cached, ms } = await ask(chat(i));
  if (cached < system + words - 1) break;
  kept++;
  times.push(ms);
}
const bytes = /prefix_cache_bytes (\d+)/.exec(await (await server(new Request("http://localhost/metrics"))).text())[1];
printTable(
  `Conversations with a system prompt of ${system} tokens and ${words} of their own, ${circumstances(weights, threads)}`,
  ["megabytes", "kept", "bytes of these", "reading the system prompt, ms", "a token after all is kept, ms"],
  [[megabytes, kept === chats ? `≥ ${kept}` : kept, bytes, first.ms.toFixed(0), median(times).toFixed(1)]],
);
await server.close();
model.dispose();
