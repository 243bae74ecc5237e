// @needs browser
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../scripts/browsers/chromium.mjs";
import { serveFolder } from "../../scripts/serve-folder.mjs";
import { root } from "../../scripts/setup/paths.mjs";
import { createEngine, SentenceEncoder } from "../../ts/index.js";
import { goldenEncoder } from "../models/golden-encoder.js";

// An encoder of each part that is fetched elsewhere, tokenizers among them; service workers have no `import()`.
const names = ["bert", "xlm-roberta", "deberta-v3", "modernbert", "nomic-bert"];
const text = "The film was very good.";

const worker = `
import { init, SentenceEncoder, TextClassifier } from "./dist/service-worker.js";
const started = init({ build: "simd", threads: 1 });
onmessage = ({ data: name, ports: [port] }) =>
  (async () => {
    await started;
    const encoder = await SentenceEncoder.load("/encoders/" + name);
    const [vector] = await encoder.encode([${JSON.stringify(text)}]);
    encoder.addAdapter("one", { rank: 2 });
    await encoder.addWeightedAdapter("sum", { adapters: ["one"], weights: [2] });
    const adapters = encoder.adapters().map(({ name }) => name);
    const saved = TextClassifier.create(encoder, { labels: ["no", "yes"], lora: { rank: 2 } }).save();
    encoder.dispose();
    const opened = await TextClassifier.open(saved, { model: "/encoders/" + name });
    const { count } = await opened.evaluate([{ text: "The film was very good.", label: "yes" }]);
    const lists = [{ text: "A film.", labels: ["a"] }, { text: "A good film.", labels: ["a", "b"] }];
    const several = TextClassifier.create(opened.encoder, { labels: ["a", "b"], multiLabel: true, lora: { rank: 2 }, adapter: "several" });
    const { steps } = await several.fit(lists, { steps: 1, batchSize: 2 });
    const measured = await several.evaluate(lists);
    opened.dispose();
    return { vector: [...vector], adapters, count, steps: steps.length, several: measured.count };
  })().then((answer) => port.postMessage(answer), (error) => port.postMessage({ error: String(error) }));
`;

let browser: Browser;
let server: Server;
const folder = mkdtempSync(join(tmpdir(), "lowrank-service-worker-"));

beforeAll(async () => {
  symlinkSync(join(root, "dist"), join(folder, "dist"));
  symlinkSync(join(root, "test/golden/encoders"), join(folder, "encoders"));
  writeFileSync(join(folder, "worker.js"), worker);
  writeFileSync(join(folder, "index.html"), `<!doctype html><link rel="icon" href="data:,">`);
  server = createServer(serveFolder(folder));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await chromium.launch({ executablePath: findChromium()!, args: chromiumArguments });
});
afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true });
});

it("a service worker without a bundler has encoders and tokenizers of every kind, classifiers on them, of several labels too, and sums of adapters", async () => {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const answers = await page.evaluate(`(async () => {
    await navigator.serviceWorker.register("./worker.js", { type: "module" });
    const { active } = await navigator.serviceWorker.ready;
    const ask = (name) => new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      active.postMessage(name, [port2]);
    });
    const answers = [];
    for (const name of ${JSON.stringify(names)}) answers.push(await ask(name));
    return answers;
  })()`);
  await page.close();
  const engine = await createEngine({ build: "simd", threads: 1 });
  const expected = [];
  for (const name of names) {
    const encoder = await SentenceEncoder.load(await goldenEncoder(name), { engine });
    const [vector] = await encoder.encode([text]);
    expected.push({ vector: [...vector!], adapters: ["one", "sum"], count: 1, steps: 1, several: 2 });
    encoder.dispose();
  }
  await engine.close();
  expect(answers).toEqual(expected);
});
