// @needs browser
// @rest studio
import { unzipSync } from "fflate";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Studio } from "../../scripts/studio/driver.mjs";
import type { MultiLabelRunResult } from "../../ts/tasks/multi-label/settings.js";
import type { RegressResult } from "../../ts/tasks/regress/settings.js";
import type { HeadComparison } from "../../ts/tasks/head/head-comparison.js";
import { en } from "../../web/src/messages/en/main.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { begin, saved, tinyStudio, toTraining } from "./tiny-studio.js";
import { alone, ask, fits, loadAgain, reportOf, trainWithBreak } from "./whole-way.js";

let studio: Studio;
beforeAll(async () => {
  ({ studio } = await tinyStudio(await tinyEncoder()));
}, 120_000);
afterAll(() => studio?.end());

/** The model that the page offers first, and the one that the report recommends. */
const mainDownload = (page: Page) => page.locator(".items button.primary").getAttribute("aria-label");
const recommendedIn = ({ recommended }: HeadComparison) =>
  recommended === "adapter" ? "Save: Adapted model" : "Save: Simple model";

const good = ["warm", "funny", "lovely", "bright"];
const bad = ["cold", "dull", "awful", "grim"];
/** Texts of two words each, no two the same. */
const pairs = Array.from({ length: 160 }, (_, i) => {
  const words = [...good, ...bad];
  const [first, second] = [words[i % 8]!, words[(i * 3 + (i >> 3)) % 8]!];
  const end = ["", ", start", ", it is quite"][i % 3]!;
  return {
    text: `the ${["story", "music", "film", "end", "start"][i >> 5]} was ${first} and ${second}${end}`,
    words: [first, second],
  };
});
const goodIn = (words: readonly string[]) => words.filter((word) => good.includes(word)).length;

it("a number a text is trained, interrupted, measured, tried, and taken away", { timeout: 240_000 }, async () => {
  const rows = pairs.map(({ text, words }) => `"${text}",${[1.5, 3, 4.5][goodIn(words)]}`);
  const page = await studio.openTable("stars.csv", `review,stars\n${rows.join("\n")}\n`);
  expect(await page.getByLabel("What to predict").inputValue()).toBe("regress");
  await expect.poll(() => page.locator(".labels li .name").allInnerTexts()).toEqual(["1.5", "3", "4.5"]);
  // What is no number is said, and not used.
  await page.getByLabel("Number of row 2", { exact: true }).fill("many");
  await page.getByLabel("Number of row 2", { exact: true }).press("Tab");
  await page.locator(".findings li", { hasText: "something other than a number" }).waitFor();
  await page.getByLabel("Number of row 2", { exact: true }).fill("3");
  await page.getByLabel("Number of row 2", { exact: true }).press("Tab");
  await toTraining(page);
  await page.getByText("160 rows with a number").waitFor();
  await trainWithBreak(page, /^Spearman .* on the validation rows/);

  const shown = (kind: string) => page.locator(`tr.${kind} .big`).allInnerTexts();
  const [adapted, base] = [await shown("adapter"), await shown("base")];
  expect(await page.locator(".scatter circle").count()).toBe(32);
  expect(await page.locator(".scatter g text[text-anchor=end]").allTextContents()).toEqual(["1", "2", "3", "4", "5"]);
  await page.locator(".headline .verdict[data-kind]").waitFor();
  await page.getByText(/^In your data (1\.5|3|4\.5), predicted \d/).first().waitFor(); // prettier-ignore
  const answer = () => page.locator(".number-answer.adapter .big").innerText();
  await ask(page, "the story was dull and grim");
  const low = Number(await answer());
  await ask(page, "the music was warm and bright");
  const high = Number(await answer());
  expect(high).toBeGreaterThan(low + 1);
  // Predictions stay within a short scale.
  expect(low).toBeGreaterThanOrEqual(1.5);
  expect(high).toBeLessThanOrEqual(4.5);
  await fits(page, "Predicted and true numbers", "Vorhergesagte und wahre Zahlen");

  const file = page.locator(".label-file input[type=file]");
  await file.setInputFiles({ name: "new.csv", mimeType: "text/csv", buffer: Buffer.from("id;text\n1;the music was warm and bright\n2;\n") }); // prettier-ignore
  const { bytes } = await saved(page, "Predict 2 rows");
  const lines = Buffer.from(bytes).toString("utf8").split(/\r?\n/);
  expect(lines[0]).toBe("\ufeffid;text;number_predicted");
  expect(Number(/^1;.*;(\d,\d{4})$/.exec(lines[1]!)![1]!.replace(",", "."))).toBeCloseTo(high, 1);
  expect(lines[2]).toBe("2;;");

  await page.getByRole("link", { name: "Download" }).click();
  await expect.poll(() => page.locator(".history td.result").first().innerText()).toMatch(/^Spearman 0\.\d\d$/);
  expect(await page.locator(".snippets pre").innerText()).toContain("TextRegressor.open");
  const [, number] = (await alone(studio, page, "A web page that predicts numbers", "the music was warm and bright")).split(/\n+/); // prettier-ignore
  expect(Number(number)).toBeCloseTo(high, 1);
  const main = await mainDownload(page);
  const files = await loadAgain(page);
  const report = reportOf<RegressResult>(files);
  expect(report).toMatchObject({ task: "regress" });
  expect(main).toBe(recommendedIn(report.result));
  // The page shows the report's numbers, with the digits that 32 texts carry.
  const { after, yardsticks } = report.result;
  expect(after.rmse).toBeLessThan(yardsticks.mean.rmse / 2);
  const measures = ({ spearman, rmse, mae, r2 }: RegressResult["after"]) => [spearman, rmse, mae, r2];
  for (const [cells, metrics] of [
    [adapted, after],
    [base, yardsticks.mean],
  ] as const)
    // prettier-ignore
    expect(cells).toEqual(measures(metrics).map((value, i) => (i === 1 || i === 2 ? en.error : en.metric)(value, 32)));
  await ask(page, "the music was warm and bright");
  expect(Number(await answer())).toBe(high);

  // A second result is drawn beside the first: the line falls if the error does.
  await page.getByRole("link", { name: "Train", exact: true }).click();
  await page.getByLabel("Quick look").check();
  await begin(page);
  await page.getByText(/^Measured once, on 32 texts/).waitFor({ timeout: 60_000 });
  const said = await page.locator("p.rounds").innerText();
  const [first, second] = /^Mean error of your trainings with this table, the smaller the better: ([\d.]+) → ([\d.]+)$/.exec(said)!.slice(1).map(Number) as [number, number]; // prettier-ignore
  const points = (await page.locator("p.rounds polyline").getAttribute("points"))!;
  const [upper, lower] = points.split(" ").map((point) => Number(point.split(",")[1])) as [number, number];
  expect(upper).not.toBe(lower);
  if (first !== second) expect(Math.sign(upper - lower)).toBe(Math.sign(second - first));
  await page.close();
});

