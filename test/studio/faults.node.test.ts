import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { give, Studio } from "../../scripts/studio/driver.mjs";
import { readSafetensors, writeSafetensors } from "../../ts/io/safetensors/index.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { ModelServer } from "../pages/model-server.js";

const models = new ModelServer();
const weights = "all-MiniLM-L6-v2/model.safetensors";
const MEGABYTE = 1024 * 1024;
let studio: Studio;

/** A tiny encoder whose file is as long as a download that can be cut. */
async function longModel(): Promise<Record<string, Uint8Array>> {
  const files = await tinyEncoder();
  const read = readSafetensors(files["model.safetensors"]!);
  const tensors = read.names.map((name) => [name, read.tensor(name)] as const);
  const ballast = { shape: [4 * MEGABYTE], data: new Float32Array(4 * MEGABYTE) };
  return { ...files, "model.safetensors": writeSafetensors([...tensors, ["ballast", ballast]]) };
}

const start = (isolated: boolean) =>
  Studio.start({
    isolated,
    models: (request, response) => {
      if (/\.json$/.test(request.url!)) response.setHeader("Content-Type", "application/json");
      models.answer(request.url!.slice(1).split("?")[0]!, request, response);
    },
  });

beforeAll(async () => {
  models.add("all-MiniLM-L6-v2", await longModel());
  studio = await start(false);
  // Where a test can end them, as a browser does that runs out of memory.
  await studio.context.addInitScript(() => {
    const started: Worker[] = [];
    Object.assign(globalThis, { started });
    globalThis.Worker = class extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        started.push(this);
      }
    };
  });
});
afterAll(() => studio?.end());

const words = { good: ["warm", "funny", "lovely", "bright"], bad: ["cold", "dull", "awful", "grim"] };
const rows = Object.entries(words).flatMap(([label, known]) =>
  Array.from({ length: 60 }, (_, i) => `the story was ${known[i % 4]} and ${i} the music,${label}`),
);
const table = `text,label\n${rows.join("\n")}\n`;

/** A tab with the table, about to train. */
async function open(): Promise<Page> {
  const page = await studio.open();
  const another = page.getByRole("button", { name: "Use another table" });
  await page.locator(".bring, div.how-read").first().waitFor();
  if (await another.isVisible()) await another.click();
  await give(page, "films.csv", table);
  await page.getByRole("link", { name: "Go on to training" }).click();
  // As many as the tiny model has positions.
  await page.getByText("Details").click();
  await page.getByLabel("Tokens that texts are cut to").fill("32");
  await page.getByLabel("Tokens that texts are cut to").press("Tab");
  return page;
}
const endWorkers = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { started: Worker[] }).started.forEach((worker) => worker.terminate()));
const alert = (page: Page) => page.getByRole("alert").innerText();
const begin = (page: Page) => page.getByRole("button", { name: "Start training" }).click();
const goOn = (page: Page) => page.getByRole("button", { name: "Go on" }).click();
const finished = (page: Page) => page.getByText(/^Measured once, on 24 texts/).waitFor({ timeout: 60_000 });

it("a download that is cut goes on where it was, and one that is damaged is refused and fetched anew", async () => {
  const page = await open();
  models.manners.set(weights, { holdAfter: 13 * MEGABYTE });
  await begin(page);
  await page.getByText(/^1[0-9] MB \/ /).waitFor();
  models.manners.clear();
  models.cut();
  await expect.poll(() => alert(page)).toContain("The model could not be fetched");
  models.asked.length = 0;
  await goOn(page);
  await finished(page);
  expect(Number(/^bytes=(\d+)-$/.exec(models.requests(weights)[0]!.range!)![1])).toBeGreaterThan(MEGABYTE);

  await page.evaluate(async () => {
    const folder = await navigator.storage.getDirectory();
    for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys())
      await folder.removeEntry(name, { recursive: true });
  });
  await page.close();
  const again = await open();
  models.manners.set(weights, { body: new Uint8Array(16 * MEGABYTE).fill(7), etag: '"two"' });
  await begin(again);
  await expect.poll(() => alert(again)).toContain("came damaged");
  models.manners.clear();
  await goOn(again);
  await finished(again);
  await again.close();
});

it("without isolation it works with one thread; where the worker is killed, training and asking go on", async () => {
  const page = await open();
  await page.getByLabel("Thorough").check();
  await page.getByLabel("Examples a step").fill("128");
  await page.getByLabel("Examples a step").press("Tab");
  await begin(page);
  await page.getByText(/^Safe up to step [1-9]/).waitFor({ timeout: 60_000 });
  await expect.poll(() => page.locator(".live").innerText()).toContain("1 thread");
  await endWorkers(page);
  await finished(page);
  const ask = async (text: string, label: string) => {
    await page.getByPlaceholder("A sentence of your own").fill(text);
    await page.getByRole("button", { name: "Ask" }).click();
    await expect.poll(() => page.locator("div.odds.adapter li .name").first().innerText()).toBe(label);
    await page.locator("div.odds.head li").first().waitFor();
  };
  await ask("the story was warm", "good");
  await endWorkers(page);
  await ask("the story was grim", "bad");
  expect(await page.locator(".problem").count()).toBe(0);
  await page.close();
});

it("where there is no room it says so and goes on once there is", async () => {
  const page = await open();
  const session = await page.context().newCDPSession(page);
  const origin = new URL(studio.url).origin;
  await page.evaluate(async () => {
    const folder = await navigator.storage.getDirectory();
    for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys())
      await folder.removeEntry(name, { recursive: true });
  });
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 6 * MEGABYTE });
  await begin(page);
  await expect.poll(() => alert(page)).toContain("too little room");
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  await goOn(page);
  await finished(page);
  await page.close();
});
