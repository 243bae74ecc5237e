// @needs browser
// @rest studio
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import Papa from "papaparse";
import type { Page } from "playwright";
import { build as vite } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Studio } from "../../scripts/studio/driver.mjs";
import { lowrank } from "../cli/fixture.js";
import { serveExample } from "../docs/serve-page.js";
import { Consumer } from "../packaging/consumer.js";
import { expectAccessible } from "./accessible.js";
import { helpDesk } from "./help-desk.js";
import { forgetVisits, saved } from "./tiny-studio.js";

let studio: Studio;
let page: Page;
beforeAll(async () => {
  studio = await Studio.start();
  await studio.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(studio.url).origin });
  page = await studio.open("search");
  page.setDefaultTimeout(180_000);
});
afterAll(() => studio?.end());

const pairs = helpDesk;
const answers = new Set(pairs.map(({ answer }) => answer));

const query = () => page.getByLabel("What are you looking for?");
const hits = (side: "base" | "adapter") => page.locator(`.hits.${side} .text`).allInnerTexts();
async function find(text: string): Promise<void> {
  await query().fill(text);
  await query().press("Enter");
  await page.getByRole("heading", { name: `The best texts for “${text}”` }).waitFor();
}
async function bring(name: string, content: string): Promise<void> {
  const another = page.getByRole("button", { name: "Use other texts" });
  if (await another.isVisible()) await another.click();
  const input = page.locator(".bring input[type=file]").first();
  await input.setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(content) });
  await query().waitFor();
}
const start = () => page.locator(".prepared").getByRole("button", { name: "Start training" });

it("says why there can be no training", { timeout: 240_000 }, async () => {
  await bring("few.csv", Papa.unparse(pairs.slice(0, 5)));
  await page.getByText("Training needs at least 20 different questions with an answer; there are 5.").waitFor();
  expect(await start().isDisabled()).toBe(true);
  await bring("same.csv", Papa.unparse(pairs.map(({ question }) => ({ question, answer: "Yes." }))));
  await page.getByText("All questions have the same answer").waitFor();
  expect(await start().isDisabled()).toBe(true);
  await bring("list.txt", pairs.map(({ question }) => question).join("\n"));
  await page.getByText("Training needs pairs: a column of questions").waitFor();
  expect(await start().isDisabled()).toBe(true);
});

const asked = pairs[4]!.question; // Every fifth question is not trained on.
let before: string[];

it("trains, can be paused, and the next visit continues", { timeout: 400_000 }, async () => {
  await bring("help-desk.csv", Papa.unparse([...pairs]));
  await find(asked);
  before = await hits("base");
  expect(await page.locator(".hits.adapter").count()).toBe(0);
  await page.getByLabel("Quick try").check();
  await start().click();
  await page
    .locator(".learning .done")
    .getByText(/^1\d of 30$/)
    .waitFor();
  // Questions of the user, each with the text that the search finds first so far.
  const watch = page.getByRole("region", { name: "Texts that it was not trained on" });
  expect(await watch.locator("p").first().innerText()).toMatch(/^Right: \d+ of \d+ texts; at the start \d+\.$/);
  const watched = await watch.locator(".text").allInnerTexts();
  expect(watched.length).toBeGreaterThan(0);
  for (const text of watched) expect(pairs.map(({ question }) => question)).toContain(text);
  for (const text of await watch.locator(".prediction").allInnerTexts())
    expect(answers).toContain(text.replace("finds: ", ""));
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("Training on “help-desk.csv” is not finished.").waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Trained on “help-desk.csv”.").waitFor();
  // How many of the first five, in words; the measures are under Details.
  const sentence =
    /^For (\d+) of 24 questions that it was not trained on, the right text is among the first five\. Before training: (\d+)\.$/;
  await expect.poll(() => page.locator(".quality .result").innerText()).toMatch(sentence);
  const [, after5, before5] = sentence.exec(await page.locator(".quality .result").innerText())!.map(Number);
  expect(after5).toBeGreaterThan(before5!);
  await page.locator(".quality summary").click();
  const cells = await page.locator(".quality tbody td").allInnerTexts();
  expect(cells).toHaveLength(12);
  for (const cell of cells) expect(Number(cell)).toBeGreaterThanOrEqual(0);
  for (const cell of cells) expect(Number(cell)).toBeLessThanOrEqual(1);
  const [, base, after] = cells.map(Number);
  const verdict = await page.locator(".quality .details .verdict").innerText();
  expect(verdict).toContain(base!.toFixed(2));
  expect(verdict).toContain(after!.toFixed(2));
  // Who answers which questions only training tells.
  expect(after).toBeGreaterThan(base!);
  expect(verdict).toMatch(/^(Training helps|After training)/);
  await page.getByText("Measured once, with 24 questions that were not trained on.").waitFor();
  await page.getByText("only a rough measurement").waitFor();
});