it(
  "several labels a text are trained, interrupted, measured, tried, and taken away",
  { timeout: 240_000 },
  async () => {
    const flags = (words: readonly string[]) =>
      [goodIn(words) > 0, goodIn(words) < 2, words.includes("awful")].map(Number);
    const rows = pairs.map(({ text, words }) => [`"${text}"`, ...flags(words)].join());
    const page = await studio.openTable("tags.csv", `text,praise,blame,awful\n${rows.join("\n")}\n`);
    expect(await page.getByLabel("What to predict").inputValue()).toBe("multi-label");
    await page.getByRole("button", { name: "3 label columns" }).waitFor();
    await expect.poll(() => page.locator(".bar-of .name").allInnerTexts()).toHaveLength(3);
    // A row's labels are corrected in place.
    const first = page.getByLabel(/^Labels of row 2:/);
    const before = await first.innerText();
    await first.click();
    await page.locator("dialog").getByLabel("awful").click();
    await page.keyboard.press("Escape");
    expect(await first.innerText()).not.toBe(before);
    await first.click();
    await page.locator("dialog").getByLabel("awful").click();
    await page.keyboard.press("Escape");
    expect(await first.innerText()).toBe(before);
    await toTraining(page);
    await page.getByText("160 rows, 3 labels").waitFor();
    await trainWithBreak(page, /^F1 .* on the validation rows/);

    const shareOf = (title: string) => page.locator(".sides dl > div", { hasText: title }).locator(".big").innerText();
    const shares = [await shareOf("Adapted model"), await shareOf("Always the most frequent labels")];
    const table = page.locator(".each-label tbody tr");
    expect(await table.locator("th").allInnerTexts()).toEqual(expect.arrayContaining(["praise", "blame", "awful"]));
    await page.getByText("the best result on the validation rows.").waitFor();
    const counts = (await table.locator("td:nth-child(2)").allInnerTexts()).map(Number);
    expect(counts).toEqual([...counts].sort((a, b) => b - a));
    const taken = () => page.locator('.odds.adapter li[data-taken="true"] .name').allInnerTexts();
    await ask(page, "the music was warm and bright");
    await expect.poll(taken).toEqual(["praise"]);
    await ask(page, "the music was awful and dull");
    await expect.poll(taken).toContain("blame");
    await fits(page, "Each label", "Jedes Label");

    const file = page.locator(".label-file input[type=file]");
    await file.setInputFiles({ name: "new.csv", mimeType: "text/csv", buffer: Buffer.from("id,text\n1,the music was warm and bright\n2,\n") }); // prettier-ignore
    const { bytes } = await saved(page, "Label 2 rows");
    const lines = Buffer.from(bytes).toString("utf8").split(/\r?\n/);
    expect(lines[0]).toBe("\ufeffid,text,labels_predicted,probabilities");
    expect(lines[1]).toMatch(/^1,.*,praise,[01]\.\d{4}$/);
    expect(lines[2]).toBe("2,,,");

    await page.getByRole("link", { name: "Download" }).click();
    await expect.poll(() => page.locator(".history td.result").first().innerText()).toMatch(/^F1 (\d+|over 99)%$/);
    expect(await page.locator(".snippets pre").innerText()).toContain("answer.labels");
    const said = await alone(studio, page, "A web page that labels texts", "the music was warm and bright");
    expect(said.split(/\n+/)[1]).toBe("praise");
    // The simple model is there too, with a card and with thresholds that were chosen.
    const simple = unzipSync((await saved(page, "Save: Simple model")).bytes);
    expect(Object.keys(simple).sort()).toEqual(["README.md", "head.safetensors", "labels.json", "report.json"]);
    const { thresholds } = JSON.parse(new TextDecoder().decode(simple["labels.json"])) as { thresholds: number[] };
    expect(thresholds).toHaveLength(3);
    expect(thresholds).not.toEqual([0.5, 0.5, 0.5]);
    const main = await mainDownload(page);
    const files = await loadAgain(page);
    const report = reportOf<MultiLabelRunResult>(files);
    expect(main).toBe(recommendedIn(report.result));
    // The page shows the report's numbers, with the digits that 32 texts carry.
    const { after, yardsticks } = report.result;
    expect(after.f1Micro).toBeGreaterThan(yardsticks.mostFrequent.f1Micro);
    expect(shares).toEqual([after, yardsticks.mostFrequent].map(({ f1Micro }) => en.share(f1Micro, 32)));
    expect(report).toMatchObject({ task: "multi-label", data: { labels: ["awful", "blame", "praise"] } });
    await ask(page, "the music was warm and bright");
    await expect.poll(taken).toEqual(["praise"]);

    // The project has the rows' form and both runs.
    await page.getByRole("link", { name: "Download" }).click();
    const project = await saved(page, "Save the project");
    await page.getByRole("link", { name: "Data" }).click();
    await page.getByRole("button", { name: "Use another table" }).click();
    await page
      .locator(".project-file input[type=file]")
      .setInputFiles({ name: project.name, mimeType: "application/zip", buffer: Buffer.from(project.bytes) });
    await page.getByRole("button", { name: "3 label columns" }).waitFor();
    expect(await page.locator(".problem").count()).toBe(0);
    await page.close();
  },
);

