import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchBrowser, openPage } from "../browsers/browser.mjs";
import { openSite } from "../browsers/site.mjs";
import { data, spec } from "../jobs/tiny-job.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { bundle } from "./bundle.mjs";

const folder = mkdtempSync(join(tmpdir(), "lowrank-hidden-"));
let site: Awaited<ReturnType<typeof openSite>>;

const job = { ...spec, model: "tiny", data: "tiny/examples.csv", build: "simd", threads: 1 };

/**
 * `train(disturbed)`: a run in a worker, and what the page was told, each with whether the tab was seen then. One that is to be
 * disturbed waits at its writes, of which the first is before training: it trains first in a hidden tab, then in one that is seen,
 * and ends in one that is hidden. The tab is shown and hidden only when the run waits for that, so no step depends on how fast it is.
 */
const script = `
  import { memoryStore, runJob, startWorker } from "./ts/worker/index.js";
  import { sha256 } from "./test/properties/bits/sha256.js";
  const state = () => document.visibilityState;
  /** The state of the tab that a write waits for. */
  let awaited = null;
  const until = (wanted) =>
    new Promise((resolve) => {
      awaited = wanted;
      const look = () => {
        if (state() !== wanted) return;
        document.removeEventListener("visibilitychange", look);
        awaited = null;
        resolve();
      };
      document.addEventListener("visibilitychange", look);
      look();
    });
  const told = [];
  const trained = (where) => told.some(({ what, state }) => what === "train" && state === where);
  /** Waits until a write waits for such a state. */
  globalThis.waitsFor = async (wanted) => {
    while (awaited !== wanted) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  globalThis.train = async (disturbed) => {
    told.length = 0;
    const store = memoryStore();
    const write = store.write.bind(store);
    const held = async (blobs) => {
      if ("report.json" in blobs || !trained("hidden")) await until("hidden");
      else if (!trained("visible")) await until("visible");
      return write(blobs);
    };
    if (disturbed) store.write = held;
    const worker = await startWorker({ build: "simd", threads: 1 });
    const onProgress = ({ type, phase, done }) =>
      void told.push({ what: type === "progress" ? phase : type, state: state(), done });
    const { report } = await runJob(${JSON.stringify(job)}, store, { worker, onProgress });
    const ended = state();
    worker.terminate();
    const { "adapter_model.safetensors": adapter, "head.safetensors": head } = store.files();
    return { told, ended, losses: report.steps.map(({ loss }) => loss), sha256: await sha256([adapter, head]) };
  };
`;

beforeAll(async () => {
  mkdirSync(join(folder, "tiny"));
  for (const [name, bytes] of Object.entries({ ...(await tinyEncoder()), ...data }))
    writeFileSync(join(folder, "tiny", name), bytes);
  await bundle({ contents: script, entry: "browser", outfile: join(folder, "train.js") });
  const page = `<!doctype html><title>lowrank</title><script type="module" src="./train.js"></script>`;
  writeFileSync(join(folder, "index.html"), page);
  site = await openSite(folder);
});
afterAll(() => {
  site?.close();
  rmSync(folder, { recursive: true });
});

interface Run {
  readonly told: readonly { readonly what: string; readonly state: DocumentVisibilityState; readonly done?: number }[];
  /** What the tab was as the run's result came. */
  readonly ended: DocumentVisibilityState;
  readonly losses: readonly number[];
  readonly sha256: string;
}
const steps = ({ told }: Run, state: DocumentVisibilityState) =>
  told.filter((one) => one.what === "train" && one.state === state).map(({ done }) => done!);

describe.each(["chromium", "firefox", "webkit"] as const)("%s", (name) => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchBrowser(name)));
  afterAll(() => browser?.close());

  it("a run in a worker tells its progress and result to a tab that is hidden and shown again, to the same bits", async () => {
    const tab = await openPage(browser, `${site.origin}/plain/`, "train");
    const undisturbed = (await tab.evaluate("train(false)")) as Run;
    expect([steps(undisturbed, "hidden"), undisturbed.ended]).toEqual([[], "visible"]);

    await tab.evaluate("void (globalThis.run = train(true))");
    await tab.evaluate('waitsFor("hidden")');
    await tab.hide();
    await tab.evaluate('waitsFor("visible")');
    await tab.show();
    await tab.evaluate('waitsFor("hidden")');
    await tab.hide();
    const disturbed = (await tab.evaluate("run")) as Run;
    expect(disturbed.ended).toBe("hidden");
    expect(steps(disturbed, "hidden")[0]).toBeLessThan(25);
    expect(steps(disturbed, "visible")[0]).toBeGreaterThan(25);
    expect(Math.max(...steps(disturbed, "hidden"), ...steps(disturbed, "visible"))).toBe(job.steps);
    expect(disturbed.losses).toHaveLength(job.steps!);
    expect(disturbed.losses).toEqual(undisturbed.losses);
    expect(disturbed.sha256).toBe(undisturbed.sha256);
  });
});
