// @needs browser
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { chromiumArguments, findChromium } from "../../scripts/browsers/chromium.mjs";
import { serveSite } from "../../scripts/site/serve-site.mjs";
import { buildSpeedPage } from "../../scripts/site/speed-page.mjs";
import type { GpuReport } from "../../ts/cli/timing/gpu-timing.js";

const folder = mkdtempSync(join(tmpdir(), "lowrank-speed-"));
let site: Awaited<ReturnType<typeof serveSite>>;
let browser: Browser;
beforeAll(async () => {
  await buildSpeedPage(folder);
  site = await serveSite({ folder });
  const args = [...chromiumArguments, "--enable-unsafe-webgpu"];
  browser = await chromium.launch({ executablePath: findChromium()!, args });
});
afterAll(async () => {
  await browser?.close();
  site?.close();
  rmSync(folder, { recursive: true });
});

const atMost = (most: number) => expect.toSatisfy((value: number) => value > 0 && value <= most, `at most ${most}`);

it("How fast is my GPU shows the GPU beside WebAssembly, and saves both as JSON", { timeout: 120_000 }, async () => {
  const page = await browser.newPage();
  await page.goto(`${site.url}?seconds=0.001&models=small`);
  await page.getByRole("button", { name: "Measure" }).click();
  const saving = page.getByRole("button", { name: "Save as JSON" });
  await saving.or(page.getByText("It failed")).waitFor({ timeout: 100_000 });
  const [download] = await Promise.all([page.waitForEvent("download"), saving.click()]);
  const report = JSON.parse(readFileSync(await download.path(), "utf8")) as GpuReport;
  expect(report.runtime).toContain("Chrome/");
  expect(report.adapter).toMatchObject({ vendor: "google", architecture: "swiftshader", software: true });
  // The page is isolated, as the site is: its threads have started from the files beside it.
  expect(report.wasm.threads).toBe(await page.evaluate("Math.min(navigator.hardwareConcurrency, 16)"));
  for (const { difference } of [...report.timings, ...report.models]) expect(difference).toBeLessThan(2e-6);
  // Random weights, so that nothing was fetched; by the same calls as models of files.
  expect(report.models.map(({ model, work, shape, random }) => [model, work, shape, random])).toEqual([
    ["small encoder", "encode", "2×4", true],
    ["small encoder", "LoRA step", "2×4", true],
    ["small language model", "prompt", "8", true],
    ["small language model", "generation", "8", true],
    ["small language model", "LoRA step", "2×4", true],
  ]);
  for (const { gpu, wasm, ratio } of report.models) {
    expect(gpu.tokensPerSecond).toBeGreaterThan(0);
    expect(gpu.median).toBeGreaterThanOrEqual(gpu.fastest);
    expect(ratio).toBe(wasm.fastest / gpu.fastest);
  }
  // What decides speed on every GPU: a token is one submission that reads one row of logits, a step one that reads a loss and a norm.
  const counts = Object.fromEntries(report.models.map(({ model, work, counts }) => [`${model}: ${work}`, counts]));
  const row = (bytesRead: number, dispatches: number, bytesUploaded: number) => ({
    bytesRead,
    submissions: 1,
    dispatches: atMost(dispatches),
    bytesUploaded: atMost(bytesUploaded),
  });
  expect(counts).toEqual({
    "small encoder: encode": row(4 * 2 * 32, 32, 336),
    "small encoder: LoRA step": row(8, 132, 756),
    "small language model: prompt": row(4 * 96, 35, 1276),
    "small language model: generation": row(4 * 96, 35, 424),
    "small language model: LoRA step": row(8, 209, 1964),
  });
  const shown = await page.locator("td:nth-child(2)").allTextContents();
  expect(shown).toEqual([...report.timings, ...report.models].map(({ shape }) => shape));
  expect(shown).toContain("4×8×8×2");
  const names = await page.locator("td:first-child").allTextContents();
  expect(names).toContain("generation, small language model's shape");
  const status = await page.getByRole("status").textContent();
  expect(status).toContain("software adapter: these times say nothing about a GPU");
  await page.close();
});

it("How fast is my GPU says so where there is no WebGPU", async () => {
  const page = await browser.newPage();
  await page.addInitScript(() => void Reflect.deleteProperty(Object.getPrototypeOf(navigator), "gpu"));
  await page.goto(site.url);
  await page.getByRole("status").getByText("This browser has no WebGPU").waitFor();
  expect(await page.getByRole("button", { name: "Measure" }).isDisabled()).toBe(true);
  await page.close();
});

it("How fast is my GPU says before it measures that a browser offers no adapter", async () => {
  // Without the switch that accepts the software adapter.
  const without = await chromium.launch({ executablePath: findChromium()!, args: chromiumArguments });
  try {
    const page = await without.newPage();
    await page.goto(site.url);
    expect(await page.evaluate("navigator.gpu.requestAdapter()")).toBeNull();
    await page.getByRole("status").getByText("This browser offers no GPU").waitFor();
    expect(await page.getByRole("button", { name: "Measure" }).isDisabled()).toBe(true);
  } finally {
    await without.close();
  }
});