it("of few rows, thresholds are said to be 50%, since no validation chose them", { timeout: 120_000 }, async () => {
  const rows = pairs.slice(0, 100).map(({ text, words }) => `"${text}",${words.join(";")}`);
  const page = await studio.openTable("few.csv", `text,labels\n${rows.join("\n")}\n`);
  await toTraining(page);
  await begin(page);
  await page.getByText(/^Measured once, on 20 texts/).waitFor({ timeout: 90_000 });
  const hint = page.locator(".compared p.hint", { hasText: "threshold" });
  expect(await hint.innerText()).toMatch(/from a probability of 50\s% on: there were too few rows/);
  expect(await page.locator(".each-label tbody td:nth-child(6)").allInnerTexts()).toEqual(Array.from({ length: 8 }, () => expect.stringMatching(/^50/))); // prettier-ignore
  await page.close();
});

it("who means another task than the one that was found chooses it", async () => {
  const rows = pairs.map(({ text }, i) => `"${text}",${["a", "b", "a|b"][i % 3]}`);
  const page = await studio.openTable("joined.csv", `text,label\n${rows.join("\n")}\n`);
  const task = page.getByLabel("What to predict");
  expect(await task.inputValue()).toBe("multi-label");
  expect(await page.getByLabel("Between labels").inputValue()).toBe("|");
  await expect.poll(() => page.locator(".bar-of .name").allInnerTexts()).toEqual(["a", "b"]);
  await task.selectOption("classify");
  await expect.poll(() => page.locator(".bar-of .name").allInnerTexts()).toEqual(["a", "a|b", "b"]);
  const finding = page.locator(".findings li", { hasText: "Several labels in one" });
  await finding.getByRole("button", { name: "Several labels per text" }).click();
  await expect.poll(() => page.locator(".bar-of .name").allInnerTexts()).toEqual(["a", "b"]);
  await task.selectOption("regress");
  await page.getByText("160 rows with something other than a number").waitFor();
  await expect.poll(() => page.getByRole("link", { name: "Go on to training" }).getAttribute("aria-disabled")).toBe("true"); // prettier-ignore
  // The choice is there after a reload.
  await task.selectOption("multi-label");
  await page.waitForTimeout(500);
  await page.reload();
  await expect.poll(() => page.getByLabel("Between labels").inputValue()).toBe("|");
  await page.close();
});
