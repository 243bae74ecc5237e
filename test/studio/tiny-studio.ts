import { readFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import type { Page } from "playwright";
import { Studio } from "../../scripts/studio/driver.mjs";
import type { FileMap } from "../../ts/io/file-access.js";
import { ModelServer } from "../pages/model-server.js";

const words = { good: ["warm", "funny", "lovely", "bright"], bad: ["cold", "dull", "awful", "grim"] };
const labels = Object.keys(words);
const digits = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
/** A number in words: texts that differ in figures alone are nearly the same. */
const spelt = (i: number) => [...String(i)].map((digit) => digits[Number(digit)]).join(" ");

/** Texts of two labels, in the tiny model's words; one in seven is labelled wrongly, so that nothing is certain. */
export function tableOf(rowsPerLabel: number): string {
  const rows = Object.values(words).flatMap((known, k) =>
    Array.from({ length: rowsPerLabel }, (_, i) => {
      const label = labels[i % 7 === 6 ? 1 - k : k];
      return `the story was ${known[i % 4]} and ${spelt(i)} the music,${label}`;
    }),
  );
  return `text,label\n${rows.join("\n")}\n`;
}

/** 120 texts. */
export const table = tableOf(60);

/** A small model in place of the studio's own, served so that its downloads can be held, cut and damaged. */
export function serveTiny(model: FileMap): { models: ModelServer; answer: RequestListener } {
  const models = new ModelServer();
  models.add("all-MiniLM-L6-v2", model);
  const answer: RequestListener = (request, response) => {
    if (/\.json$/.test(request.url!)) response.setHeader("Content-Type", "application/json");
    models.answer(request.url!.slice(1).split("?")[0]!, request, response);
  };
  return { models, answer };
}

/** A studio with a small model. */
export async function tinyStudio(
  model: FileMap,
  view: { isolated?: boolean; policy?: string; federation?: string; args?: readonly string[] } = {},
): Promise<{ studio: Studio; models: ModelServer }> {
  const { models, answer } = serveTiny(model);
  return { studio: await Studio.start({ ...view, models: answer }), models };
}

/** A tab with the table, about to train. */
export async function openTable(studio: Studio, text = table): Promise<Page> {
  const page = await studio.openTable("films.csv", text);
  await toTraining(page);
  return page;
}

/** From a table to what begins its training. */
export async function toTraining(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Go on to training" }).click();
  // As many as the tiny model has positions.
  await page.getByText("Details").click();
  await page.getByLabel("Longest text, in tokens").fill("32");
  await page.getByLabel("Longest text, in tokens").press("Tab");
}

export const begin = (page: Page) => page.getByRole("button", { name: "Start training" }).click();
/** What is shown where a training has ended. */
export const resultOf = (page: Page, texts = 24) => page.getByText(new RegExp(`^Measured once, on ${texts} texts`));
export const finished = (page: Page, texts?: number) => resultOf(page, texts).waitFor({ timeout: 60_000 });

/** Asks, and gives the label that a model answers first, with its percentage; NaN for "over 99%". */
export async function answered(
  page: Page,
  text: string,
  model: "adapter" | "head" = "adapter",
): Promise<{ label: string; percent: number }> {
  await page.getByPlaceholder("A sentence of your own").fill(text);
  await page.getByRole("button", { name: "Ask" }).click();
  await page.locator(".ask .answers blockquote", { hasText: text }).waitFor();
  await page.locator(".ask button:enabled").waitFor();
  const first = page.locator(`div.odds.${model} li`).first();
  return {
    label: await first.locator(".name").innerText(),
    percent: parseFloat(await first.locator(".number").innerText()),
  };
}

/** What a click gives to save. */
export async function saved(page: Page, button: string | RegExp): Promise<{ name: string; bytes: Uint8Array }> {
  const [download] = await Promise.all([
    page.waitForEvent("download", { timeout: 90_000 }),
    page.getByRole("button", { name: button }).click(),
  ]);
  return { name: download.suggestedFilename(), bytes: new Uint8Array(await readFile(await download.path())) };
}

/** Deletes what the browser has of earlier visits, so that the next one is like another browser's. */
export async function forgetVisits({ context, url }: Studio, page: Page): Promise<void> {
  await page.goto("about:blank");
  const session = await context.newCDPSession(page);
  await session.send("Storage.clearDataForOrigin", { origin: new URL(url).origin, storageTypes: "all" });
}
