// @needs browser
// @rest studio
import { unzipSync } from "fflate";
import Papa from "papaparse";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Studio } from "../../scripts/studio/driver.mjs";
import { CrossEncoder } from "../../ts/index.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { things, words } from "../tasks/question-rows.js";
import { expectAccessible } from "./accessible.js";
import { saved, tinyStudio } from "./tiny-studio.js";

let studio: Studio;
let page: Page;
beforeAll(async () => {
  ({ studio } = await tinyStudio(await tinyEncoder()));
  await studio.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(studio.url).origin });
}, 120_000);
afterAll(() => studio?.end());

/** A question with four texts, of which the one with a good word is right, whatever is asked: similarities do not know that. */
const rows = things.flatMap((thing) =>
  words.flatMap((word, i) =>
    [0, 6, 8, 10].map((place) => ({
      question: `Was the ${thing} ${word}?`,
      text: `It is ${words[place === 0 ? i % 6 : 6 + ((place + i) % 6)]!}, the ${thing}.`,
      label: place === 0 ? "yes" : "no",
    })),
  ),
);
const start = () => page.getByRole("button", { name: "Start training" });
const another = () => page.getByRole("button", { name: "Use another table" });
async function bring(name: string, given: readonly object[]): Promise<void> {
  if (await another().isVisible()) await another().click();
  await page.locator(".bring input[type=file]").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(Papa.unparse([...given])) }); // prettier-ignore
  await page.getByRole("heading", { name }).waitFor();
}

it(
  "a table of questions and texts is recognised, and opens the search or the reranker",
  { timeout: 120_000 },
  async () => {
    page = await studio.openTable("answers.csv", Papa.unparse(rows));
    page.setDefaultTimeout(60_000);
    await page.getByRole("heading", { name: "Questions with texts: what do you want to train?" }).waitFor();
    const offer = page.locator(".pairs-offer");
    await expectAccessible(page);
    await offer.getByRole("button", { name: "Search" }).click();
    // What does not fit is no answer to search with.
    await page.getByText("60 pairs").waitFor();
    await page.goBack();
    await offer.getByRole("button", { name: "Reranker" }).click();
    await page.getByText("60 questions with texts that fit and texts that do not").waitFor();
    await page.getByText("240 rows").waitFor();
    expect(await page.getByLabel("How well they fit").inputValue()).toBe("2");
    // Either gets the table as it was corrected: a question has no text that fits any more.
    await page.goBack();
    await page.getByRole("button", { name: "Remove row 1", exact: true }).click();
    await offer.getByRole("button", { name: "Search" }).click();
    await page.getByText("59 pairs").waitFor();
    await page.goBack();
    await offer.getByRole("button", { name: "Reranker" }).click();
    await page.getByText("59 questions with texts that fit and texts that do not").waitFor();
    await page.getByText("239 rows").waitFor();
  },
);

it("says why there can be no training", { timeout: 120_000 }, async () => {
  await bring(
    "two.csv",
    rows.map(({ question, text }) => ({ question, text })),
  );
  await page.getByText("Training needs a column that says how well each text fits").waitFor();
  expect(await start().isDisabled()).toBe(true);
  await bring("few.csv", rows.slice(0, 40));
  await page.getByText("Training needs at least 20 questions with texts that fit and texts that do not; there are 10.").waitFor(); // prettier-ignore
  expect(await start().isDisabled()).toBe(true);
});

/** What live regions say, by the tree that screen readers get. */
async function announced(): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const textOf = ({ role, name, childIds = [] }: (typeof nodes)[number]): string =>
    role?.value === "StaticText" ? String(name?.value) : childIds.map((id) => textOf(byId.get(id)!)).join("");
  const isPolite = ({ properties = [] }: (typeof nodes)[number]) =>
    properties.some(({ name, value }) => name === "live" && value.value === "polite");
  const regions = nodes.filter((node) => node.role?.value === "status" && isPolite(node));
  // A notice of a row that was removed stays for some seconds.
  return regions.map(textOf).filter((text) => text !== "" && !text.endsWith("Undo"));
}

