// @needs browser
// @rest studio
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { seriousIn, type Studio } from "../../scripts/studio/driver.mjs";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { begin, saved, table, tinyStudio, toTraining } from "./tiny-studio.js";

let studio: Studio;
let page: Page;
/** A text that is labelled wrongly in two rows, and one where that is so in one. */
const [twice, once] = ["the story was warm and twice the music", "the story was grim and once the music"];
beforeAll(async () => {
  ({ studio } = await tinyStudio(await tinyEncoder()));
  page = await studio.openTable("films.csv", `${table}${twice},bad\n${twice},bad\n${once},good\n`);
  await toTraining(page);
  await page.getByLabel("Quick look").check();
  await begin(page);
  await page.getByText(/^Measured once/).waitFor({ timeout: 60_000 });
}, 120_000);
afterAll(() => studio?.end());

const notice = () => page.getByRole("status").getByRole("button", { name: "Undo" });
const doubt = (text: string) => page.locator(".doubts:not(.next) li", { hasText: text });
const go = (step: string) => page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: step }).click();
/** All doubts, of which six are shown first. */
const showAll = () =>
  page
    .locator(".doubts:not(.next)")
    .getByRole("button", { name: /^Show \d+ more$/ })
    .click({ timeout: 60_000 });
/** The row's text or label is changed in the table. */
async function inTable(text: string, change: (row: ReturnType<Page["locator"]>) => Promise<unknown>) {
  await go("Data");
  await page.getByPlaceholder("Search").fill(text);
  await change(page.locator(".windowed tbody tr", { hasText: text }).first());
  await page.getByPlaceholder("Search").fill("");
  await go("Results");
}
const focused = () =>
  page.evaluate(() => {
    const { activeElement: active } = document;
    return active === document.body || active === null ? "body" : active.tagName.toLowerCase();
  });

it("the result comes first, in a sentence, with what to do next", async () => {
  const sentence = /^\d+ of \d+ texts get the right label\. Always guessing the most frequent label: \d+\.$/;
  expect(await page.locator(".headline .result").innerText()).toMatch(sentence);
  expect(await page.locator(".sides").isVisible()).toBe(false);
  await page.getByRole("button", { name: "Next: check the labels that may be wrong" }).click();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("doubts-heading");
  await page.locator(".headline summary").click();
  expect(await page.locator(".sides .big").first().innerText()).toMatch(/%$/);
});

