// @needs browser
// @rest studio
import { afterAll, beforeAll, expect, it } from "vitest";
import { Studio } from "../../scripts/studio/driver.mjs";

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start();
});
afterAll(() => studio?.end());

it(
  "the kernels are measured beside the most that there can be, with one thread and with more",
  { timeout: 120_000 },
  async () => {
    const page = await studio.open("kernels");
    await page.getByRole("button", { name: "Measure" }).click();
    await page.getByRole("button", { name: "Measure again" }).waitFor({ timeout: 100_000 });
    expect(await page.locator(".problem").allInnerTexts()).toEqual([]);
    const headings = await page.locator(".bars h2").allInnerTexts();
    const threads = headings.map((text) => Number(/^\d+/.exec(text)![0]));
    expect(threads[0]).toBe(1);
    expect(threads.length).toBe((await page.evaluate(() => navigator.hardwareConcurrency)) > 1 ? 2 : 1);
    for (const [i, count] of threads.entries()) {
      const rates = (await page.locator(".bars").nth(i).locator(".scale .hint").allInnerTexts()).map((text) =>
        Number(/^[\d.]+/.exec(text)![0]),
      );
      const shares = (await page.locator(".bars").nth(i).locator(".share").allInnerTexts()).map((text) =>
        parseFloat(text),
      );
      const peak = rates.at(-1)!;
      expect(rates).toHaveLength(5);
      // Whatever else the machine does, a product is what it is of what was measured around it.
      for (const [k, rate] of rates.entries())
        expect(Math.abs(100 * Math.min(rate / peak, 1) - shares[k]!)).toBeLessThan(1.5);
      expect(Math.max(...rates.slice(0, 4))).toBeGreaterThan(0.05 * peak);
      expect(peak).toBeGreaterThan(count);
    }
    await page.close();
  },
);