const numbers = async () => (await page.locator(".quality tbody td").allInnerTexts()).map(Number);

it("trains, can be paused, and the next visit continues", { timeout: 300_000 }, async () => {
  await bring("answers.csv", rows);
  // Else a table with fewer than 200 rows has none that choose the step, and are watched.
  await page.getByLabel("Quick try").check();
  await page.getByText("Details").click();
  await page.getByRole("spinbutton", { name: "Steps" }).fill("1500");
  await page.getByLabel("Learning rate").fill("0.01");
  await page.getByLabel("Learning rate").press("Tab");
  await start().click();
  // Without a table, the training is still within reach.
  await another().click();
  await page.locator(".bring").waitFor();
  await page
    .locator(".learning .done")
    .getByText(/^[1-9]\d* of 1,500$/)
    .waitFor();
  // Questions of the user, each with the text that the reranker puts first so far.
  const watch = page.getByRole("region", { name: "Texts that it was not trained on" });
  expect(await watch.locator("p").first().innerText()).toMatch(/^Right: \d+ of \d+ texts; at the start \d+\.$/);
  const watched = await watch.locator(".text").allInnerTexts();
  expect(watched.length).toBeGreaterThan(0);
  expect(new Set(watched).size).toBe(watched.length);
  for (const text of watched) expect(rows.map(({ question }) => question)).toContain(text);
  for (const text of await watch.locator(".prediction").allInnerTexts()) expect(text).toMatch(/^finds: It is /);
  // A screen reader hears the stage, in one place, and no step.
  expect(await announced()).toEqual([await page.locator(".learning .name").innerText()]);
  await page.getByRole("button", { name: "Pause" }).click();
  const unfinished = "Training on “answers.csv” is not finished.";
  await page.getByText(unfinished).waitFor();
  await expectAccessible(page);
  const other = await studio.open("rank");
  await other.getByText(unfinished).waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Trained on “answers.csv”.").waitFor({ timeout: 200_000 });
  await expect.poll(announced).toEqual(["The training has ended."]);
  const cells = await numbers();
  expect(cells).toHaveLength(6);
  expect(cells.every((cell) => cell >= 0 && cell <= 1)).toBe(true);
  const [base, after] = cells;
  expect(after).toBeGreaterThan(base! + 0.1);
  const verdict = await page.locator(".quality .verdict").innerText();
  expect(verdict.trim()).toBe(`The reranker helps: NDCG@10 is ${after!.toFixed(2)}, by similarity alone ${base!.toFixed(2)}. The difference is more than chance.`); // prettier-ignore
  await page.getByText("Measured once, with 12 questions that were not trained on.").waitFor();
  await page.getByRole("button", { name: "Save the reranker" }).waitFor();
  // The other tab does not delete what was finished here: the tests below use it.
  await other.getByRole("button", { name: "Delete it" }).click();
  await other.getByText("Trained on “answers.csv”.").waitFor();
  await other.close();
  await bring("answers.csv", rows);
});

