// @needs browser
// @rest studio
import type { Page } from "playwright";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { give, Studio } from "../../scripts/studio/driver.mjs";

const table = `text,label\n${Array.from({ length: 40 }, (_, i) => `sentence ${i},${i % 2 ? "good" : "bad"}`).join("\n")}\n`;

let studio: Studio;
let page: Page;
beforeAll(async () => {
  studio = await Studio.start();
  page = await studio.open();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
});
beforeEach(async () => {
  await page.locator(".bring, div.how-read").first().waitFor();
  const another = page.getByRole("button", { name: "Use another table" });
  if (await another.isVisible()) await another.click();
  await page.locator(".bring").waitFor();
});
afterAll(() => studio?.end());

/** What has the focus: its kind, and its name or text. */
const focused = () =>
  page.evaluate(() => {
    const { activeElement: active } = document;
    if (active === null || active === document.body) return "body";
    const name = active.getAttribute("aria-label") ?? active.textContent ?? "";
    return `${active.tagName.toLowerCase()} ${name.trim().slice(0, 40)}`.trim();
  });
const press = (key: string) => page.keyboard.press(key);

it("rows are pasted by the keyboard alone: the dialog begins in its field, and the table with its heading", async () => {
  await page.evaluate((text) => navigator.clipboard.writeText(text), table);
  await page.getByRole("button", { name: "Paste rows" }).focus();
  await press("Enter");
  expect(await focused()).toBe("textarea Rows with a text and a label");
  await press("Control+V");
  await expect.poll(() => page.locator("dialog textarea").inputValue()).toBe(table);
  await press("Tab");
  await press("Enter");
  await page.locator("div.how-read").waitFor();
  await expect.poll(focused).toBe("h1 Pasted rows");
});

it("a label is renamed by the keyboard alone, and a text is edited; Escape gives the focus back", async () => {
  await give(page, "table.csv", table);
  const rename = page.getByRole("button", { name: "Rename “bad”" });
  await rename.focus();
  await press("Enter");
  await expect.poll(focused).toMatch(/^input/);
  await press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  expect(await focused()).toBe("button Rename “bad”");
  await press("Enter");
  await page.keyboard.type("poor");
  await press("Enter");
  await page.getByText("“bad” is now “poor”").waitFor();
  expect(await page.locator("dialog").count()).toBe(0);
  expect(await page.locator(".bar-of .name").allInnerTexts()).toContain("poor");
  expect(await focused()).not.toBe("body");
  await page.locator(".windowed .text button").first().focus();
  await press("Enter");
  await expect.poll(focused).toBe("textarea Text");
  await page.keyboard.type(", and more");
  await press("Tab");
  await press("Enter");
  await expect.poll(() => page.locator(".windowed .text button").first().innerText()).toBe("sentence 0, and more");
  expect(await focused()).toBe("button sentence 0, and more");
});

it("the focus never falls to the page's beginning: after a file, a step, what was removed and undone", async () => {
  await page.locator("input[type=file]").first().focus();
  await give(page, "table.csv", table);
  await page.locator("div.how-read").waitFor();
  await expect.poll(focused).toBe("h1 table.csv");
  await page.getByRole("button", { name: "Remove row 3" }).focus();
  await press("Enter");
  await page.getByText("1 row removed").waitFor();
  expect(await focused()).not.toBe("body");
  await page.getByRole("button", { name: "Undo" }).focus();
  await press("Enter");
  await page.getByRole("button", { name: "Remove row 3" }).waitFor();
  expect(await focused()).not.toBe("body");
  // Also when the notice is gone, but not while a field has the focus.
  const removed = page.getByRole("button", { name: "Remove row 3", exact: true });
  await removed.focus();
  await press("Enter");
  await removed.waitFor({ state: "detached" });
  await page.getByPlaceholder("Search").focus();
  await press("Control+Z");
  expect(await removed.count()).toBe(0);
  await page.getByRole("link", { name: "Go on to training" }).focus();
  await press("Control+Z");
  await page.getByText("The last change is undone.").waitFor();
  await removed.waitFor();
  await press("Enter");
  await page.getByRole("heading", { name: "Train", level: 1 }).waitFor();
  await expect.poll(focused).toBe("h1 Train");
  // Who clicked beside everything is left there.
  await page.mouse.click(5, 700);
  await page.goto(`${studio.url}#data`);
  await page.locator("div.how-read").waitFor();
  expect(await focused()).toBe("body");
});

it("rows with different labels are said to be mended once they are", async () => {
  await give(page, "table.csv", `${table}sentence 1,bad\n`);
  const finding = page.locator(".findings li", { hasText: "2 rows with the same text have different labels" });
  await finding.getByRole("button", { name: "Show" }).click();
  await expect.poll(() => page.locator("p.filter").innerText()).toMatch(/^2 rows with the same text have different/);
  await page.locator(".windowed tbody tr").first().getByRole("combobox").selectOption("bad");
  await expect.poll(() => page.locator("p.filter").innerText()).toBe("These rows are fixed.");
  expect(await page.locator(".windowed tbody tr:not(.space)").count()).toBe(2);
  await page.getByRole("button", { name: "Show all rows" }).click();
  expect(await page.locator("p.filter").count()).toBe(0);
});

it("Back leads to where the reader was, a link to the top", async () => {
  await give(page, "table.csv", table);
  await page.locator("section.rows").waitFor();
  const top = () => page.evaluate(() => scrollY);
  await page.evaluate(() => scrollTo({ top: 60 }));
  await expect.poll(top).toBe(60);
  await page.evaluate(() => (location.hash = "compare"));
  await page.locator('a[href="#compare"][aria-current]').first().waitFor({ state: "attached" });
  await expect.poll(top).toBe(0);
  await page.goBack();
  await page.locator("section.rows").waitFor();
  await expect.poll(top).toBe(60);
});
