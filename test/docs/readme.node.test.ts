import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { type Browser, chromium } from "playwright";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../scripts/chromium.mjs";
import { serveFolder } from "../../scripts/serve-folder.mjs";
import { modelCache, root } from "../../scripts/setup/paths.mjs";
import { examples } from "../models/tiny-encoder.js";
import { Consumer } from "../packaging/consumer.js";
import { example } from "./examples.js";

const readme = readFileSync(join(root, "README.md"), "utf8");
/** The real model, where the page of the example looks for it. */
const models = serveFolder(modelCache);

let consumer: Consumer;
beforeAll(() => {
  consumer = new Consumer();
});
afterAll(() => rmSync(consumer.folder, { recursive: true }));

describe("the README's example for Node", () => {
  it("learns, predicts and writes the adapter", { timeout: 180_000 }, () => {
    consumer.write("node.js", example(readme, "node"));
    const lines = consumer.run("node", "node.js").trimEnd().split("\n");
    expect(lines).toHaveLength(21);
    const loss = (line: string) => Number(/: loss (\d+\.\d+)$/.exec(line)![1]);
    expect(loss(lines[19]!)).toBeLessThan(loss(lines[0]!) / 2);
    expect(lines.at(-1)).toMatch(/^praise (0\.[5-9]\d|1\.00)$/);
    expect(readdirSync(join(consumer.folder, "my-adapter")).sort()).toEqual(
      ["adapter_config.json", "adapter_model.safetensors", "head.safetensors", "labels.json"].sort(),
    );
    // Opened in another process, it says the same.
    consumer.write("open.js", example(readme, "open"));
    expect(consumer.run("node", "open.js").trimEnd()).toBe(lines.at(-1));
  });

  it("of a run as data leaves a run's files", { timeout: 180_000 }, () => {
    consumer.write("job.js", example(readme, "job"));
    const rows = examples.map(({ text, label }) => `"${text}",${label}\n`);
    consumer.write("reviews.csv", `body,stars\n${rows.join("")}`);
    const lines = consumer.run("node", "job.js").trimEnd().split("\n");
    expect(lines.slice(0, 2)).toEqual(["step 25 is safe", "step 30 is safe"]);
    expect(lines[2]).toMatch(/^8 texts tested, loss \d\.\d\d$/);
    expect(readdirSync(join(consumer.folder, "runs/reviews"))).toContain("adapter_model.safetensors");
  });

  it("of layers and gradients fits its targets", () => {
    consumer.write("graph.js", example(readme, "graph"));
    const lines = consumer.run("node", "graph.js").trimEnd().split("\n");
    const losses = lines.slice(0, 5).map((line) => Number(line.split(" ")[1]));
    expect(losses.at(-1)).toBeLessThan(0.01);
    expect(losses[0]).toBeGreaterThan(0.1);
    expect(lines[5]).toBe("LoraLinear(3 → 2, rank 2, alpha 4, scaling 2)");
  });
});

it("the README's table of commands has every command", () => {
  const help = consumer.run("node", "node_modules/lowrank/dist/cli.js", "--help");
  const commands = [...help.slice(help.indexOf("Commands:")).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!);
  const documented = [...readme.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => name!);
  expect(commands).toContain("finetune");
  expect(documented).toEqual(commands.filter((name) => name !== "help"));
});

describe("the README's example for a page", () => {
  let server: Server;
  let browser: Browser;
  beforeAll(async () => {
    consumer.write("page/index.html", example(readme, "page"));
    await vite({ root: join(consumer.folder, "page"), logLevel: "silent", configFile: false });
    const files = serveFolder(join(consumer.folder, "page/dist"));
    server = createServer((request, response) => {
      const isModel = request.url!.startsWith("/models/");
      if (isModel) request.url = request.url!.slice("/models".length);
      (isModel ? models : files)(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ executablePath: findChromium()!, args: chromiumArguments });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it("learns and answers in Chromium, bundled by vite", { timeout: 180_000 }, async () => {
    const page = await browser.newPage();
    const failed = new Promise<string>((resolve) => page.on("pageerror", (error) => resolve(error.message)));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const done = page.waitForFunction("document.title", null, { timeout: 150_000 }).then(() => page.title());
    expect(await Promise.race([done, failed])).toMatch(/^question: an adapter of \d{6} bytes$/);
    expect(await page.textContent("#answer")).toMatch(/^question, \d+ %$/);
    await page.close();
  });
});

const pages = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "docs/recipes.md",
  "docs/own-data.md",
  "docs/worker.md",
  "docs/pages.md",
  "docs/bundlers.md",
  "docs/runtimes.md",
  "SECURITY.md",
];
describe.each(pages)("%s", (name) => {
  it("links only to files that exist, and names only such in its tables of code", () => {
    const text = readFileSync(join(root, name), "utf8");
    const links = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target!);
    const missing = links.filter((link) => !link.includes("://") && !existsSync(join(dirname(join(root, name)), link)));
    expect(missing).toEqual([]);
    const paths = [...text.matchAll(/`((?:ts|crates|scripts|test|docs)\/[\w./-]+)`/g)].map(([, path]) => path!);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
