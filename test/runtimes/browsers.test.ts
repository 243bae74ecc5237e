import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, type BrowserName, launchBrowser, openPage } from "../browsers/browser.mjs";
import { openSite } from "../browsers/site.mjs";
import golden from "../golden/bits.json" with { type: "json" };
import { bitsModule, bundle, bundlePage } from "./bundle.mjs";

const folder = mkdtempSync(join(tmpdir(), "lowrank-browsers-"));
let site: Awaited<ReturnType<typeof openSite>>;

/** Scripts of workers, each of which answers with what `run` gives. */
const workers = {
  dedicated: `onmessage = ({ data }) => run(data).then((value) => postMessage({ value }), (error) => postMessage({ error: String(error) }));`,
  shared: `onconnect = ({ ports: [port] }) =>
    run(1).then((value) => port.postMessage({ value }), (error) => port.postMessage({ error: String(error) }));`,
  service: `onmessage = (event) => event.waitUntil(
    run(1).then((value) => event.ports[0].postMessage({ value }), (error) => event.ports[0].postMessage({ error: String(error) })));`,
};

/** What a page does to hear from such a worker. */
const starts = {
  dedicated: `const worker = new Worker("./dedicated.js", { type: "module" }); worker.onerror = failed; worker.onmessage = told; worker.postMessage(2);`,
  shared: `const worker = new SharedWorker("./shared.js", { type: "module" }); worker.onerror = failed; worker.port.onmessage = told;`,
  service: `const { installing, waiting, active } = await navigator.serviceWorker.register("./service.js", { type: "module" });
    const channel = new MessageChannel(); channel.port1.onmessage = told;
    (installing ?? waiting ?? active).postMessage(null, [channel.port2]);`,
};

const inWorker = (kind: keyof typeof starts) => `new Promise((resolve, reject) => {
  const failed = (event) => reject(new Error("the worker does not start: " + event.message));
  const told = ({ data: { value, error } }) => (error === undefined ? resolve(value) : reject(new Error(error)));
  (async () => { ${starts[kind]} })().catch(reject);
})`;

beforeAll(async () => {
  // A driver's own evaluations need not keep to the page's policy: the script tries.
  const tries = `globalThis.made = (() => { try { return (0, eval)("1"); } catch (error) { return error.name; } })();`;
  await bundlePage(`${bitsModule} ${tries}`, join(folder, "bits.js"));
  for (const [name, main] of Object.entries(workers))
    await bundle({ contents: `${bitsModule} ${main}`, entry: "browser", outfile: join(folder, `${name}.js`) });
  const html = `<!doctype html><title>lowrank</title><script type="module" src="./bits.js"></script>`;
  writeFileSync(join(folder, "index.html"), html);
  site = await openSite(folder);
});
afterAll(() => {
  site?.close();
  rmSync(folder, { recursive: true });
});

const one = (threadsRefused: unknown) => ({ build: "simd", threads: 1, threadsRefused, bits: golden[1] });
const two = { build: "simd", threads: 2, threadsRefused: null, bits: golden[2] };
const notIsolated = one(expect.stringMatching(/not cross-origin isolated/));
/** WebKitGTK has no shared memory, isolated or not. */
const noSharedMemory = one(expect.any(String));

const browsers: readonly (readonly [BrowserName, object])[] = [
  ["chromium", two],
  ["firefox", two],
  ["webkit", noSharedMemory],
];

describe.each(browsers)("%s", (name, isolated) => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchBrowser(name)));
  afterAll(() => browser?.close());

  /** Value of an expression in a page of its own. */
  async function at(kind: "plain" | "isolated" | "strict" | "barred", expression: string): Promise<unknown> {
    const page = await openPage(browser, `${site.origin}/${kind}/`, "run");
    try {
      return await page.evaluate(expression);
    } finally {
      await page.close();
    }
  }

  it("gives the bits of every runtime in a page", async () => {
    expect(await at("plain", "run(2)")).toEqual(notIsolated);
  });

  it("and in one that is isolated, with threads where there is shared memory", async () => {
    expect(await at("isolated", "run(2)")).toEqual(isolated);
  });

  it("and under a policy that lets no code be made of text", async () => {
    expect(await at("strict", "run(2)")).toEqual(isolated);
    const made = await at("strict", "made");
    expect(made).toBe("EvalError");
  });

  it("says that a policy forbids WebAssembly, and what it has to allow, in each browser's page and worker", async () => {
    const told =
      /UnsupportedError: init: the Content-Security-Policy of this .* forbids WebAssembly: .* 'wasm-unsafe-eval'$/;
    expect(await at("barred", "run(1).catch(String)")).toMatch(told);
    expect(await at("barred", `${inWorker("dedicated")}.catch(String)`)).toMatch(told);
  });

  it("and in a worker, whose threads are workers of its own", async () => {
    expect(await at("isolated", inWorker("dedicated"))).toEqual(isolated);
  });

  it("and in a SharedWorker", async () => {
    expect(await at("plain", inWorker("shared"))).toMatchObject({ threads: 1, bits: golden[1] });
  });

  it("and in a Service Worker", async () => {
    expect(await at("plain", inWorker("service"))).toMatchObject({ threads: 1, bits: golden[1] });
  });
});
