// @needs browser
// @rest studio
import { unzipSync, zipSync } from "fflate";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readAdapter } from "../../ts/io/peft/index.js";
import { Studio } from "../../scripts/studio/driver.mjs";
import { decoderFiles } from "../models/language/golden-decoder.js";
import { expectAccessible } from "./accessible.js";
import { picked } from "./chat-page.js";
import { saved } from "./tiny-studio.js";

let studio: Studio;
let page: Page;
beforeAll(async () => {
  studio = await Studio.start();
  page = await studio.open("chat");
  // A machine that is busy writes a word a second.
  page.setDefaultTimeout(180_000);
});
afterAll(() => studio?.end());

const turn = (place: number) => page.locator(".turns li").nth(place);
const send = () => page.getByRole("button", { name: "Send" });
/** Says something, and gives what each side answers. */
async function answersTo(said: string): Promise<string[]> {
  const before = await page.locator(".turns li").count();
  await page.getByLabel("Your message").fill(said);
  await send().click();
  await turn(before).waitFor();
  await send().waitFor();
  expect(await page.locator(".problem").allInnerTexts()).toEqual([]);
  return turn(before).locator(".answer .text").allInnerTexts();
}

const LIMIT = 20;
const capitals = ["France Paris", "Italy Rome", "Spain Madrid", "Norway Oslo", "Japan Tokyo", "Egypt Cairo"];
const table = capitals.flatMap((pair) => {
  const [country, capital] = pair.split(" ");
  return [`What is the capital of ${country}?;${capital}`, `Which city is the capital of ${country}?;${capital}`];
});

it("SmolLM2 is fetched, answers as it writes, and stops when it is told to", { timeout: 240_000 }, async () => {
  await page.getByRole("button", { name: "Open SmolLM2" }).click();
  await page.getByLabel("Your message").waitFor({ timeout: 120_000 });
  await page.getByText("Details").first().click();
  await page.getByLabel("Longest answer, in tokens").fill(String(LIMIT));
  await page.getByLabel("Longest answer, in tokens").press("Tab");
  const [answer] = await answersTo("What is a fjord?");
  expect(answer).toMatch(/fjord/i);
  await page.getByLabel("Longest answer, in tokens").fill("2000");
  await page.getByLabel("Longest answer, in tokens").press("Tab");
  await page.getByLabel("Your message").fill("Tell me a very long story about the sea.");
  await page.getByLabel("Your message").press("Enter");
  await expect.poll(async () => (await turn(1).locator(".text").innerText()).length).toBeGreaterThan(5);
  await page.getByRole("button", { name: "Stop" }).click();
  await turn(1).getByText("stopped").waitFor();
  await send().waitFor();
  // More than it reads is refused before anything is computed, and stays where it was typed.
  const long = "many words ".repeat(9000);
  await page.getByLabel("Your message").fill(long);
  await send().click();
  await page.getByRole("alert").getByText("This is more than the model can read.").waitFor();
  await expect.poll(() => page.getByLabel("Your message").inputValue()).toBe(long);
  expect(await page.locator(".turns li").count()).toBe(2);
  await page.getByLabel("Longest answer, in tokens").fill(String(LIMIT));
  await page.getByLabel("Longest answer, in tokens").press("Tab");
});

let learnt: { answers: string[]; zip: Uint8Array };
const asked = "What is the capital of Norway?";

it("a file of questions and answers teaches it an adapter, which is taken away", { timeout: 400_000 }, async () => {
  await page.getByRole("button", { name: "New conversation" }).click();
  await page
    .locator(".teach input[type=file]")
    .setInputFiles(picked("capitals.csv", `Question;Answer\n${table.join("\n")}\n`));
  await page.getByText("12 examples in “capitals.csv”").waitFor();
  await expect.poll(() => page.locator(".prepared blockquote").innerText()).toContain("Paris");
  await page.locator(".prepared summary").click();
  await page.getByRole("spinbutton", { name: "Steps" }).fill("2");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByText(/the right next word is now about [\d.,]+ times as likely/).waitFor({ timeout: 300_000 });
  const [times] = (await page.locator(".verdict").innerText()).match(/[\d.]*\d/g)!.map(Number);
  await page.locator(".trained summary").first().click();
  const perplexity = await page.getByText(/^Perplexity [\d.]+ before training, [\d.]+ after\.$/).innerText();
  const [before, after] = perplexity.match(/[\d.]*\d/g)!.map(Number);
  expect(after).toBeLessThan(before!);
  // All three are rounded, to as many digits as one example carries.
  expect(times! / (before! / after!)).toBeGreaterThan(0.6);
  expect(times! / (before! / after!)).toBeLessThan(1.5);
  const answers = await answersTo(asked);
  expect(answers).toHaveLength(2);
  const { name, bytes } = await saved(page, "Save the adapter");
  expect(name).toBe("capitals-adapter.zip");
  const files = unzipSync(bytes);
  expect(Object.keys(files).sort()).toEqual(["adapter_config.json", "adapter_model.safetensors", "report.json"]);
  // All linear layers of thirty blocks.
  expect(readAdapter(files).layers.size).toBe(210);
  learnt = { answers, zip: bytes };
});

