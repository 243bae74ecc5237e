import { afterAll, beforeAll, expect, it } from "vitest";
import { serveStudio } from "../../scripts/studio/driver.mjs";
import { type Browser, launchBrowser } from "../browsers/browser.mjs";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { serveTiny, table } from "../studio/tiny-studio.js";
import { does } from "./person.js";

let site: Awaited<ReturnType<typeof serveStudio>>;
let browser: Browser;
beforeAll(async () => {
  site = await serveStudio({ models: serveTiny(await tinyEncoder()).answer });
  browser = await launchBrowser("firefox");
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

it("trains in Firefox with its threads, answers, and remembers the run and its answers at the next visit", async () => {
  const page = await browser.openPage(site.url);
  await does(
    page,
    `await paste(${JSON.stringify(table)});
     await seen("120 rows");
     await trainQuickly();`,
  );
  expect(await page.evaluate("crossOriginIsolated")).toBe(true);
  await does(page, `await seen("Measured once, on 24 texts")`);
  const answer = await does<[string, string]>(page, `return ask("the story was warm and bright")`);
  expect(answer[0]).toBe("good");
  await page.close();
  const again = await browser.openPage(`${site.url}#judge`);
  await does(again, `await seen("Measured once, on 24 texts")`);
  expect(await does(again, `return ask("the story was warm and bright")`)).toEqual(answer);
  await again.close();
});
