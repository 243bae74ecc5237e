import { afterAll, beforeAll, expect, it } from "vitest";
import { serveStudio } from "../../scripts/studio/driver.mjs";
import { type Browser, launchBrowser, type Page } from "../browsers/browser.mjs";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { serveTiny, table } from "../studio/tiny-studio.js";

/** What a person does and sees, by what is written on it. */
const person = `
  const until = async (look) => {
    for (;;) {
      const found = look();
      if (found) return found;
      const failed = document.querySelector("[role=alert]");
      if (failed) throw new Error(failed.innerText);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const named = (element) => element.getAttribute("aria-label") ?? element.innerText;
  const click = async (name) => {
    const all = () => [...document.querySelectorAll("button:enabled, a, label")];
    (await until(() => all().find((element) => named(element).trim().startsWith(name)))).click();
  };
  const seen = (text) => until(() => document.body.innerText.includes(text));
  const fill = async (selector, text) => {
    const field = await until(() => document.querySelector(selector));
    const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value");
    set.call(field, text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const ask = async (text) => {
    await fill(".ask input", text);
    await click("Ask");
    await until(() => document.querySelector(".answers blockquote")?.innerText === text);
    const best = await until(() => document.querySelector("div.odds.adapter li"));
    return [best.querySelector(".name").innerText, best.querySelector(".number").innerText];
  };
`;
const does = (page: Page, work: string) => page.evaluate(`(async () => { ${person} ${work} })()`);

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
    `await click("Paste rows");
     await fill("dialog textarea", ${JSON.stringify(table)});
     await click("Use these rows");
     await seen("120 rows");
     await click("Go on to training");
     await click("Quick look");
     document.querySelector(".details").open = true;
     const field = [...document.querySelectorAll("label")].find((label) => label.innerText.startsWith("Tokens")).querySelector("input");
     field.id = "tokens";
     await fill("#tokens", "32");
     await click("Start training");`,
  );
  expect(await page.evaluate("crossOriginIsolated")).toBe(true);
  await does(page, `await seen("Measured once, on 24 texts")`);
  const answer = (await does(page, `return ask("the story was warm and bright")`)) as [string, string];
  expect(answer[0]).toBe("good");
  await page.close();
  const again = await browser.openPage(`${site.url}#judge`);
  await does(again, `await seen("Measured once, on 24 texts")`);
  expect(await does(again, `return ask("the story was warm and bright")`)).toEqual(answer);
  await again.close();
});
