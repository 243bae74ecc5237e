import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { unzipSync } from "fflate";
import type { Page } from "playwright";
import { expect } from "vitest";
import { seriousIn, type Studio } from "../../scripts/studio/driver.mjs";
import { begin, saved } from "./tiny-studio.js";

/** Asks, and waits for the answer. */
export const ask = async (page: Page, text: string) => {
  await page.getByPlaceholder("A sentence of your own").fill(text);
  await page.getByRole("button", { name: "Ask" }).click();
  await page.locator(".ask .answers blockquote", { hasText: text }).waitFor();
};

/** Begins a long training that shows this metric, pauses it at its first checkpoint, reloads the page, and goes on. */
export async function trainWithBreak(page: Page, metric: RegExp): Promise<void> {
  await page.getByLabel("Thorough").check();
  await begin(page);
  await page.getByText(metric).waitFor({ timeout: 60_000 });
  await page.getByText(/^Saved up to step/).waitFor({ timeout: 60_000 });
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Continue" }).waitFor({ timeout: 60_000 });
  await page.reload();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText(/^Measured once, on 32 texts/).waitFor({ timeout: 60_000 });
  await page.locator(".headline summary").click();
}

/** Nothing serious is found by axe, and nothing is wider than a narrow screen, in both languages. */
export async function fits(page: Page, english: string, german: string): Promise<void> {
  expect(await seriousIn(page)).toEqual([]);
  await page.setViewportSize({ width: 340, height: 700 });
  const width = () => page.evaluate(() => document.documentElement.scrollWidth);
  await expect.poll(width).toBeLessThanOrEqual(340);
  for (const [tag, said] of [
    ["de", german],
    ["en", english],
  ] as const) {
    // prettier-ignore
    await page.locator('button[popovertarget="appearance"]').click();
    await page.locator("#appearance select").first().selectOption(tag);
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: said }).first().waitFor();
    await expect.poll(width).toBeLessThanOrEqual(340);
  }
  await page.setViewportSize({ width: 1280, height: 860 });
}

/** The file that answers by itself, opened from a disk. */
export async function alone(studio: Studio, page: Page, title: string, text: string): Promise<string> {
  const { name, bytes } = await saved(page, `Save: ${title}`);
  const place = join(studio.folder, name);
  await writeFile(place, bytes);
  const opened = await studio.context.newPage();
  await opened.goto(pathToFileURL(place).href);
  await opened.getByText("Ready.").waitFor();
  await opened.getByLabel("A text, or several").fill(text);
  await opened.locator("#go").click();
  const said = await opened.locator("li").first().innerText();
  await opened.close();
  return said;
}

/** The adapter's zip comes back as a run of the same task. */
export async function loadAgain(page: Page): Promise<Record<string, Uint8Array>> {
  const { bytes } = await saved(page, "Save: Adapted model");
  const load = page.locator(".load input[type=file]");
  await load.setInputFiles({ name: "mine.zip", mimeType: "application/zip", buffer: Buffer.from(bytes) });
  // The row of this file: another test may have loaded one of the same name.
  await page.locator('.history tr[data-shown="true"]', { hasText: "mine.zip" }).waitFor();
  await page.getByRole("link", { name: "Results" }).click();
  await page.getByText("This model was loaded.").waitFor();
  return unzipSync(bytes);
}

/** The report among an adapter's files. */
export const reportOf = <Result>(files: Record<string, Uint8Array>) =>
  JSON.parse(new TextDecoder().decode(files["report.json"])) as { data: { labels: string[] }; result: Result };
