// @needs browser
// @rest studio
import { unzipSync, zipSync } from "fflate";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Studio } from "../../scripts/studio/driver.mjs";
import { decoderAdapter } from "../models/language/golden-decoder.js";
import { expectAccessible } from "./accessible.js";
import { chatPage, openModel, picked, smallModel, teach } from "./chat-page.js";
import { inFolder, serveShown } from "./serving.js";
import { saved } from "./tiny-studio.js";

const template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}";
let studio: Studio;
let page: Page;
beforeAll(async () => {
  ({ studio, page } = await chatPage());
  await openModel(page, "llama", template);
}, 120_000);
afterAll(() => studio?.end());

async function set(field: string, value: string): Promise<void> {
  const box = page.getByLabel(field);
  if (!(await box.isVisible())) await page.locator(".talk > details > summary").click();
  await box.fill(value);
  await box.press("Tab");
}

/** What each side answers to a new conversation's first message, by its heading. */
async function answersTo(said: string): Promise<Record<string, string>> {
  const begin = page.getByRole("button", { name: "New conversation" });
  if (await begin.isVisible()) await begin.click();
  await page.getByLabel("Your message").fill(said);
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".answer").first().waitFor();
  await page.getByRole("button", { name: "Send" }).waitFor();
  expect(await page.locator(".problem").allInnerTexts()).toEqual([]);
  const titles = await page.locator(".answer h3").allInnerTexts();
  const texts = await page.locator(".answer .text").allInnerTexts();
  return Object.fromEntries(titles.map((title, i) => [title, texts[i]!]));
}
const names = () => page.locator(".adapter .name").allInnerTexts();
const useOf = (name: string) => page.getByRole("button", { name: `Use the adapter trained on “${name}”` });
const compareWith = (name: string) => page.getByRole("button", { name: `Compare with “${name}”` });

let both: Record<string, string>;

it(
  "two adapters that were trained here answer side by side, and the model without one",
  { timeout: 240_000 },
  async () => {
    await teach(page, "warm.csv", "a warm and funny story");
    expect(await names()).toEqual(["warm.csv"]);
    expect(await page.locator(".trained-here li").count()).toBe(0);
    await teach(page, "cold.csv", "no, nobody knows that");
    expect(await names()).toEqual(["cold.csv"]);
    await compareWith("warm.csv").click();
    await expect.poll(names).toEqual(["cold.csv", "warm.csv"]);
    await set("Longest answer, in tokens", "12");
    await set("Temperature", "0.9");
    both = await answersTo("Who is number 3?");
    expect(Object.keys(both)).toEqual(["Without the adapter", "With “cold.csv”", "With “warm.csv”"]);
    expect(new Set(Object.values(both)).size).toBe(3);
    await page.getByText("Serve it to other programs").click();
    await expectAccessible(page);
    await page.getByLabel("Also show the answer without the adapter").uncheck();
    expect(Object.keys(await answersTo("Who is number 3?"))).toEqual(["With “cold.csv”", "With “warm.csv”"]);
  },
);

it("the commands for a server serve the model with the saved adapter", { timeout: 60_000 }, async () => {
  const { bytes } = await saved(page, "Save the adapter");
  const model = await smallModel("llama", template);
  const files = { ...inFolder("adapter", unzipSync(bytes)), ...inFolder("tiny", model) };
  const answer = await serveShown(await page.locator(".trained pre").innerText(), files);
  expect(answer).toMatchObject({
    object: "chat.completion",
    model: "mine",
    choices: [{ message: { content: expect.stringMatching(/./) as string } }],
  });
});

it(
  "with the same prompt and seed, an adapter answers the same in either place, also at the next visit",
  { timeout: 120_000 },
  async () => {
    await page.reload();
    await page.locator(".kept .bar-of").first().click();
    await page.getByLabel("Your message").waitFor();
    await useOf("warm.csv").click();
    await expect.poll(names).toEqual(["warm.csv"]);
    await compareWith("cold.csv").click();
    await expect.poll(names).toEqual(["warm.csv", "cold.csv"]);
    await set("Longest answer, in tokens", "12");
    await set("Temperature", "0.9");
    const swapped = await answersTo("Who is number 3?");
    expect(Object.keys(swapped)).toEqual(["Without the adapter", "With “warm.csv”", "With “cold.csv”"]);
    expect(swapped).toEqual(both);
  },
);

it(
  "a further message goes to both, each with its own conversation, and a thumb compares two",
  { timeout: 60_000 },
  async () => {
    await page.getByLabel("Your message").fill("And number 4?");
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator(".turns > li").nth(1).waitFor();
    await page.getByRole("button", { name: "Send" }).waitFor();
    expect(await page.locator(".turns > li").nth(1).locator(".answer").count()).toBe(3);
    const answer = page.locator(".turns > li").nth(0).locator(".answer.second");
    await answer.getByRole("button", { name: "Bad answer" }).click();
    const offered = await page.getByLabel("A better answer").inputValue();
    expect(Object.values(both).map((text) => text.trim())).toContain(offered.trim());
    await page.getByRole("button", { name: "Cancel" }).click();
  },
);

it(
  "one that is removed leaves its place to the other, and one from a file is compared too",
  { timeout: 180_000 },
  async () => {
    await page.getByRole("button", { name: "Remove the adapter" }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(names).toEqual(["cold.csv"]);
    expect(await page.evaluate(() => document.activeElement?.tagName)).not.toBe("BODY");
    const zip = zipSync({ ...(await decoderAdapter("llama")) });
    const second = page.locator(".adapter label", { hasText: "Load a second one to compare" }).locator("input");
    await second.setInputFiles(picked("none.zip", zipSync({ "adapter_config.json": new Uint8Array(2) })));
    await page.getByText("This is not an adapter for this model.").waitFor();
    await second.setInputFiles(picked("other.zip", zip));
    await expect.poll(names).toEqual(["cold.csv", "other"]);
    expect(Object.keys(await answersTo("Who?"))).toEqual(["Without the adapter", "With “cold.csv”", "With “other”"]);
    await page.getByRole("button", { name: "Stop comparing" }).click();
    expect(Object.keys(await answersTo("Who?"))).toEqual(["Without the adapter", "With the adapter"]);
    // The same table again: both adapters have names of their own.
    await teach(page, "cold.csv", "nobody ever did");
    await useOf("cold.csv (2)").waitFor();
    await page.getByRole("button", { name: "Delete the adapter trained on “cold.csv (2)”" }).click();
    await page.getByRole("button", { name: "Delete the adapter trained on “warm.csv”" }).click();
    await expect.poll(() => page.locator(".trained-here li").count()).toBe(0);
    await page.locator('button[popovertarget="appearance"]').click();
    await page.locator("#appearance select").first().selectOption("de");
    await page.keyboard.press("Escape");
    await page.getByText("Einen zweiten zum Vergleich laden").waitFor();
    await expectAccessible(page);
  },
);
