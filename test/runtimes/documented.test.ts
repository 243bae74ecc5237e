import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { type Browser, type BrowserName, launchBrowser, openPage } from "../browsers/browser.mjs";
import { example } from "../docs/examples.js";
import { serveExample, type ServedFolder } from "../docs/serve-page.js";
import { Consumer } from "../packaging/consumer.js";
import { installedPrograms } from "./programs.mjs";
import { startWorkerd } from "./start-workerd.js";

const page = readFileSync(join(root, "docs/runtimes.md"), "utf8");
const text = "The film was very good.";
let consumer: Consumer;
let server: ServedFolder;
/** What each runtime shows of the vector; the builds that they choose differ in its last digits. */
let expected: string;

beforeAll(async () => {
  consumer = new Consumer();
  consumer.write("main.js", example(page, "server"));
  expected = consumer.run("node", "main.js").trim();
  for (const name of ["web-worker", "service-worker"]) {
    consumer.write(`${name}.js`, example(page, name));
    consumer.write(`${name}.html`, example(page, `${name}-page`));
  }
  consumer.write("page.html", example(page, "page"));
  server = await serveExample(consumer.folder);
});
afterAll(() => {
  server?.close();
  rmSync(consumer.folder, { recursive: true });
});

it("the vector has 384 numbers", () => expect(expected).toMatch(/^384 -?\d\.\d{3}$/));

it.each(installedPrograms)("%s runs docs/runtimes.md's lines", (name, [program]) => {
  const word = name.split(" ").at(-1)!.toLowerCase();
  const command = example(page, "commands")
    .split("\n")
    .find((line) => line.startsWith(`${word} `));
  const [, ...args] = command!.split(" ");
  const env = { ...process.env, NODE_OPTIONS: "" };
  expect(execFileSync(program!, args, { cwd: consumer.folder, encoding: "utf8", env }).trim()).toBe(expected);
});

it("workerd does", async () => {
  const folder = join(consumer.folder, "edge");
  mkdirSync(folder);
  const entry = consumer.write("edge.js", example(page, "workerd"));
  const scriptPath = join(folder, "worker.js");
  const files = { entryPoints: [entry], outfile: scriptPath, external: ["*.wasm"] };
  await build({ ...files, bundle: true, format: "esm", conditions: ["workerd"], logLevel: "error" });
  const bindings = { MODEL: `${server.origin}/models/all-MiniLM-L6-v2` };
  const runtime = startWorkerd(folder, scriptPath, join(consumer.folder, "node_modules/lowrank/dist"), bindings);
  try {
    const vector = (await (
      await runtime.dispatchFetch("http://localhost/", { method: "POST", body: text })
    ).json()) as number[];
    expect(`${vector.length} ${vector[0]!.toFixed(3)}`).toBe(expected);
  } finally {
    await runtime.dispose();
  }
});

/** The title that a page comes to. */
const title = `new Promise((resolve) => {
  const began = Date.now();
  const look = () => (document.title || Date.now() - began > 300000 ? resolve(document.title) : setTimeout(look, 50));
  look();
})`;

describe.each<BrowserName>(["chromium", "firefox", "webkit"])("%s", (name) => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchBrowser(name)));
  afterAll(() => browser?.close());

  it.each(["page", "web-worker", "service-worker"])("runs docs/runtimes.md's lines for a %s", async (kind) => {
    const opened = await openPage(browser, `${server.origin}/${kind}.html`);
    const shown = await opened.evaluate(title);
    await opened.close();
    expect(shown).toBe(expected);
  });
});