it("shows what it finds before and after training, side by side", { timeout: 240_000 }, async () => {
  await page.getByRole("group", { name: "Questions that were not trained on" }).waitFor();
  await find(asked);
  await page.locator(".hits.adapter").waitFor();
  expect(await hits("base")).toEqual(before);
  const after = await hits("adapter");
  expect(after).toHaveLength(5);
  expect(after.filter((text) => !answers.has(text))).toEqual([]);
  expect(await page.locator('.hits.adapter li[data-right="true"] .text').allInnerTexts()).toEqual([pairs[4]!.answer]);
  // Scores of other vectors.
  const [first, second] = await Promise.all(
    ["base", "adapter"].map((side) => page.locator(`.hits.${side} .score`).allInnerTexts()),
  );
  expect(first).not.toEqual(second);
});

it("counts what the user judges, and gives it away as CSV", { timeout: 120_000 }, async () => {
  await find("a query that is in no table");
  const [base, adapted] = [await hits("base"), await hits("adapter")];
  await page.locator(".hits.base li").nth(0).getByRole("button", { name: "Right" }).click();
  await page.locator(".hits.base li").nth(1).getByRole("button", { name: "Wrong" }).click();
  await page.locator(".hits.base li").nth(2).getByRole("button", { name: "Wrong" }).click();
  await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  expect(await page.locator('.hits.base [aria-pressed="true"]').count()).toBe(2);
  const counted = await page.locator(".precisions li").allInnerTexts();
  const judged = base.slice(0, 2).filter((text) => adapted.includes(text)).length;
  const right = adapted.includes(base[0]!) ? 1 : 0;
  const said = (title: string, right: number, judged: number) =>
    `${title} ${right} of ${judged} judged results are right`;
  expect(counted).toEqual([
    said("Before training", 1, 2),
    ...(judged === 0 ? [] : [said("After training", right, judged)]),
  ]);
  const csv = async (button: string) => {
    const { name, bytes } = await saved(page, button);
    return [name, Papa.parse(new TextDecoder().decode(bytes).trim(), { header: true }).data];
  };
  expect(await csv("Save the right pairs (CSV)")).toEqual([
    "right-pairs.csv",
    [{ question: "a query that is in no table", answer: base[0] }],
  ]);
  expect(await csv("Save all judgements (CSV)")).toEqual([
    "judgements.csv",
    [
      { sentence1: "a query that is in no table", sentence2: base[0], label: "1" },
      { sentence1: "a query that is in no table", sentence2: base[1], label: "0" },
    ],
  ]);
  // They outlive the visit, and are counted with what is found then.
  await page.reload();
  await expect.poll(() => page.locator(".precisions li").allInnerTexts(), { timeout: 120_000 }).toEqual(counted);
});

it(
  "its project opens in another browser with texts, judgements and training, and says how to train again",
  { timeout: 240_000 },
  async () => {
    const shown = () =>
      Promise.all([".quality .result", ".precisions", ".retrain p"].map((part) => page.locator(part).innerText()));
    const before = await shown();
    // One query, two verdicts since the training.
    expect(before[2]).toBe("2 judgements since the last training.");
    const { name, bytes } = await saved(page, "Save the project");
    expect(name).toBe("help-desk.lowrank.zip");
    await forgetVisits(studio, page);
    // Without a table of labels, the project leads to its search.
    await page.goto(studio.url);
    const open = page.locator(".project-file input[type=file]");
    await open.setInputFiles({ name, mimeType: "application/zip", buffer: Buffer.from(bytes) });
    await query().waitFor();
    await expect.poll(shown, { timeout: 120_000 }).toEqual(before);
    await find(asked);
    await page.locator(".hits.adapter").waitFor();
    // Judging by the keyboard alone leaves the focus where it is.
    const verdict = page.locator(".hits.adapter li").nth(1).getByRole("button", { name: "Right" });
    for (const pressed of ["true", "false"]) {
      await verdict.focus();
      await page.keyboard.press("Enter");
      await expect.poll(() => verdict.getAttribute("aria-pressed")).toBe(pressed);
      expect(await verdict.evaluate((button) => button === document.activeElement)).toBe(true);
    }
  },
);

