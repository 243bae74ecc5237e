// @needs browser
// @rest documents
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { examples } from "../models/tiny-encoder.js";
import { Consumer } from "../packaging/consumer.js";
import { example } from "./examples.js";
import { ServedPages } from "./serve-page.js";

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
  let served: ServedPages;
  beforeAll(async () => {
    const rows = examples.map(({ text, label }) => `"${text}",${label}\n`);
    consumer.write("page/public/reviews.csv", `text,label\n${rows.join("")}`);
    cpSync(join(root, "dist/lowrank-worker.js"), join(consumer.folder, "page/public/assets/lowrank-worker.js"));
    const pages = {
      index: example(startPage, "worker"),
      url: html(example(page, "url")),
      trusted: html(example(page, "trusted")),
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
    served = await ServedPages.of(join(consumer.folder, "page/dist"), {
      "trusted.html": { "Content-Security-Policy": "require-trusted-types-for 'script'; trusted-types mine" },
    });
  }, 120_000);
  afterAll(() => served?.close());

  it.each([
    ["index.html", /^question$/],
    ["url.html", /^1 thread$/],
    ["trusted.html", /^1 thread$/],
    ["job.html", /^8 texts tested$/],
    ["kept.html", /^new: 10 steps, \d files$/],
  ])("%s comes to its end", { timeout: 180_000 }, async (name, expected) => {
    const { page, title } = await served.open(name);
    expect(title).toMatch(expected);
    await page.close();
  });
});
