/* global fetch, window */
import { createServer } from "node:http";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { chromiumArguments, findChromium } from "../../../scripts/browsers/chromium.mjs";
import { serveFolder } from "../../../scripts/serve-folder.mjs";

const root = resolve(fileURLToPath(new URL("../../..", import.meta.url)));
const modules = "/bench/node_modules/@wllama/wllama/esm";

/**
 * wllama 3 in Chromium, on one thread, with the files of a folder.
 * @returns `greedy(file, adapter, prompts, count)` gives ids behind each prompt up to the end-of-text token, `chat(file, adapter,
 * messages, count)` the answer's text by the file's chat template; paths are the folder's
 */
export async function openWllama(folder) {
  const [project, files] = [serveFolder(root), serveFolder(folder)];
  const server = createServer((request, response) => {
    if (request.url === "/") {
      response.setHeader("content-type", "text/html");
      response.end('<!doctype html><link rel="icon" href="data:,">');
    } else if (request.url.startsWith("/files/")) {
      request.url = request.url.slice("/files".length);
      files(request, response);
    } else project(request, response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({ executablePath: findChromium(), args: chromiumArguments });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate(define, modules);
  const run = (job) => page.evaluate((job) => window.run(job), job);
  return {
    greedy: (file, adapter, prompts, count) => run({ file, adapter, prompts, count }),
    chat: (file, adapter, messages, count) => run({ file, adapter, messages, count }),
    async close() {
      await browser.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** In the page. An adapter's file goes where parts of a model do, since wllama has no other way to hand a file over. */
async function define(modules) {
  const { Wllama } = await import(`${modules}/index.js`);
  const quiet = { debug() {}, log() {}, warn() {}, error() {} };
  const blob = async (path) => (await fetch(`/files/${path}`)).blob();
  window.run = async ({ file, adapter, prompts, messages, count }) => {
    const wllama = new Wllama({ default: `${modules}/wasm/wllama.wasm` }, { logger: quiet });
    const blobs = await Promise.all([file, ...(adapter === null ? [] : [adapter])].map(blob));
    const lora = adapter === null ? {} : { lora_adapters: [{ path: "models/model-00002-of-00002.gguf", scale: 1 }] };
    const cache = { cache_type_k: "f32", cache_type_v: "f32", flash_attn: false };
    await wllama.loadModel(blobs, { n_ctx: 256, n_threads: 1, n_gpu_layers: 0, n_parallel: 1, ...cache, ...lora });
    const asked = { max_tokens: count, temperature: 0, cache_prompt: false };
    try {
      if (messages !== undefined)
        return (await wllama.createChatCompletion({ ...asked, messages })).choices[0].message.content;
      const found = [];
      for (const { text } of prompts) {
        const { choices } = await wllama.createCompletion({ ...asked, prompt: text, logprobs: 1 });
        found.push(choices[0].logprobs.content.map(({ id }) => id));
      }
      return found;
    } finally {
      await wllama.exit();
    }
  };
}
