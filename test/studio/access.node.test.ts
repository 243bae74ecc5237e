// @needs browser
// @rest studio
import { afterAll, beforeAll, expect, it } from "vitest";
import { give, seriousIn, Studio } from "../../scripts/studio/driver.mjs";

const table = `text,label\n${Array.from({ length: 40 }, (_, i) => `sentence ${i % 38},${i % 2 ? "good" : "bad"}`).join("\n")}\n,bad\n`;

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start();
});
afterAll(() => studio?.end());

it("axe finds nothing serious in any step, empty and filled, light and dark", { timeout: 120_000 }, async () => {
  const page = await studio.open();
  const found: Record<string, string[]> = {};
  const look = async (what: string) => {
    for (const theme of ["light", "dark"]) {
      await page.evaluate((name) => (document.documentElement.dataset["theme"] = name), theme);
      found[`${what}, ${theme}`] = await seriousIn(page);
    }
  };
  for (const step of ["data", "train", "judge", "take", "chat", "search", "rank", "compare", "kernels"]) {
    await page.goto(`${studio.url}#${step}`);
    await page.locator(`a[href="#${step}"][aria-current]:visible`).waitFor();
    await page.locator("main h1, main h2").first().waitFor();
    await look(`${step}, empty`);
  }
  await page.goto(`${studio.url}#data`);
  await page.getByRole("button", { name: "Paste rows" }).click();
  await look("paste");
  await page.getByLabel("Rows with a text").fill("only one column");
  await page.getByRole("button", { name: "Use these rows" }).click();
  await look("problem");
  await give(page, "table.csv", table);
  await page.locator(".findings li").first().waitFor();
  await look("data");
  await page.goto(`${studio.url}#train`);
  await page.getByText("Details").click();
  await look("train");
  expect(found).toEqual(Object.fromEntries(Object.keys(found).map((what) => [what, []])));
  await page.close();
});

it("the keyboard alone reaches and does everything on the way to training", { timeout: 60_000 }, async () => {
  const page = await studio.open();
  await page.locator("div.how-read, .bring").waitFor();
  await page.keyboard.press("Tab");
  await expect.poll(() => page.evaluate(() => document.activeElement?.className)).toBe("skip");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("content");
  /** Goes on with Tab until what has this name is reached. */
  const reach = async (name: RegExp) => {
    for (let i = 0; i < 80; i++) {
      await page.keyboard.press("Tab");
      const now = await page.evaluate(() => {
        const { activeElement: active } = document;
        return `${active?.getAttribute("aria-label") ?? ""} ${active?.textContent ?? ""}`;
      });
      if (name.test(now)) return;
    }
    throw new Error(`no Tab leads to ${name}`);
  };
  await reach(/Rename “bad”/);
  await page.keyboard.press("Enter");
  await page.locator("dialog[open]").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.locator("dialog").count()).toBe(0);
  await reach(/Go on to training/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Train", level: 1 }).waitFor();
  await page.close();
});

it("the keyboard alone opens a model to chat with and the measuring of the kernels", { timeout: 60_000 }, async () => {
  const page = await studio.open("chat");
  await page.getByRole("button", { name: "Open SmolLM2" }).waitFor();
  const reached: string[] = [];
  for (let i = 0; i < 30; i++) {
    await page.keyboard.press("Tab");
    reached.push(
      await page.evaluate(() => {
        const { activeElement: active } = document;
        return (active?.closest("label")?.textContent ?? active?.textContent ?? "").trim();
      }),
    );
  }
  const wanted = [
    "Open SmolLM2",
    "Choose a GGUF file",
    "Choose a folder",
    "Or the address of a model",
    "Speed of this browser",
  ];
  expect(wanted.filter((name) => !reached.includes(name))).toEqual([]);
  await page.getByRole("link", { name: "Speed of this browser" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Measure" }).waitFor();
  await page.close();
});

it("every text is in the language that is chosen, which the next visit remembers", { timeout: 60_000 }, async () => {
  const page = await studio.open();
  await page.getByRole("button", { name: "Language and appearance" }).click();
  await page.locator("#appearance select").first().selectOption("de");
  await expect.poll(() => page.locator("html").getAttribute("lang")).toBe("de");
  for (const [step, said] of [
    ["data", "Mögliche Probleme"],
    ["train", "Training beginnen"],
    ["judge", "Es gibt noch kein Ergebnis."],
    ["take", "Gespeichertes Modell laden"],
    ["chat", "SmolLM2 öffnen"],
    ["search", "Tabelle oder Liste hier ablegen"],
    ["rank", "Ein Reranker liest Frage und Text zusammen"],
    ["compare", "Wie ähnlich das Modell"],
    ["kernels", "Es dauert etwa zehn Sekunden"],
  ] as const) {
    await page.goto(`${studio.url}#${step}`);
    await expect.poll(() => page.locator("main").innerText()).toContain(said);
    // Words of the English texts that German has not.
    expect(await page.locator("main").innerText()).not.toMatch(/\b(the|with|rows|labels of|and|training begins)\b/);
  }
  await page.reload();
  await page.getByText("Alles geschieht in diesem Tab").waitFor();
  await page.close();
});

it("another language leaves what was typed", async () => {
  const page = await studio.open("compare");
  const own = page.locator(".compare textarea").first();
  await own.fill("a sentence of my own");
  for (const [tag, heading] of [
    ["de", "Sätze vergleichen"],
    ["en", "Compare sentences"],
  ] as const) {
    await page.locator('button[popovertarget="appearance"]').click();
    await page.locator("#appearance select").first().selectOption(tag);
    await page.getByRole("heading", { level: 1, name: heading }).waitFor();
    await page.keyboard.press("Escape");
    expect(await own.inputValue()).toBe("a sentence of my own");
  }
  await page.close();
});

it("nothing is wider than a narrow screen", { timeout: 60_000 }, async () => {
  const page = await studio.open();
  await page.setViewportSize({ width: 340, height: 700 });
  for (const step of ["data", "train", "judge", "take", "chat", "search", "rank", "compare", "kernels"]) {
    await page.goto(`${studio.url}#${step}`);
    await page.locator(`a[href="#${step}"][aria-current]:visible`).waitFor();
    await page.locator("main h1, main h2").first().waitFor();
    await expect
      .poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: step })
      .toBeLessThanOrEqual(340);
  }
  await page.close();
});

it("opens without a network once it was seen", { timeout: 60_000 }, async () => {
  const page = await studio.open();
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    while (active!.state !== "activated") await new Promise((resolve) => setTimeout(resolve, 50));
  });
  await page.context().setOffline(true);
  await page.reload();
  await page.getByText("lowrank studio").waitFor();
  await page.getByRole("link", { name: /Download/ }).click();
  await page.context().setOffline(false);
  await page.close();
});