it("orders texts for a question, as the saved files do elsewhere", { timeout: 120_000 }, async () => {
  await page.locator(".offered button").first().click();
  const question = await page.getByLabel("Question", { exact: true }).inputValue();
  const texts = (await page.getByLabel("Texts, one per line").inputValue()).split("\n");
  expect(texts).toEqual(rows.filter((row) => row.question === question).map(({ text }) => text));
  await page.getByRole("button", { name: "Put in order" }).click();
  await page.getByRole("heading", { name: `The texts in order for “${question}”` }).waitFor();
  expect((await page.locator(".hits.base .text").allInnerTexts()).sort()).toEqual([...texts].sort());
  const shown = await page.locator(".hits.adapter .text").allInnerTexts();
  const scores = await page.locator(".hits.adapter .score").allInnerTexts();
  expect(await page.locator('.hits.adapter li[data-right="true"]').count()).toBe(1);

  const { name, bytes } = await saved(page, "Save the reranker");
  expect(name).toBe("answers-reranker.zip");
  const files = Object.fromEntries(
    Object.entries(unzipSync(bytes))
      .filter(([path]) => !path.endsWith("/"))
      .map(([path, content]) => [path.replace(/^reranker\//, ""), content]),
  );
  const report = JSON.parse(new TextDecoder().decode(files["report.json"])) as {
    result: { yardsticks: { cosine: Record<string, number> }; after: Record<string, number> };
  };
  const { yardsticks, after } = report.result;
  const metrics = ["ndcg@10", "mrr@10", "map"];
  expect(await numbers()).toEqual(
    metrics.flatMap((metric) => [yardsticks.cosine[metric]!, after[metric]!].map((value) => Number(value.toFixed(2)))),
  );
  const reranker = await CrossEncoder.load(files, { model: await tinyEncoder() });
  const ranked = await reranker.rank(question, texts);
  reranker.dispose();
  expect(shown[0]).toBe(ranked[0]!.text);
  const scoreOf = new Map(shown.map((text, i) => [text, Number(/[\d.]+$/.exec(scores[i]!)![0])]));
  for (const { text, score } of ranked) expect(scoreOf.get(text)).toBeCloseTo(score, 1);
  expect([...scoreOf.values()]).toEqual([...scoreOf.values()].sort((a, b) => b - a));
});

it("shows programs to copy, is accessible, speaks German, and outlives the visit", { timeout: 120_000 }, async () => {
  const take = page.locator(".take-search");
  for (const [place, said] of [
    ["Node", "CrossEncoder.load"],
    ["Web page", "cacheModel"],
    ["Python", "num_labels=1"],
    ["Command line", "predict --run reranker"],
  ]) {
    // prettier-ignore
    await take.getByLabel(place!).check();
    await take.getByRole("button", { name: "Copy" }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain(said);
  }
  await expectAccessible(page);
  await page.locator('button[popovertarget="appearance"]').click();
  await page.locator("#appearance select").first().selectOption("de");
  await page.keyboard.press("Escape");
  await page.getByText(/^Der Reranker hilft: NDCG@10 ist 0,\d{2},|^Der Reranker hilft: NDCG@10 ist 1,00,/).waitFor();
  await expectAccessible(page);
  const freed: string[] = [];
  await page.exposeFunction("sent", (method: string) => freed.push(method));
  await page.addInitScript(() => {
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message: unknown, ...more) {
      const { target } = Object(message) as { target?: { method?: string } };
      if (target?.method === "dispose") (globalThis as unknown as { sent(method: string): void }).sent("dispose");
      return Reflect.apply(post, this, [message, ...more]) as void;
    };
  });
  await page.reload();
  await page.getByText("Trainiert mit „answers.csv“.").waitFor();
  await page.locator(".offered button").first().click();
  const question = await page.locator(".to-order input").inputValue();
  await page.locator(".to-order button").click();
  await page.locator(".hits.adapter").waitFor();
  expect(freed).toEqual([]);
  await page.getByRole("button", { name: "Das trainierte Modell löschen" }).click();
  await page.getByRole("button", { name: "Training beginnen" }).waitFor();
  expect(await page.locator(".take-search").count()).toBe(0);
  // Its memory is free, its order is gone, and what was typed stays.
  await expect.poll(() => freed).toEqual(["dispose"]);
  await page.locator(".hits").first().waitFor({ state: "detached" });
  expect(await page.locator(".to-order input").inputValue()).toBe(question);
  const sent = studio.asked.filter(({ url, body }) => body !== null || !url.startsWith(studio.url));
  expect(sent.filter(({ url }) => !/^(blob|data):/.test(url))).toEqual([]);
});
