import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { type Browser, launchBrowser, openPage } from "../browsers/browser.mjs";
import { openSite } from "../browsers/site.mjs";
import { bundle, workerModule } from "./bundle.mjs";
import { pageThreads } from "./page-threads.js";
import { installedPrograms } from "./programs.mjs";

// In the project, so that programs find its dependencies.
const folder = mkdtempSync(join(root, "build/worker-"));
const program = join(folder, "worker.mjs");
let site: Awaited<ReturnType<typeof openSite>>;
/** What this Node comes to. */
let expected: { threads: number; generation: { whole: number[]; left: number[] } };

const inNode = `
  import { Worker } from "node:worker_threads";
  const own = () => {
    const worker = new Worker(${JSON.stringify(join(root, "dist/lowrank-worker-node.js"))});
    return { worker, end: () => void worker.terminate() };
  };
  console.log(JSON.stringify(await run(2, own)));
  process.exit();`;
const inPage = `
  const own = () => {
    const worker = new Worker("./lowrank-worker.js");
    return { worker, end: () => worker.terminate() };
  };
  globalThis.answer = run(2, own);`;

const printed = ([command, ...args]: readonly string[]): unknown => {
  const options = { cwd: root, encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "" } } as const;
  return JSON.parse(execFileSync(command!, [...args, program], options));
};

beforeAll(async () => {
  const contents = `import process from "node:process"; ${workerModule} ${inNode}`;
  await bundle({ contents, entry: "node", outfile: program, external: true });
  // dist/ stays outside, where it finds its worker.
  const script = join(folder, "page.js");
  await bundle({ contents: `${workerModule} ${inPage}`, entry: "browser", outfile: script });
  writeFileSync(join(folder, "index.html"), `<!doctype html><script type="module" src="./page.js"></script>`);
  site = await openSite(folder);
  expected = printed([process.execPath]) as typeof expected;
});
afterAll(() => {
  site?.close();
  rmSync(folder, { recursive: true });
});

it("a language model in a worker generates, also where nobody hears its end", () => {
  const { whole, left } = expected.generation;
  expect(whole).toHaveLength(60);
  expect(left).toEqual(whole.slice(0, 5));
});

it("a call whose worker is ended without a word rejects by name", () => {
  expect(expected).toMatchObject({ threads: 2, lost: ["WorkerLostError", "WORKER_LOST", "died", true] });
});

it.each(installedPrograms)("lowrank/worker in %s: the same", (_, command) => {
  expect(printed(command)).toEqual(expected);
});

describe.each(pageThreads)("%s", (name, threads) => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchBrowser(name)));
  afterAll(() => browser?.close());

  it.each([
    ["plain", 1],
    ["isolated", threads],
  ] as const)("lowrank/worker in a page that is %s: the same", async (kind, running) => {
    const page = await openPage(browser, `${site.origin}/${kind}/`, "answer");
    const seen = await page.evaluate("answer");
    await page.close();
    expect(seen).toEqual({ ...expected, threads: running });
  });
});
