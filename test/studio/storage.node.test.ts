// @needs browser
// @rest studio
import { unzipSync } from "fflate";
import Papa from "papaparse";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { give, type Studio } from "../../scripts/studio/driver.mjs";
import { tinyEncoder } from "../models/tiny-encoder.js";
import type { ModelServer } from "../pages/model-server.js";
import { openModel, teach } from "./chat-page.js";
import { helpDesk } from "./help-desk.js";
import {
  answered,
  begin,
  finished,
  openTable,
  resultOf,
  saved,
  table,
  tableOf,
  tinyStudio,
  toTraining,
} from "./tiny-studio.js";

let studio: Studio;
let models: ModelServer;

/** Makes the browser's storage full for a page. Chromium asks for its database's free space too seldom: it is refused in the page. */
async function fill(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(studio.url).origin, quotaSize: 1 });
  await page.evaluate(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
  });
}
/** Ends it, for the pages after this one. */
async function makeRoom(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(studio.url).origin });
  await page.close();
}
/** In a worker: the sixth list of stored files, and so the training, waits for `letGo`. */
function waitAtSixthList(): void {
  const { createWritable } = FileSystemFileHandle.prototype;
  const waiting = new Promise<void>((letGo) => Object.assign(globalThis, { letGo }));
  let lists = 0;
  FileSystemFileHandle.prototype.createWritable = async function (options) {
    if (this.name.startsWith("list.") && ++lists >= 6) await waiting;
    return createWritable.call(this, options);
  };
}
const banner = (page: Page) => page.locator(".banners [role=alert]").innerText();

beforeAll(async () => {
  ({ studio, models } = await tinyStudio(await tinyEncoder()));
});
afterAll(() => studio?.end());

// First, because Chromium asks for an origin's free space only once in half a minute if there was enough.
it("where storage is full, a change is said not to be stored, and stays in the tab", async () => {
  const page = await studio.open();
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(studio.url);
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
  const banner = page.locator(".banners [role=alert]");
  expect(await banner.innerText()).toBe("");
  await give(page, "films.csv", table);
  await expect.poll(() => banner.innerText()).toContain("could not store your last change");
  await page.getByText("120 rows").first().waitFor();
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  await page.getByRole("button", { name: "Remove row 4" }).first().click();
  await expect.poll(() => banner.innerText()).toBe("");
  // The settings are stored with the table.
  await toTraining(page);
  await page.getByLabel("Thorough").check();
  await page.reload();
  await page.getByText("119 rows").first().waitFor();
  expect(await page.getByLabel("Thorough").isChecked()).toBe(true);
  await page.getByText("Details").click();
  expect(await page.getByLabel("Longest text, in tokens").inputValue()).toBe("32");
  await page.close();
});

/** In the page: the names of what a run has stored; with `damage`, its files are then deleted. */
async function storedByRun(damage: boolean): Promise<string> {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("lowrank-runs-1");
  let lists = "";
  for await (const run of root.values())
    for await (const file of (run as FileSystemDirectoryHandle).values())
      if (file.name.startsWith("list.")) lists += await (await (file as FileSystemFileHandle).getFile()).text();
      else if (damage) await (run as FileSystemDirectoryHandle).removeEntry(file.name);
  return lists;
}

it("where files of a paused training are missing, the page says so, and it starts anew with the model that is there", async () => {
  const rows = helpDesk.slice(0, 40).flatMap(({ question, answer }, i) => [
    { question, text: answer, label: "yes" },
    { question, text: helpDesk[(i + 7) % 40]!.answer, label: "no" },
  ]);
  const page = await studio.open("rank");
  await give(page, "answers.csv", Papa.unparse(rows));
  await page.getByLabel("Quick try").check();
  await page.getByText("Details").click();
  await page.getByRole("spinbutton", { name: "Steps" }).fill("400");
  await page.getByRole("spinbutton", { name: "Steps" }).press("Tab");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.locator(".learning .done").getByText(/^[1-9]\d* of 400$/).waitFor(); // prettier-ignore
  await expect.poll(() => page.evaluate(storedByRun, false), { timeout: 30_000 }).toContain("checkpoint");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("Training on “answers.csv” is not finished.").waitFor();
  const fetched = models.requests("all-MiniLM-L6-v2/model.safetensors").length;
  expect(fetched).toBeGreaterThan(0);
  await page.evaluate(storedByRun, true);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("The browser deleted what this page had stored.").waitFor();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Trained on “answers.csv”.").waitFor({ timeout: 60_000 });
  expect(models.requests("all-MiniLM-L6-v2/model.safetensors")).toHaveLength(fetched);
  await page.close();
});

