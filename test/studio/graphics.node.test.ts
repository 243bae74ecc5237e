// @needs browser
// @rest studio
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { give, type Studio } from "../../scripts/studio/driver.mjs";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { begin, finished, table, tinyStudio, toTraining } from "./tiny-studio.js";

let studio: Studio;
beforeAll(async () => {
  ({ studio } = await tinyStudio(await tinyEncoder(), { args: ["--enable-unsafe-webgpu"] }));
}, 60_000);
afterAll(() => studio?.end());

/** In a worker: keeps the device that it asks for. */
function keepDevice() {
  if (typeof GPUAdapter === "undefined") return;
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...rest) {
    const device = await requestDevice.apply(this, rest);
    Object.assign(globalThis, { device });
    return device;
  };
}
/** Destroys it. Threads of the pool sleep and do not answer, so nothing waits. */
function destroyDevice(page: Page): void {
  for (const worker of page.workers())
    worker.evaluate(() => (globalThis as { device?: GPUDevice }).device?.destroy()).catch(() => undefined);
}

it("trains on the graphics card if it is chosen, says so, and continues on the processor when it fails", async () => {
  const page = await studio.open();
  page.on("worker", (worker) => void worker.evaluate(keepDevice).catch(() => undefined));
  await give(page, "films.csv", table);
  await toTraining(page);
  // A program on the processor is offered only to those who ask for it.
  await page.evaluate(() => navigator.gpu.requestAdapter());
  expect(await page.getByLabel("Train on").count()).toBe(0);

  await page.goto(`${studio.url}?gpu=software#train`);
  await page.getByText("Details").click();
  await page.getByLabel("Train on").selectOption("webgpu");
  expect(await page.locator("#hint-device").innerText()).toMatch(/^this is a program on the processor/);
  // A program on the processor is slow.
  await page.getByLabel("Rows per step (batch size)").fill("2");
  await page.getByLabel("Rows per step (batch size)").press("Tab");
  await page.getByText("Quick look").click();
  await begin(page);
  await page.getByText(/^on the graphics card: .*swiftshader/i).waitFor({ timeout: 90_000 });
  destroyDevice(page);
  await page.getByText("The graphics card could not be used. The training runs on the processor.").waitFor();
  await finished(page);
});
