// @needs browser
// @rest studio
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { give, type Studio } from "../../scripts/studio/driver.mjs";
import { tinyEncoder } from "../models/tiny-encoder.js";
import type { ModelServer } from "../pages/model-server.js";
import { begin, finished, table, tinyStudio, toTraining } from "./tiny-studio.js";

let studio: Studio;
let models: ModelServer;
let page: Page;
beforeAll(async () => {
  ({ studio, models } = await tinyStudio(await tinyEncoder()));
  await studio.context.addInitScript(watchPanes);
  page = await studio.open();
}, 60_000);
afterAll(() => studio?.end());

/** In the page: notes each pane that shows nothing but its heading, and what screen readers announce. */
function watchPanes() {
  // Its cache would answer what this test holds back.
  delete (Navigator.prototype as { serviceWorker?: unknown }).serviceWorker;
  const [empty, said]: [Set<string>, string[]] = [new Set(), []];
  Object.assign(globalThis, { empty, said });
  const shows = (pane: Element) => {
    if (pane.querySelector("canvas, svg, img, input, textarea, select, button, progress") !== null) return true;
    const text = [...pane.querySelectorAll("h1, h2, h3, .hidden")].reduce(
      (rest, { textContent }) => rest.replace(textContent, ""),
      pane.textContent,
    );
    return text.trim() !== "";
  };
  const look = () => {
    for (const pane of document.querySelectorAll("main, main section, main .learning, main .curve, main .beside > *"))
      if (pane.isConnected && !shows(pane)) empty.add(`${location.hash} ${pane.tagName} ${pane.className}`);
    for (const { textContent } of document.querySelectorAll("[role=status], [role=alert], [aria-live]"))
      if (textContent !== "" && said.at(-1) !== textContent) said.push(textContent);
  };
  const observe = () =>
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  observe();
}
const emptyPanes = () => page.evaluate(() => [...(globalThis as unknown as { empty: Set<string> }).empty]);
const announced = () => page.evaluate(() => (globalThis as unknown as { said: string[] }).said.splice(0));

it("a training shows its stages with ticks, time left, and the user's texts that turn right; a screen reader hears the stages alone", async () => {
  const weights = "all-MiniLM-L6-v2/model.safetensors";
  models.manners.set(weights, { holdAfter: 20_000 });
  await give(page, "films.csv", table);
  await page.getByRole("link", { name: "Go on to training" }).waitFor();
  await toTraining(page);
  await announced();
  await begin(page);
  const stages = page.getByRole("list", { name: "Stages of the training" }).getByRole("listitem");
  const current = () => page.locator(".stages [aria-current=step]").innerText();
  await page.getByText(/^\d+ MB \/ \d+ MB$/).waitFor();
  expect(await current()).toBe("Loading the model");
  expect(await stages.allInnerTexts()).toHaveLength(5);
  models.manners.clear();
  models.release();
  // Rows of the validation, which are the user's own.
  const watch = page.getByRole("region", { name: "Texts that it was not trained on" });
  await watch.waitFor();
  expect(await watch.locator("p").first().innerText()).toMatch(/^Right: \d+ of \d+ texts; at the start \d+\.$/);
  for (const text of await watch.locator(".text").allInnerTexts()) expect(table).toContain(text);
  await expect.poll(current).toBe("Training");
  expect(await page.locator(".stages [data-state=done]").allTextContents()).toEqual(
    ["Loading the model", "Reading the texts", "Simple model, for comparison"].map((title) => `${title} (done)`),
  );
  await page.locator(".live .facts").getByText(/left$/).waitFor();
  await finished(page);
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
  const heard = await announced();
  expect(heard).toContain("Training");
  // No count of steps, and no stage twice.
  expect(heard.filter((text) => /\d/.test(text))).toEqual([]);
  expect(new Set(heard).size).toBe(heard.length);
});

it("no step and no page is empty while its code is on the way, and none was during the training", async () => {
  for (const view of ["take", "chat", "search", "rank", "compare", "together", "kernels", "data", "train", "judge"]) {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route("**/assets/*.js", async (route) => (await held, await route.continue()));
    await page.evaluate((name) => (location.hash = name), view);
    await page.locator(`a[href="#${view}"][aria-current]`).first().waitFor({ state: "attached" });
    expect(await page.locator("main").innerText(), view).not.toBe("");
    release();
    await page.locator("main h1, main h2").first().waitFor();
    await page.unroute("**/assets/*.js");
  }
  expect(await emptyPanes()).toEqual([]);
});
