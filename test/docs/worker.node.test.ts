import { cpSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, chromium } from "playwright";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../scripts/chromium.mjs";
import { serveFolder } from "../../scripts/serve-folder.mjs";
import { modelCache, root } from "../../scripts/setup/paths.mjs";
import { examples } from "../models/tiny-encoder.js";
import { Consumer } from "../packaging/consumer.js";
import { example } from "./examples.js";

const page = readFileSync(join(root, "docs/worker.md"), "utf8");
const startPage = readFileSync(join(root, "docs/start-page.md"), "utf8");
const html = (script: string) =>
  `<!doctype html><link rel="icon" href="data:,"><script type="module">${script}</script>`;

let consumer: Consumer;
beforeAll(() => {
  consumer = new Consumer();
});
afterAll(() => rmSync(consumer.folder, { recursive: true }));

it("docs/worker.md's example for Node answers", { timeout: 120_000 }, () => {
  consumer.write("node.js", example(page, "node"));
  expect(consumer.run("node", "node.js").trimEnd().split("\n")).toEqual([
    expect.stringMatching(/^[12] threads$/),
    "2 384",
  ]);
});

describe("the examples of lowrank/worker for a page, bundled by vite", () => {
  let server: Server;
  let browser: Browser;
  beforeAll(async () => {
    const rows = examples.map(({ text, label }) => `"${text}",${label}\n`);
    consumer.write("page/public/reviews.csv", `text,label\n${rows.join("")}`);
    cpSync(join(root, "dist/lowrank-worker.js"), join(consumer.folder, "page/public/assets/lowrank-worker.js"));
    const pages = {
      index: example(startPage, "worker"),
      url: html(example(page, "url")),
      job: html(example(page, "job")),
      kept: html(example(page, "kept")),
    };
    const input: string[] = [];
    for (const [name, text] of Object.entries(pages)) input.push(consumer.write(`page/${name}.html`, text));
    await vite({
      root: join(consumer.folder, "page"),
      logLevel: "silent",
      configFile: false,
      build: { rollupOptions: { input }, target: "es2022" },
    });
    const [models, files] = [serveFolder(modelCache), serveFolder(join(consumer.folder, "page/dist"))];
    server = createServer((request, response) => {
      const isModel = request.url!.startsWith("/models/");
      if (isModel) request.url = request.url!.slice("/models".length);
      (isModel ? models : files)(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ executablePath: findChromium()!, args: chromiumArguments });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it.each([
    ["index.html", /^question$/],
    ["url.html", /^1 thread$/],
    ["job.html", /^8 texts tested$/],
    ["kept.html", /^new: 10 steps, \d files$/],
  ])("%s comes to its end", { timeout: 180_000 }, async (name, title) => {
    const opened = await browser.newPage();
    const failed = new Promise<string>((resolve) => opened.on("pageerror", (error) => resolve(String(error))));
    await opened.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`);
    const done = opened.waitForFunction("document.title", null, { timeout: 150_000 }).then(() => opened.title());
    expect(await Promise.race([done, failed])).toMatch(title);
    await opened.close();
  });
});
