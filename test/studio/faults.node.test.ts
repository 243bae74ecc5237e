// @needs browser
// @rest studio
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { give, type Studio } from "../../scripts/studio/driver.mjs";
import { readSafetensors, writeSafetensors } from "../../ts/io/safetensors/index.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import type { ModelServer } from "../pages/model-server.js";
import { answered, begin, finished, openTable, saved, table, tinyStudio, toTraining } from "./tiny-studio.js";

const weights = "all-MiniLM-L6-v2/model.safetensors";
const MEGABYTE = 1024 * 1024;
/** What a page's workers say is held back from when it shows `when` until it is let go. */
interface Hold {
  when: RegExp | null;
  messages: (() => void)[] | null;
}
let studio: Studio;
let models: ModelServer;

/** A tiny encoder whose file is as long as a download that can be cut. */
async function longModel(): Promise<Record<string, Uint8Array>> {
  const files = await tinyEncoder();
  const read = readSafetensors(files["model.safetensors"]!);
  const tensors = read.names.map((name) => [name, read.tensor(name)] as const);
  const ballast = { shape: [4 * MEGABYTE], data: new Float32Array(4 * MEGABYTE) };
  return { ...files, "model.safetensors": writeSafetensors([...tensors, ["ballast", ballast]]) };
}

beforeAll(async () => {
  ({ studio, models } = await tinyStudio(await longModel(), { isolated: false }));
  // Where a test can end them, as a browser does that runs out of memory, and hold their messages.
  await studio.context.addInitScript(() => {
    const started: Worker[] = [];
    const hold: Hold = { when: null, messages: null };
    Object.assign(globalThis, { started, hold });
    globalThis.Worker = class extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        started.push(this);
        this.addEventListener("message", (event) => {
          if (hold.messages === null) return;
          event.stopImmediatePropagation();
          const { data, ports } = event;
          hold.messages.push(() => this.dispatchEvent(new MessageEvent("message", { data, ports: [...ports] })));
        });
      }
    };
    new MutationObserver(() => {
      if (hold.when === null || !hold.when.test(document.body.innerText)) return;
      hold.when = null;
      hold.messages = [];
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
});
afterAll(() => studio?.end());

const endWorkers = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { started: Worker[] }).started.forEach((worker) => worker.terminate()));
/** Stops a page's training where it stands as soon as the page shows `when`: a tiny one may end before another tab is open. */
const holdOnce = (page: Page, when: RegExp) =>
  page.evaluate((when) => {
    (globalThis as unknown as { hold: Hold }).hold.when = when;
  }, when);
const letGo = (page: Page) =>
  page.evaluate(() => {
    const { hold } = globalThis as unknown as { hold: Hold };
    const messages = hold.messages!;
    hold.messages = null;
    for (const send of messages) send();
  });
const alert = (page: Page) => page.locator(".problem[role=alert]").innerText();
const goOn = (page: Page) => page.getByRole("button", { name: "Continue" }).click();
/** Takes away what the page keeps of the model. */
const forgetFiles = (page: Page) =>
  page.evaluate(async () => {
    const folder = await navigator.storage.getDirectory();
    for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys())
      await folder.removeEntry(name, { recursive: true });
  });

it("a download that is cut goes on where it was, and one that is damaged is refused and fetched anew", async () => {
  const page = await openTable(studio);
  models.manners.set(weights, { holdAfter: 13 * MEGABYTE });
  await begin(page);
  await page.getByText(/^1[0-9] MB \/ /).waitFor();
  models.manners.clear();
  models.cut();
  await expect.poll(() => alert(page)).toContain("The model could not be downloaded");
  models.asked.length = 0;
  await goOn(page);
  await finished(page);
  expect(Number(/^bytes=(\d+)-$/.exec(models.requests(weights)[0]!.range!)![1])).toBeGreaterThan(MEGABYTE);

  await forgetFiles(page);
  await page.close();
  const again = await openTable(studio);
  models.manners.set(weights, { body: new Uint8Array(16 * MEGABYTE).fill(7), etag: '"two"' });
  await begin(again);
  await expect.poll(() => alert(again)).toContain("is damaged");
  models.manners.clear();
  await goOn(again);
  await finished(again);
  await again.close();
});