it(
  "an adapter that is loaded answers as it did when it was learnt; what is none is refused",
  { timeout: 240_000 },
  async () => {
    await page.reload();
    await page
      .getByRole("button", { name: /SmolLM2/ })
      .first()
      .waitFor();
    await page.locator(".kept .bar-of").click();
    await page.getByLabel("Your message").waitFor({ timeout: 120_000 });
    await page.getByRole("button", { name: "Use the adapter trained on “capitals.csv”" }).waitFor();
    const input = page.locator(".adapter input[type=file]");
    const { "adapter_config.json": config } = unzipSync(learnt.zip);
    await input.setInputFiles(picked("half.zip", zipSync({ "adapter_config.json": config! })));
    await page.getByText("This is not an adapter for this model.").waitFor();
    await input.setInputFiles(picked("mine.zip", learnt.zip));
    await expect.poll(() => page.locator(".adapter .name").allInnerTexts()).toEqual(["mine"]);
    await page.getByText("Details").first().click();
    await page.getByLabel("Longest answer, in tokens").fill(String(LIMIT));
    await page.getByLabel("Longest answer, in tokens").press("Tab");
    expect(await answersTo(asked)).toEqual(learnt.answers);
    await page.getByLabel("Also show the answer without the adapter").uncheck();
    expect(await answersTo("And of Italy?")).toHaveLength(1);
    await expectAccessible(page);
    const carried = studio.asked.filter(({ url, body }) => body !== null || !url.startsWith(studio.url));
    expect(carried.filter(({ url }) => !/^(blob|data):/.test(url))).toEqual([]);
  },
);

it(
  "a model that is put away while it answers has stopped, where it is opened again",
  { timeout: 240_000 },
  async () => {
    await page.getByLabel("Longest answer, in tokens").fill("2000");
    await page.getByLabel("Longest answer, in tokens").press("Tab");
    const last = page.locator(".turns li").last();
    const before = await page.locator(".turns li").count();
    await page.getByLabel("Your message").fill("Tell me a very long story about the sea.");
    await page.getByLabel("Your message").press("Enter");
    await turn(before).waitFor();
    await expect.poll(async () => (await last.locator(".text").innerText()).length).toBeGreaterThan(5);
    await page.getByRole("button", { name: "Another model" }).click();
    await page.locator(".kept .bar-of").first().click();
    await last.getByText("stopped").waitFor({ timeout: 120_000 });
    expect(await page.locator('.answer[aria-busy="true"]').count()).toBe(0);
  },
);

it("where no worker starts to teach it, that is said, and a model can be chosen", { timeout: 120_000 }, async () => {
  await page.getByRole("button", { name: "Another model" }).click();
  const zip = Buffer.from(zipSync({ ...(await decoderFiles("llama")) }));
  await page.locator(".choose input[type=file]").first().setInputFiles(picked("tiny.zip", zip));
  await page
    .locator(".teach input[type=file]")
    .setInputFiles(picked("capitals.csv", `Question;Answer\n${table.join("\n")}\n`));
  await page.getByRole("button", { name: "Start training" }).waitFor();
  await page.evaluate(() => {
    Object.assign(globalThis, { kept: Worker, Worker: undefined });
  });
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByRole("alert").getByText("The model could not be opened.").waitFor();
  await page.evaluate(() => {
    globalThis.Worker = (globalThis as unknown as { kept: typeof Worker }).kept;
  });
});

it("what is no model is refused and not kept, and said in words", { timeout: 60_000 }, async () => {
  const pick = page.locator(".choose input[type=file]").first();
  await pick.setInputFiles(picked("none.gguf", "this is no model"));
  await page.getByRole("alert").getByText("The model could not be opened.").waitFor();
  await page.getByRole("alert").getByText("It was deleted").waitFor();
  await expect.poll(() => page.locator(".kept .name").allInnerTexts()).not.toContain("none.gguf");
  await page.getByRole("button", { name: "Delete “tiny” from this browser" }).click();
  await expect.poll(() => page.locator(".kept .name").allInnerTexts()).not.toContain("tiny");
});