it("is accessible and narrow with everything on it", { timeout: 120_000 }, async () => {
  await page.locator(".take-search pre").waitFor();
  await find(asked);
  await expectAccessible(page);
});

it("what is taken away runs as pasted, on the command line, in Node and in a page", { timeout: 400_000 }, async () => {
  await page.locator(".hits.adapter").waitFor();
  const shown = (await hits("adapter"))[0]!;
  const score = parseFloat((await page.locator(".hits.adapter .score").first().innerText()).match(/[\d.]+/)![0]);
  const { name, bytes } = await saved(page, /^Save the search$/);
  expect(name).toBe("help-desk-search.zip");
  const files = unzipSync(bytes);
  expect(Object.keys(files).sort()).toEqual(expect.arrayContaining(["search/adapter/1_Pooling/config.json", "search/adapter/adapter_model.safetensors", "search/adapter/modules.json", "search/texts.index", "search/texts.json"])); // prettier-ignore
  const pasted = async (place: string) => {
    await page.locator(".take-search").getByLabel(place).check();
    await page.locator(".take-search").getByRole("button", { name: "Copy" }).click();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  const consumer = new Consumer();
  try {
    const unpack = (folder: string) => {
      for (const [path, content] of Object.entries(files)) {
        if (path.endsWith("/")) continue;
        const file = join(consumer.folder, folder, path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, content);
      }
    };
    unpack(".");
    consumer.write("main.mjs", await pasted("Node"));
    const lines = consumer.run("node", "main.mjs", asked).trimEnd().split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[0]!.slice(6)).toBe(shown);
    expect(Number(lines[0]!.slice(0, 5))).toBeCloseTo(score, 2);
    const words = (await pasted("Command line")).split("\n")[1]!.split(" ");
    const given = [...words.slice(2, 4), join(consumer.folder, words[4]!), asked, "--json"];
    const { code, out, err } = await lowrank(given);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const { hits: found } = JSON.parse(out);
    expect(found.map(({ text }: { text: string }) => text)).toEqual(await hits("adapter"));
    expect(found[0].score).toBeCloseTo(score, 2);
    consumer.write("page/index.html", `<!doctype html><script type="module" src="/main.js"></script>`);
    // The model is fetched from this machine in place of the hub.
    const program = (await pasted("Web page")).replace('"sentence-transformers/', '"/models/');
    consumer.write("page/main.js", `${program}\ndocument.title = "ready";`);
    unpack("page/public");
    await vite({ root: join(consumer.folder, "page"), logLevel: "silent", configFile: false });
    const site = await serveExample(join(consumer.folder, "page/dist"));
    try {
      const own = await studio.context.newPage();
      // The hub's files are this machine's.
      await own.goto(site.origin);
      await expect.poll(() => own.title(), { timeout: 120_000 }).toBe("ready");
      await own.getByLabel("Search").fill(asked);
      await own.getByLabel("Search").press("Enter");
      await expect.poll(() => own.locator("li").count(), { timeout: 60_000 }).toBe(5);
      expect(await own.locator("li").first().innerText()).toBe(`${shown} (${score.toFixed(2)})`);
      await own.close();
    } finally {
      site.close();
    }
  } finally {
    rmSync(consumer.folder, { recursive: true });
  }
});

it("a deleted model leaves the search as it was", { timeout: 120_000 }, async () => {
  await page.getByRole("button", { name: "Delete the trained model" }).click();
  await expect.poll(() => page.locator(".hits.adapter").count()).toBe(0);
  await find(asked);
  expect(await hits("base")).toEqual(before);
  expect(await page.getByRole("heading", { name: "Without training" }).count()).toBe(1);
  expect(await start().isEnabled()).toBe(true);
});
