import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { type Browser, launchBrowser, openPage } from "../browsers/browser.mjs";
import { openSite } from "../browsers/site.mjs";
import { bundlePage, bundleProgram, replayModule } from "./bundle.mjs";
import { pageThreads } from "./page-threads.js";

/** What PEFT's twenty steps on MiniLM come to: the kernels that ran, the losses, and the adapter and head afterwards. */
interface Replay {
  readonly build: string;
  readonly threads: number;
  readonly losses: readonly number[];
  readonly sha256: string;
}

// In the project, so that the program finds its dependencies.
const folder = mkdtempSync(join(root, "build/replay-"));
const program = join(folder, "replay.mjs");
/** By threads, what Node comes to. */
const inNode = new Map<number, Replay>();
let site: Awaited<ReturnType<typeof openSite>>;

beforeAll(async () => {
  await bundleProgram(replayModule, program, false);
  for (const threads of [1, 2]) {
    const output = execFileSync(process.execPath, [program, String(threads)], { cwd: root, encoding: "utf8" });
    inNode.set(threads, JSON.parse(output) as Replay);
  }
  await bundlePage(replayModule, join(folder, "replay.js"), false);
  const html = `<!doctype html><title>lowrank</title><script type="module" src="./replay.js"></script>`;
  writeFileSync(join(folder, "index.html"), html);
  site = await openSite(folder);
});
afterAll(() => {
  site?.close();
  rmSync(folder, { recursive: true });
});

it("Node's losses are PEFT's", () => {
  const golden = readFileSync(join(root, "test/golden/minilm/replay_qkv/replay.json"), "utf8");
  const { steps } = JSON.parse(golden) as { steps: { loss: number }[] };
  for (const { losses } of inNode.values()) {
    expect(losses).toHaveLength(20);
    for (const [step, loss] of losses.entries()) expect(Math.abs(loss - steps[step]!.loss)).toBeLessThan(5e-6);
  }
});

describe.each(pageThreads)("%s", (name, isolated) => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchBrowser(name)));
  afterAll(() => browser?.close());

  it.each([
    ["plain", 1],
    ["isolated", isolated],
  ] as const)("comes to Node's losses and adapter, to the bit, in a page that is %s", async (kind, threads) => {
    const page = await openPage(browser, `${site.origin}/${kind}/`, "run");
    const replay = (await page.evaluate("run(2)")) as Replay & { threadsRefused: unknown };
    await page.close();
    const { threadsRefused: _, ...seen } = replay;
    const { threadsRefused: none, ...expected } = inNode.get(threads) as typeof replay;
    expect(none).toBe(null);
    expect(seen).toEqual(expected);
    expect(seen.threads).toBe(threads);
  });
});
