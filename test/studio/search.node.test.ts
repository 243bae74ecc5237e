// @needs browser
// @rest studio
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { give, Studio } from "../../scripts/studio/driver.mjs";
import { expectAccessible } from "./accessible.js";

let studio: Studio;
let page: Page;
beforeAll(async () => {
  studio = await Studio.start();
  page = await studio.open("search");
  page.setDefaultTimeout(120_000);
});
afterAll(() => studio?.end());

const help = [
  ["The box stays dark.", "Check the power supply."],
  ["How do I get my money back?", "We refund any order within thirty days."],
  ["Where is my parcel?", "Follow the delivery with the tracking number."],
  ["I forgot my password.", "Set another one with the link on the login page."],
  ["Can I pay by invoice?", "Companies can pay within two weeks of the bill."],
];
const answers = help.map(([, answer]) => answer!);
const csv = (rows: readonly (readonly string[])[]) =>
  ["question,answer", ...rows.map((row) => row.map((cell) => `"${cell}"`).join(","))].join("\n");

const query = () => page.getByLabel("What are you looking for?");
async function find(text: string): Promise<string[]> {
  await query().fill(text);
  await query().press("Enter");
  await page.getByRole("heading", { name: `The best texts for “${text}”` }).waitFor();
  return page.locator(".hits.base .text").allInnerTexts();
}
async function bring(name: string, content: string | Uint8Array): Promise<void> {
  const another = page.getByRole("button", { name: "Use other texts" });
  if (await another.isVisible()) await another.click();
  await page.locator(".bring").waitFor();
  await give(page, name, content);
}

it("finds the answers of a table by their meaning, and says which is right", { timeout: 240_000 }, async () => {
  await bring("help.csv", csv(help));
  await query().waitFor();
  expect(await page.locator(".collection .facts span").allInnerTexts()).toEqual(["5 texts", "5 pairs"]);
  const found = await find("I want a refund");
  expect(found).toHaveLength(5);
  expect([...found].sort()).toEqual([...answers].sort());
  expect(found[0]).toBe("We refund any order within thirty days.");
  const scores = (await page.locator(".hits.base .facts").allInnerTexts()).map((text) =>
    parseFloat(text.match(/-?[\d.]+/)![0]),
  );
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(await page.getByText("the answer in your table").count()).toBe(0);
  // A question of the table, in another case: its answer is marked, wherever it is.
  await find("WHERE is my parcel?");
  expect(await page.locator('.hits li[data-right="true"] .text').allInnerTexts()).toEqual([answers[2]]);
  // Nothing that was typed or brought has left the tab.
  const carried = studio.asked.filter(({ url, body }) => body !== null || !url.startsWith(studio.url));
  expect(carried.filter(({ url }) => !/^(blob|data):/.test(url))).toEqual([]);
});

it("the columns can be chosen, and the next visit has the table", { timeout: 120_000 }, async () => {
  await page.getByLabel("Questions that they answer").selectOption({ label: "none: a list of texts" });
  await page.getByLabel("Texts to search").selectOption("0");
  await query().waitFor();
  expect(await page.locator(".collection .facts span").allInnerTexts()).toEqual(["5 texts"]);
  expect((await find("lost passwort"))[0]).toBe("I forgot my password.");
  await page.reload();
  await query().waitFor();
  expect((await find("no light at all"))[0]).toBe("The box stays dark.");
});

it(
  "reads lists: lines, JSON Lines of one field, and pasted ones; each text is searched once",
  { timeout: 120_000 },
  async () => {
    const lines = [
      "A cat, a dog and a horse.",
      "The weather is fine.",
      "The weather is fine.",
      "Bread, butter, jam and cheese.",
    ];
    await bring("lines.txt", lines.join("\n"));
    await query().waitFor();
    expect(await page.locator(".collection .facts span").allInnerTexts()).toEqual([
      "3 texts",
      "1 row repeated, used once",
    ]);
    expect((await find("breakfast"))[0]).toBe(lines[3]);
    await bring("one.jsonl", lines.map((body) => `${JSON.stringify({ body })}\n`).join(""));
    await query().waitFor();
    expect((await find("animals"))[0]).toBe(lines[0]);
    // One text is a list too.
    await page.getByRole("button", { name: "Use other texts" }).click();
    await page.getByRole("button", { name: "Paste rows" }).click();
    await page.getByLabel("Texts, or questions and answers").fill("Only this one, and no other.");
    await page.getByRole("button", { name: "Use these rows" }).click();
    await query().waitFor();
    expect(await find("anything")).toEqual(["Only this one, and no other."]);
  },
);

it("refuses what cannot be searched, and says why", { timeout: 120_000 }, async () => {
  await bring("empty.csv", "");
  await page.getByRole("alert").getByText("This file has no rows.").waitFor();
  await give(page, "blank.csv", "question,answer\n,\n");
  await page.locator(".bring .problem, .search > .problem").first().waitFor();
  await bring("many.txt", Array.from({ length: 20_001 }, (_, i) => `This is text number ${i}.`).join("\n"));
  await page
    .getByRole("alert")
    .getByText("There are 20,001 different texts, and this page searches at most 20,000.")
    .waitFor();
  await bring("half.csv", csv([...help, ["", "An answer without a question."], ["A question without an answer", ""]]));
  await query().waitFor();
  expect(await page.locator(".collection .facts span").allInnerTexts()).toEqual([
    "6 texts",
    "5 pairs",
    "2 rows with an empty cell",
  ]);
});

it("is accessible, narrow, and in German", { timeout: 120_000 }, async () => {
  await find("How do I get my money back?");
  await expectAccessible(page);
});

it("the example is there to try, and reading it can be stopped", { timeout: 240_000 }, async () => {
  await page.getByRole("button", { name: "Use other texts" }).click();
  await page.getByRole("button", { name: "Try the example" }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("The texts were not read to the end").waitFor();
  await page.getByRole("button", { name: "Read them again" }).click();
  await query().waitFor();
  await page.getByRole("group", { name: "Questions of your table" }).getByRole("button").first().click();
  await page.getByRole("heading", { name: /^The best texts for/ }).waitFor();
  expect(await page.locator(".hits li").count()).toBe(5);
});
