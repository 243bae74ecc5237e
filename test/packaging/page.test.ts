// @needs browser
import { cpSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import { chromium, type Browser } from "playwright";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../scripts/browsers/chromium.mjs";
import { serveFolder } from "../../scripts/serve-folder.mjs";
import { variants } from "../../scripts/wasm/variants.mjs";
import { Consumer } from "./consumer.js";

const main = `
const { build } = await init({ build: "simd" });
const graph = new Graph();
const input = graph.constant({ shape: [2], data: new Float32Array([3, 4]) });
document.title = build + " " + graph.value(graph.sum(input)).data[0];
`;
const title = "simd 7";
const html = (script: string) =>
  `<!doctype html><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;

describe("a page made from the packed tarball", () => {
  let consumer: Consumer;
  let server: Server;
  let browser: Browser;
  beforeAll(async () => {
    consumer = new Consumer();
    consumer.write("main.js", `import { Graph, init } from "lowrank";${main}`);
    server = createServer(serveFolder(consumer.folder));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ executablePath: findChromium()!, args: chromiumArguments });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(consumer.folder, { recursive: true });
  });

  /** What the page makes of its title, or the first error it throws. */
  async function titleOf(path: string): Promise<string> {
    const page = await browser.newPage();
    const failed = new Promise<string>((resolve) => page.on("pageerror", (error) => resolve(error.message)));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`);
    const done = page.waitForFunction("document.title").then(() => page.title());
    const result = await Promise.race([done, failed]);
    await page.close();
    return result;
  }

  it("runs when built by vite, which brings the binaries along", async () => {
    consumer.write("index.html", html("/main.js"));
    await vite({ root: consumer.folder, base: "./", logLevel: "silent", configFile: false, build: { outDir: "vite" } });
    const binaries = readdirSync(join(consumer.folder, "vite/assets")).filter((name) => name.endsWith(".wasm"));
    expect(binaries).toHaveLength(Object.keys(variants).length);
    expect(await titleOf("vite/")).toBe(title);
  });

  it("runs when bundled by esbuild, with wasm/ copied beside the bundle", async () => {
    const outfile = join(consumer.folder, "esbuild/main.js");
    await esbuild({ entryPoints: [join(consumer.folder, "main.js")], bundle: true, format: "esm", outfile });
    cpSync(join(consumer.folder, "node_modules/lowrank/dist/wasm"), join(consumer.folder, "esbuild/wasm"), {
      recursive: true,
    });
    consumer.write("esbuild/index.html", html("./main.js"));
    expect(await titleOf("esbuild/")).toBe(title);
  });

  it("says what to do when the binaries were left behind", async () => {
    const outfile = join(consumer.folder, "alone/main.js");
    await esbuild({ entryPoints: [join(consumer.folder, "main.js")], bundle: true, format: "esm", outfile });
    consumer.write("alone/index.html", html("./main.js"));
    expect(await titleOf("alone/")).toMatch(/lowrank-simd\.wasm answered 404; copy the \.wasm file there/);
  });

  it("names the error of a script that it needs later and cannot fetch", async () => {
    const read = `readExamples("text,label\\nA parcel is late,delivery\\nThe bill is wrong,payment\\n", { file: "tickets.csv" })`;
    consumer.write(
      "later.js",
      `import { readExamples } from "lowrank"; globalThis.read = () => ${read}; document.title = "ready";`,
    );
    consumer.write("later/index.html", html("/later.js"));
    const build = {
      outDir: join(consumer.folder, "later/site"),
      rollupOptions: { input: join(consumer.folder, "later/index.html") },
    };
    await vite({ root: consumer.folder, base: "./", logLevel: "silent", configFile: false, build });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/later/site/later/index.html`);
    await page.waitForFunction(() => document.title === "ready");
    await page.route("**/*.js", (route) => route.abort());
    const error = await page.evaluate(() =>
      (globalThis as unknown as { read: () => Promise<unknown> }).read().then(
        () => null,
        ({ name, code, message }: { name: string; code: string; message: string }) => ({ name, code, message }),
      ),
    );
    await page.close();
    expect(error).toEqual({
      name: "UnsupportedError",
      code: "UNSUPPORTED",
      message: expect.stringMatching(/^a script failed: TypeError: /) as string,
    });
  });

  it("runs from lowrank/inline without any file", async () => {
    const entry = consumer.write("inline.js", `import { Graph, init } from "lowrank/inline";${main}`);
    await esbuild({
      entryPoints: [entry],
      bundle: true,
      format: "esm",
      outfile: join(consumer.folder, "inline/main.js"),
    });
    consumer.write("inline/index.html", html("./main.js"));
    expect(await titleOf("inline/")).toBe(title);
  });
});
