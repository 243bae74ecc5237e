import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { launchBrowser, openPage } from "../browsers/browser.mjs";
import { openSite } from "../browsers/site.mjs";
import { alter, replaceCode } from "../setup/node-process.js";
import { installedPrograms } from "./programs.mjs";

// A thread of the pool that is gone in the middle of a task, without a word. Runtimes other than Node do not tell a caller that waits;
// it goes by the silence, half a minute of it.

const folder = mkdtempSync(join(tmpdir(), "lowrank-silent-"));
const dist = join(folder, "dist");
let site: Awaited<ReturnType<typeof openSite>>;

/** An instruction of the product, and as many bytes that trap. */
const [MULTIPLY, TRAP] = [
  [0xfd, 0xe6, 0x01],
  [0x00, 0x01, 0x01],
] as const;

/** In place of saying that it failed, the thread ends. */
const dying = (bytes: string, end: string) => `
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (_, imports) => {
    const { exports } = await instantiate(await WebAssembly.compile(${bytes}), imports);
    return { exports: { ...exports, worker_failed: () => ${end} } };
  };`;

/** Products until one fails, and some after it: all others are right. */
const program = `
  const { threads } = await lowrank.init({ threads: 2, build: "simd" });
  const graph = new lowrank.Graph();
  const ones = graph.constant(lowrank.tensor([256, 256], new Array(256 ** 2).fill(1)));
  const values = new Set();
  const product = () => graph.step(() => graph.value(graph.matmul(ones, ones)).data.forEach((value) => values.add(value)));
  let error = null;
  while (error === null) {
    try { product() } catch ({ name, code, details }) { error = [name, code, details.reason] }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (let i = 0; i < 20; i++) product();
  const told = { threads, error, values: [...values] };`;

const expected = { threads: 2, error: ["EngineError", "ENGINE", "thread died"], values: [256] };

beforeAll(async () => {
  await cp(join(root, "dist"), dist, { recursive: true });
  await cp(join(root, "package.json"), join(folder, "package.json"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  const trapping = join(dist, "trapping.wasm");
  await alter(join(dist, "wasm/lowrank-simd-threads.wasm"), (bytes) => replaceCode(bytes, MULTIPLY, TRAP), trapping);
  const inNode = `import { readFileSync } from "node:fs"; ${dying(`readFileSync(${JSON.stringify(trapping)})`, "process.exit(3)")}`;
  await alter(join(dist, "worker-node.js"), (bytes) => `${inNode}\n${new TextDecoder().decode(bytes)}`);
  const inPage = dying(
    `await (await fetch(new URL("./trapping.wasm", location.href))).arrayBuffer()`,
    "(close(), (globalThis.reportError = () => undefined))",
  );
  await alter(join(dist, "worker-browser.js"), (bytes) => `${inPage}\n${new TextDecoder().decode(bytes)}`);
  const main = `import * as lowrank from "./dist/node.js"; ${program} console.log(JSON.stringify(told)); process.exit();`;
  writeFileSync(join(folder, "main.mjs"), `import process from "node:process"; ${main}`);
  const own = `import * as lowrank from "./browser.js"; ${program} postMessage(told);`;
  writeFileSync(join(dist, "own.js"), own);
  writeFileSync(join(dist, "index.html"), `<!doctype html><title>lowrank</title>`);
  site = await openSite(dist);
});
afterAll(() => {
  site?.close();
  rmSync(folder, { recursive: true });
});

async function printed([command, ...args]: readonly string[]): Promise<unknown> {
  const options = { cwd: folder, env: { ...process.env, NODE_OPTIONS: "" }, timeout: 300_000 };
  const { stdout } = await promisify(execFile)(command!, [...args, join(folder, "main.mjs")], options);
  return JSON.parse(stdout);
}

async function inBrowser(name: "chromium" | "firefox"): Promise<unknown> {
  const browser = await launchBrowser(name);
  try {
    const page = await openPage(browser, `${site.origin}/isolated/`);
    return await page.evaluate(`new Promise((resolve, reject) => {
      const worker = new Worker("./own.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    })`);
  } finally {
    await browser.close();
  }
}

it("a thread that is gone without a word makes its call throw in every runtime, and the others go on", async () => {
  expect(readFileSync(join(dist, "worker-browser.js"), "utf8")).toMatch(/trapping\.wasm/);
  // At once: each waits.
  const found = await Promise.all([
    ...installedPrograms.map(async ([name, command]) => [name, await printed(command)] as const),
    ...(["chromium", "firefox"] as const).map(async (name) => [name, await inBrowser(name)] as const),
  ]);
  for (const [name, told] of found) expect([name, told]).toEqual([name, expected]);
});