it("without isolation it works with one thread; where the worker is killed, training and asking go on", async () => {
  const page = await openTable(studio);
  await page.getByLabel("Thorough").check();
  await page.getByLabel("Rows per step").fill("128");
  await page.getByLabel("Rows per step").press("Tab");
  await begin(page);
  await page.getByText(/^Saved up to step [1-9]/).waitFor({ timeout: 60_000 });
  await expect.poll(() => page.locator(".live").innerText()).toContain("1 thread");
  await endWorkers(page);
  await finished(page);
  expect((await answered(page, "the story was warm")).label).toBe("good");
  await endWorkers(page);
  expect((await answered(page, "the story was grim")).label).toBe("bad");
  await page.getByRole("link", { name: "Download" }).click();
  const adapter = await saved(page, "Save: Adapted model");
  await endWorkers(page);
  expect((await saved(page, "Save: Simple model")).name).toBe("films-head.zip");
  await endWorkers(page);
  const load = page.locator(".load input[type=file]");
  const given = { name: "mine.zip", mimeType: "application/zip", buffer: Buffer.from(adapter.bytes) };
  await load.setInputFiles(given);
  await page.getByText("“mine.zip” is loaded.").waitFor();
  expect(await page.locator(".problem").count()).toBe(0);
  // What is damaged is no download: nothing was removed, and there is nothing to fetch anew.
  await load.setInputFiles({ ...given, buffer: given.buffer.subarray(0, 900) });
  await page.getByText("These files do not fit this model.").waitFor();
  await page.close();
});

it("where there is no room it says so and goes on once there is", async () => {
  const page = await openTable(studio);
  const session = await page.context().newCDPSession(page);
  const origin = new URL(studio.url).origin;
  await forgetFiles(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 6 * MEGABYTE });
  await begin(page);
  await expect.poll(() => alert(page)).toContain("too little storage");
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  await goOn(page);
  await finished(page);
  await page.close();
});

it("where a site may keep nothing, and asking for it throws, it says so, trains and answers all the same", async () => {
  const page = await studio.open();
  await page.addInitScript(() => {
    const denied = () => {
      throw new DOMException("denied", "SecurityError");
    };
    for (const name of ["indexedDB", "localStorage", "caches"])
      Object.defineProperty(globalThis, name, { get: denied });
    navigator.storage.getDirectory = () => Promise.reject(new DOMException("denied", "SecurityError"));
  });
  await page.reload();
  await give(page, "films.csv", table);
  await toTraining(page);
  await begin(page);
  await page.getByText("This browser stores nothing for this page").waitFor();
  await finished(page);
  expect((await answered(page, "the story was warm and 3 the music")).label).toBe("good");
  await page.close();
});

it("a tab shows a run that another one trains as such, and as finished once it is", async () => {
  const first = await openTable(studio);
  await first.getByLabel("Thorough").check();
  await holdOnce(first, /Saved up to step [1-9]/);
  await begin(first);
  await first.getByText(/^Saved up to step [1-9]/).waitFor({ timeout: 60_000 });
  const second = await studio.open("train");
  const elsewhere = second.getByText("Training on “films.csv” runs in another tab.");
  await elsewhere.waitFor();
  expect(await second.getByRole("button", { name: "Delete it" }).count()).toBe(0);
  await letGo(first);
  await finished(first);
  await elsewhere.waitFor({ state: "detached" });
  await second.getByRole("link", { name: "Results" }).click();
  await finished(second);
  await second.close();
  await first.reload();
  await finished(first);
  expect((await answered(first, "the story was warm")).label).toBe("good");
});