it("where storage is full during a training, it says so, goes on from its checkpoint, and its result can be downloaded", async () => {
  const page = await openTable(studio);
  await page.getByLabel("Thorough").check();
  await begin(page);
  await page.getByText(/^Saved up to step [1-9]/).waitFor({ timeout: 60_000 });
  await fill(page);
  await finished(page);
  expect(await banner(page)).toContain("could not store your last change");
  await page.getByRole("link", { name: "Download" }).first().click();
  const { bytes } = await saved(page, "Save: Adapted model");
  expect(Object.keys(unzipSync(bytes))).toContain("adapter_model.safetensors");
  await makeRoom(page);
});

it("where it is full, the search is trained too", async () => {
  const page = await studio.open("search");
  const start = page.getByRole("button", { name: "Start training" });
  await give(page, "help-desk.csv", Papa.unparse([...helpDesk]));
  await page.getByLabel("What are you looking for?").waitFor();
  await fill(page);
  await page.getByLabel("Quick try").check();
  await start.click();
  await page.getByText("Trained on “help-desk.csv”.").waitFor({ timeout: 60_000 });
  expect(await page.locator(".problem").allInnerTexts()).toEqual([]);
  expect(await banner(page)).toContain("could not store your last change");
  await makeRoom(page);
});

it("where it is full, a language model is trained twice, and the first adapter is used beside the second", async () => {
  const page = await studio.open("chat");
  await openModel(page, "llama", "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}");
  await fill(page);
  await teach(page, "warm.csv", "a warm and funny story");
  await teach(page, "cold.csv", "no, nobody knows that");
  await page.getByRole("button", { name: "Compare with “warm.csv”" }).click();
  await expect.poll(() => page.locator(".adapter .name").allInnerTexts()).toEqual(["cold.csv", "warm.csv"]);
  expect(await page.locator(".problem").allInnerTexts()).toEqual([]);
  expect(await banner(page)).toContain("could not store your last change");
  await makeRoom(page);
});

it("where a site's data are cleared during a training, the page says so, and the training can be continued", async () => {
  // Many rows and one per step make several checkpoints.
  const page = await openTable(studio, tableOf(240));
  await page.getByLabel("Thorough").check();
  await page.getByLabel(/^Rows per step/).fill("1");
  await page.getByLabel(/^Rows per step/).press("Tab");
  const [worker] = await Promise.all([page.waitForEvent("worker"), begin(page)]);
  await worker.evaluate(waitAtSixthList);
  await page.getByText(/^Saved up to step [1-9]/).waitFor({ timeout: 60_000 });
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(studio.url);
  await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
  await worker.evaluate(() => (globalThis as { letGo?: () => void }).letGo!());
  await page.getByText("The browser deleted what this page had stored.").waitFor();
  // Requests may fail until the service worker, which was cleared too, has let go of the page.
  const again = page.getByRole("button", { name: "Continue" });
  await expect
    .poll(
      async () => {
        if (await again.isVisible()) await again.click();
        return resultOf(page, 96).isVisible();
      },
      { timeout: 90_000, interval: 1000 },
    )
    .toBe(true);
  expect((await answered(page, "the story was warm")).label).toBe("good");
  // And what came after is there at the next visit.
  await page.reload();
  await finished(page, 96);
  await page.close();
});
