// @needs browser
// @rest studio
import { unzipSync, zipSync } from "fflate";
import Papa from "papaparse";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Studio } from "../../scripts/studio/driver.mjs";
import { readAdapter } from "../../ts/io/peft/index.js";
import { decoderFiles } from "../models/language/golden-decoder.js";
import { pairs } from "../tasks/preferences/tiny-preferences.js";
import { expectAccessible } from "./accessible.js";
import { chatPage, picked } from "./chat-page.js";
import { saved } from "./tiny-studio.js";

let studio: Studio;
let page: Page;
beforeAll(async () => {
  ({ studio, page } = await chatPage());
}, 120_000);
afterAll(() => studio?.end());

it("a table of preferred answers trains the chat's model, with the base beside it", { timeout: 240_000 }, async () => {
  const zip = zipSync({ ...(await decoderFiles("llama")) });
  await page.locator(".choose input[type=file]").first().setInputFiles(picked("tiny.zip", zip));
  await page.locator(".teach input[type=file]").setInputFiles(picked("films.csv", Papa.unparse(pairs)));
  await page.getByText("40 examples in “films.csv”").waitFor();
  const first = page.locator(".prepared blockquote");
  expect((await first.innerText()).split(/\n+/)).toEqual([
    pairs[0]!.prompt,
    `Better: ${pairs[0]!.chosen.trim()}`,
    `Worse: ${pairs[0]!.rejected.trim()}`,
  ]);
  await expectAccessible(page);
  await page.locator(".prepared summary").click();
  await page.getByRole("spinbutton", { name: "Steps" }).fill("60");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByText("Trained on “films.csv”.").waitFor({ timeout: 180_000 });
  const verdict = await page.locator(".trained .verdict").innerText();
  const hint = await page.locator(".trained > .hint").first().innerText();

  const { name, bytes } = await saved(page, "Save the adapter");
  expect(name).toBe("films-adapter.zip");
  const files = unzipSync(bytes);
  expect(readAdapter(files).layers.size).toBeGreaterThan(0);
  const report = JSON.parse(new TextDecoder().decode(files["report.json"])) as {
    task: string;
    metrics: Record<string, { value: number }>;
    result: { yardsticks: { reference: Record<string, number> } };
  };
  expect(report.task).toBe("preferences");
  const { reference } = report.result.yardsticks;
  const percent = (share: number) => `${Math.round(100 * share)}%`;
  const accuracy = report.metrics["rewardAccuracy"]!.value;
  expect(reference["rewardAccuracy"]).toBe(0.5);
  expect(accuracy).toBeGreaterThan(0.5);
  expect(verdict).toMatch(/^Training helps/);
  expect(verdict).toContain(`has the higher reward in ${percent(accuracy)} (reward accuracy; before training: 50%)`);
  expect(hint).toContain(`in ${percent(report.metrics["accuracy"]!.value)} of the examples; before training it was in ${percent(reference["accuracy"]!)}`); // prettier-ignore
});

it("the result outlives the visit, in German too", { timeout: 120_000 }, async () => {
  await page.reload();
  await page.locator(".kept .bar-of").first().click();
  await page.getByText("Trained on “films.csv”.").waitFor();
  await page.locator('button[popovertarget="appearance"]').click();
  await page.locator("#appearance select").first().selectOption("de");
  await page.keyboard.press("Escape");
  await page.getByText(/^Das Training hilft: Bei beiseitegelegten Beispielen/).waitFor();
  await expectAccessible(page);
  const sent = studio.asked.filter(({ url, body }) => body !== null || !url.startsWith(studio.url));
  expect(sent.filter(({ url }) => !/^(blob|data):/.test(url))).toEqual([]);
});
