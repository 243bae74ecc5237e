// @needs browser
// @rest studio
import { readdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Page } from "playwright";
import { seriousIn, type Studio } from "../../scripts/studio/driver.mjs";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { openTable, tinyStudio } from "./tiny-studio.js";

let studio: Studio;
let page: Page;
beforeAll(async () => {
  ({ studio } = await tinyStudio(await tinyEncoder()));
  page = await openTable(studio);
});
afterAll(() => studio?.end());

it("its two fonts have at most 60 kB with their licences beside them, and are those that the page shows", async () => {
  const folder = fileURLToPath(new URL("../../web/src/style/fonts/", import.meta.url));
  const names = await readdir(folder);
  expect(names.filter((name) => name.endsWith(".OFL.txt"))).toEqual([
    "source-sans-3.OFL.txt",
    "source-serif-4.OFL.txt",
  ]);
  const sizes = await Promise.all(names.filter((name) => name.endsWith(".woff2")).map((name) => stat(folder + name)));
  expect(sizes.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(60_000);
  const shown = await page.evaluate(async () => {
    await document.fonts.ready;
    return [...document.fonts]
      .filter(({ family }) => /^"?Studio (Sans|Serif)"?$/.test(family))
      .map(({ family, style, status }) => [family.replaceAll('"', ""), style, status]);
  });
  const loaded = shown.filter(([, , status]) => status === "loaded").map(([family, style]) => `${family} ${style}`);
  expect(loaded).toEqual(expect.arrayContaining(["Studio Sans normal", "Studio Serif normal"]));
});

it.each([
  ["more contrast", { contrast: "more" }],
  ["more contrast, dark", { contrast: "more", colorScheme: "dark" }],
  ["colours of the system", { forcedColors: "active" }],
] as const)(
  "with %s, axe finds nothing serious, and what a button and a select are stays visible",
  async (_, media) => {
    await page.emulateMedia(media);
    expect(await seriousIn(page)).toEqual([]);
    const borders = await page
      .locator("main :is(button, select):visible")
      .evaluateAll((all) =>
        all
          .map((one) => getComputedStyle(one))
          .map(({ borderTopWidth, borderTopColor }) => [borderTopWidth, borderTopColor]),
      );
    expect(borders.length).toBeGreaterThan(1);
    expect(borders.filter(([width, colour]) => width !== "1px" || colour === "rgba(0, 0, 0, 0)")).toEqual([]);
    await page.emulateMedia({ contrast: "no-preference", colorScheme: "light", forcedColors: "none" });
  },
);

it("with reduced motion nothing moves", async () => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.getByRole("link", { name: "Data" }).click();
  await page.locator("main h1").waitFor();
  const lasting = () =>
    page.evaluate(
      () => document.getAnimations().filter(({ effect }) => Number(effect!.getComputedTiming().duration) > 0).length,
    );
  expect(await lasting()).toBe(0);
  await page.emulateMedia({ reducedMotion: "no-preference" });
});
