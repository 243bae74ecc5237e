// @needs browser
// @rest studio
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Studio } from "../../scripts/studio/driver.mjs";

const table = `text,label\n${Array.from({ length: 40 }, (_, i) => `a sentence with the number ${i % 38},${i % 2 ? "good" : "bad"}`).join("\n")}\n,bad\n`;

let studio: Studio;
let page: Page;
beforeAll(async () => {
  studio = await Studio.start();
  page = await studio.open();
}, 60_000);
afterAll(() => studio?.end());

const pages = ["data", "train", "judge", "take", "chat", "search", "rank", "compare", "together", "kernels"];

async function visit(name: string): Promise<void> {
  await page.goto(`${studio.url}#${name}`);
  await page.locator(`a[href="#${name}"][aria-current]`).first().waitFor({ state: "attached" });
  await page.locator("main h1").first().waitFor();
}

interface Node {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value: unknown } }[];
}

const CONTROLS =
  /^(button|link|textbox|searchbox|combobox|radio|checkbox|spinbutton|progressbar|meter|image|table|region|navigation|dialog)$/;

/** What a screen reader gets: what has no name, the levels of the headings, and the live regions that say something. */
async function heard() {
  const session = await page.context().newCDPSession(page);
  const { nodes } = (await session.send("Accessibility.getFullAXTree")) as { readonly nodes: readonly Node[] };
  await session.detach();
  const seen = nodes.filter(({ ignored }) => !ignored);
  const unnamed = seen.filter(({ role, name }) => CONTROLS.test(role?.value ?? "") && !name?.value.trim());
  const headings = seen.filter(({ role }) => role?.value === "heading");
  const level = ({ properties }: Node) => Number(properties?.find(({ name }) => name === "level")?.value.value);
  return { unnamed: unnamed.map(({ role }) => role?.value), levels: headings.map(level) };
}

/** A page has one main heading, the first, and none skips a level. */
const inOrder = (levels: readonly number[]) =>
  levels[0] === 1 && levels.every((level, i) => i === 0 || (level > 1 && level <= levels[i - 1]! + 1));

it(
  "a screen reader's tree has a name for every control and headings in order, on every page",
  { timeout: 60_000 },
  async () => {
    const found: Record<string, unknown> = {};
    const listen = async (what: string) => {
      const { unnamed, levels } = await heard();
      if (unnamed.length > 0 || !inOrder(levels)) found[what] = { unnamed, levels };
    };
    for (const name of pages) {
      await visit(name);
      await listen(`${name}, empty`);
    }
    await studio.openTable("table.csv", table).then((filled) => filled.close());
    for (const name of pages.slice(0, 4)) {
      await visit(name);
      await page.reload();
      await page.locator("main h1").first().waitFor();
      await listen(`${name}, with a table`);
    }
    expect(found).toEqual({});
  },
);

it("at 200 % nothing is cut and nothing scrolls sideways", { timeout: 60_000 }, async () => {
  await page.setViewportSize({ width: 640, height: 430 });
  for (const name of pages) {
    await visit(name);
    const cut = () =>
      page.evaluate(() => ({
        beyond: document.documentElement.scrollWidth > innerWidth,
        // A text with an ellipsis is read whole elsewhere.
        texts: [...document.querySelectorAll<HTMLElement>("main *:not(input, select, textarea, .hidden)")]
          .filter((element) => element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1)
          .filter((element) => {
            const { overflowX, textOverflow } = getComputedStyle(element);
            return /hidden|clip/.test(overflowX) && textOverflow !== "ellipsis";
          })
          .map(({ className, innerText }) => `${className}: ${innerText.slice(0, 40)}`),
      }));
    await expect.poll(cut, { message: name }).toEqual({ beyond: false, texts: [] });
  }
  await page.setViewportSize({ width: 1280, height: 860 });
});

it("in high contrast the focus, the current step and the next one are seen", { timeout: 60_000 }, async () => {
  await page.emulateMedia({ forcedColors: "active" });
  await visit("data");
  await page.getByRole("link", { name: "Go on to training" }).waitFor();
  const backgrounds = await page
    .locator(".bar nav[aria-label] ol .place")
    .evaluateAll((places) => places.map((place) => getComputedStyle(place).backgroundColor));
  expect(new Set(backgrounds).size).toBe(2);
  expect(backgrounds.filter((colour) => colour === backgrounds[0])).toHaveLength(1);
  // A shadow in the page's own colour would stay in one that the system did not choose.
  const shadow = page.getByRole("link", { name: "Go on to training" });
  expect(await shadow.evaluate((link) => getComputedStyle(link).boxShadow)).toBe("none");
  const unseen: string[] = [];
  for (let i = 0; i < 25; i++) {
    await page.keyboard.press("Tab");
    const hidden = await page.evaluate(() => {
      const active = document.activeElement!;
      const outlined = [active, active.closest("label"), active.parentElement].some((element) => {
        const style = element && getComputedStyle(element);
        return style != null && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      });
      return outlined ? null : `${active.tagName} ${active.className} ${active.textContent.slice(0, 30)}`;
    });
    if (hidden !== null) unseen.push(hidden);
  }
  expect(unseen).toEqual([]);
  await page.emulateMedia({ forcedColors: "none" });
});

it("with reduced motion nothing moves", { timeout: 30_000 }, async () => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await visit("data");
  await page.getByRole("button", { name: "Rename “bad”" }).click();
  await page.locator("dialog[open]").waitFor();
  const moving = await page.evaluate(() =>
    document
      .getAnimations()
      .filter(({ effect }) => Number(effect!.getComputedTiming().endTime) > 1)
      .map(({ effect }) => (effect as KeyframeEffect).target!.className),
  );
  expect(moving).toEqual([]);
  await page.keyboard.press("Escape");
  await page.emulateMedia({ reducedMotion: "no-preference" });
});

it("back and forward keep what was typed and chosen, and focus the page's heading", { timeout: 30_000 }, async () => {
  await visit("data");
  await page.getByPlaceholder("Search").fill("number 7");
  await page.getByRole("link", { name: "Go on to training" }).click();
  const heading = (name: string) =>
    expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe(name);
  await heading("Train");
  await page.getByLabel("Quick look").check();
  await page.goBack();
  await heading("table.csv");
  expect(await page.getByPlaceholder("Search").inputValue()).toBe("number 7");
  await page.goForward();
  await heading("Train");
  expect(await page.getByLabel("Quick look").isChecked()).toBe(true);
});
