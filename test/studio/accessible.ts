import type { Page } from "playwright";
import { expect } from "vitest";
import { seriousIn } from "../../scripts/studio/driver.mjs";

/** axe finds nothing serious in what a page shows, light and dark, and nothing is wider than a narrow screen. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const theme of ["light", "dark"]) {
    await page.evaluate((name) => (document.documentElement.dataset["theme"] = name), theme);
    expect(await seriousIn(page)).toEqual([]);
  }
  await page.setViewportSize({ width: 340, height: 700 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(340);
  await page.setViewportSize({ width: 1280, height: 860 });
}