it("the label of a mistake is changed where the test texts of a cell are listed, and changed back by Ctrl+Z", async () => {
  const cell = page.locator('.confusion td button[data-right="false"]:enabled').first();
  const predicted = /predicted “(.*)”/.exec((await cell.getAttribute("aria-label"))!)![1]!;
  await cell.click();
  const first = page.locator(".texts li").first();
  await first.getByRole("button", { name: `Change to “${predicted}”` }).click();
  expect(await first.locator(".hint").innerText()).toBe(`In your table its label is now “${predicted}”.`);
  expect(await focused()).toBe("li");
  expect(await seriousIn(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByText(/^\d+ changes? since this training/).waitFor();
  await page.keyboard.press("Control+z");
  await page.getByText("No changes since this training.").waitFor();
});

it("a doubt says what has become of its rows: corrected, undone, labelled or edited elsewhere, removed", async () => {
  await page.getByRole("button", { name: "Look for doubtful labels" }).click();
  await showAll();
  await doubt(once).waitFor();
  // What stands in two rows is one doubt.
  expect(await doubt(twice).count()).toBe(1);
  const said = (text: string) => doubt(text).locator(".hint").innerText();
  await doubt(twice).getByRole("button", { name: "Change to “good”" }).click();
  expect(await said(twice)).toBe("In your table its label is now “good”.");
  await page.getByText("2 rows are changed.").waitFor();
  await page.getByText("2 changes since this training").waitFor();
  // The button that did it is gone: its place in the list has the focus.
  expect(await focused()).toBe("li");
  expect(await seriousIn(page)).toEqual([]);
  // One step back undoes both.
  await notice().focus();
  await page.keyboard.press("Enter");
  await doubt(twice).getByRole("button", { name: "Change to “good”" }).waitFor();
  await page.getByText("No changes since this training.").waitFor();
  expect(await focused()).toBe("li");
  await doubt(twice).getByRole("button", { name: "Remove 2 rows" }).click();
  expect(await said(twice)).toBe("This row is no longer in the table.");
  await notice().click();
  // Who confirms a label, or changes it for all rows of a kind, can take it back.
  await doubt(once).getByRole("button", { name: "It is right" }).click();
  expect(await said(once)).toBe("You confirmed the label “good”.");
  await notice().click();
  await doubt(once).getByRole("button", { name: "It is right" }).waitFor();
  const alike = page.getByRole("button", { name: /^Change all \d+ of this kind$/ }).first();
  const kind = Number(/\d+/.exec(await alike.innerText())![0]);
  await alike.click();
  await page.getByText(`${kind} rows are changed.`).waitFor();
  await page.getByText(`${kind} changes since this training`).waitFor();
  await notice().click();
  // In the table one of them is labelled anew, then the other.
  const relabel = (label: string) => inTable(twice, (row) => row.getByRole("combobox").selectOption(label));
  await relabel("good");
  await doubt(twice).getByRole("button", { name: "Remove the row" }).waitFor();
  await doubt(twice).getByRole("button", { name: "Change to “good”" }).click();
  expect(await said(twice)).toBe("In your table its label is now “good”.");
  await page.getByText("The row is changed.").waitFor();
  await inTable(once, async (row) => {
    await row.locator(".text button").click();
    await page.locator("dialog textarea").fill("something else");
    await page.getByRole("button", { name: "Save" }).click();
  });
  await showAll();
  expect(await said(once)).toBe("The text of this row was changed.");
});

it("doubts follow a label that is renamed, and its name, however long, does not widen a narrow page", async () => {
  const long = "poor".repeat(40);
  const isNarrow = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  const change = (label: string) =>
    page.locator(".doubts:not(.next)").getByRole("button", { name: `Change to “${label}”` });
  const before = [await change("bad").count(), await change("good").count()];
  expect(Math.min(...before)).toBeGreaterThan(0);
  await go("Data");
  await page.getByRole("button", { name: "Rename “bad”" }).click();
  await page.locator("dialog input").fill(long);
  await page.getByRole("button", { name: "Rename", exact: true }).click();
  await page.setViewportSize({ width: 340, height: 860 });
  await expect.poll(isNarrow).toBe(true);
  await go("Results");
  await showAll();
  await expect.poll(isNarrow).toBe(true);
  await page.setViewportSize({ width: 1280, height: 860 });
  expect([await change(long).count(), await change("good").count()]).toEqual(before);
  expect(await change("bad").count()).toBe(0);
  await page.keyboard.press("Control+z");
  await change("bad").first().waitFor();
});

it("a row without a label says what has become of it", async () => {
  const fresh = "the story was warm and new\nthe music was grim and new\n";
  const bring = page.locator(".next input[type=file]");
  await bring.setInputFiles({ name: "fresh.txt", mimeType: "text/plain", buffer: Buffer.from(fresh) });
  await page.getByRole("button", { name: "Look through 2 rows without a label" }).click();
  const next = page.locator(".next li");
  await expect.poll(() => next.count()).toBe(2);
  const warm = next.filter({ hasText: "warm" });
  await warm.getByRole("button", { name: "good" }).click();
  expect(await warm.locator(".hint").innerText()).toBe("In your table its label is now “good”.");
  // None that is listed lacks a label any more, but one of the table does.
  await inTable("grim and new", async (row) => {
    await row.locator(".text button").click();
    await page.locator("dialog textarea").fill("the music was grim and other");
    await page.getByRole("button", { name: "Save" }).click();
  });
  await page.getByRole("button", { name: "Look through 1 row without a label" }).click();
  const grim = next.filter({ hasText: "grim and other" });
  await grim.getByRole("button", { name: "bad" }).waitFor();
  expect(await next.count()).toBe(1);
  await inTable("grim and other", (row) => row.getByRole("button", { name: /^Remove row/ }).click());
  expect(await grim.locator(".hint").innerText()).toBe("This row is no longer in the table.");
});

it("an empty text of a file gets no label", async () => {
  const input = page.locator(".label-file input[type=file]");
  const csv = 'id,text\n1,the story was dull\n2,\n3,"  "\n4,the music was warm\n';
  await input.setInputFiles({ name: "new.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
  const { bytes } = await saved(page, "Label 4 rows");
  const lines = Buffer.from(bytes).toString("utf8").split(/\r?\n/);
  expect(lines[1]).toMatch(/^1,the story was dull,(good|bad),0\.\d{4}$/);
  expect(lines[2]).toBe("2,,,");
  expect(lines[3]).toMatch(/^3," {2}",,$|^3, {2},,$/);
  expect(lines[4]).toMatch(/^4,the music was warm,(good|bad),0\.\d{4}$/);
});

it("trains again with the corrections, and shows both results", async () => {
  await page.locator(".retrain").getByRole("link", { name: "Train again" }).click();
  await begin(page);
  await page.getByText(/^Measured once/).waitFor({ timeout: 60_000 });
  const rounds = await page.locator(".rounds").innerText();
  expect(rounds).toMatch(/^Your trainings with this table: \d+(\.\d)? ?% → \d+(\.\d)? ?%$/);
  await page.getByText("No changes since this training.").waitFor();
});

it("shows the new result where an older one was shown, and leaves the user who reads another page", async () => {
  await go("Download");
  await page.locator(".history tbody tr", { hasText: "films.csv" }).last().getByRole("button").first().click();
  await page.getByText(/changes since this training/).waitFor();
  await go("Train");
  await begin(page);
  await go("Data");
  await page.getByText("The training is finished. Its result is under “Results”.").waitFor({ timeout: 60_000 });
  await page.getByRole("heading", { name: "films.csv" }).waitFor();
  await go("Results");
  await page.getByText("No changes since this training.").waitFor();
});

it("changes since the training are counted wherever they were made, and after a reload", async () => {
  await inTable("dull and one", (row) => row.getByRole("combobox").selectOption("good"));
  const said = () => page.locator(".retrain").innerText();
  await expect.poll(said).toMatch(/^1 change since this training/);
  await page.reload();
  await expect.poll(said).toMatch(/^1 change since this training/);
});
