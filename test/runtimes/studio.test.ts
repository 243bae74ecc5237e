import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveStudio } from "../../scripts/studio/driver.mjs";
import { readAdapter } from "../../ts/io/peft/index.js";
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

type Site = Awaited<ReturnType<typeof serveStudio>>;
let small: Site;
let real: Site;
beforeAll(async () => {
  small = await serveStudio({ models: serveTiny(await tinyEncoder()).answer });
  real = await serveStudio();
});
afterAll(async () => {
  await small?.close();
  await real?.close();
});

describe.each(["firefox", "webkit"] as const)("%s", (name) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser(name);
  });
  afterAll(() => browser?.close());

  it("trains on a table that is pasted, answers, and remembers the run and its answers at the next visit", async () => {
    const page = await browser.openPage(small.url);
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
    const again = await browser.openPage(`${small.url}#judge`);
    await does(again, `await seen("Measured once, on 24 texts")`);
    expect(await does(again, `return ask("the story was warm and bright")`)).toEqual(answer);
    await again.close();
  });

  it("learns the example to 80 % and more, and saves an adapter that reads back", async () => {
    const page = await browser.openPage(real.url);
    const [share, zip] = (await does(
      page,
      `await click("Try the example");
       await click("Go on to training");
       await click("Quick look");
       await click("Start training");
       await seen("Measured once, on 80 texts");
       const sides = [...document.querySelectorAll(".sides div")];
       const share = parseFloat(sides.find((side) => side.innerText.startsWith("Head and adapter")).querySelector(".big").innerText);
       const saved = new Promise((resolve) => (HTMLAnchorElement.prototype.click = function () { resolve(fetch(this.href)); }));
       location.hash = "#take";
       await click("Save: Adapter and head");
       const bytes = new Uint8Array(await (await saved).arrayBuffer());
       return [share, btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))];`,
    )) as [number, string];
    expect(share).toBeGreaterThanOrEqual(80);
    expect(readAdapter(unzipSync(Buffer.from(zip, "base64"))).layers.size).toBe(18);
    await page.close();
  });
});
