import { afterAll, beforeAll, expect, it } from "vitest";
import { give, type Studio } from "../../scripts/studio/driver.mjs";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { answered, begin, finished, openTable, table, tinyStudio } from "./tiny-studio.js";

let studio: Studio;
beforeAll(async () => {
  ({ studio } = await tinyStudio(await tinyEncoder()));
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
  await page.reload();
  await page.getByText("119 rows").first().waitFor();
  await page.close();
});

it("where a site's data are cleared during a training, the page says so, and the training can be continued", async () => {
  const page = await openTable(studio);
  await page.getByLabel("Thorough").check();
  await begin(page);
  await page.getByText(/^Saved up to step [1-9]/).waitFor({ timeout: 60_000 });
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(studio.url);
  await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
  await page.getByText("The browser deleted what this page had stored.").waitFor();
  // Requests may fail until the service worker, which was cleared too, has let go of the page.
  const result = page.getByText(/^Measured once, on 24 texts/);
  const again = page.getByRole("button", { name: "Continue" });
  await expect
    .poll(
      async () => {
        if (await again.isVisible()) await again.click();
        return result.isVisible();
      },
      { timeout: 60_000, interval: 1000 },
    )
    .toBe(true);
  expect((await answered(page, "the story was warm")).label).toBe("good");
  // And what came after is there at the next visit.
  await page.reload();
  await finished(page);
  await page.close();
});
