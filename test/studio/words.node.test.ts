// @needs browser
// @rest studio
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Studio } from "../../scripts/studio/driver.mjs";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { saved, tinyStudio, toTraining } from "./tiny-studio.js";
import { alone, ask, fits, loadAgain, reportOf, trainWithBreak } from "./whole-way.js";

let studio: Studio;
beforeAll(async () => {
  ({ studio } = await tinyStudio(await tinyEncoder()));
}, 120_000);
afterAll(() => studio?.end());

const good = ["warm", "funny", "lovely", "bright"];
const bad = ["cold", "dull", "awful", "grim"];
/** Sentences of words with tags, no two the same; every second praise is of two words. */
const sentences = Array.from({ length: 160 }, (_, i) => {
  const all = [...good, ...bad];
  const tagged = (word: string, isLong: boolean): [string, string][] => {
    const label = good.includes(word) ? "GOOD" : "BAD";
    return isLong ? [["very", `B-${label}`], [word, `I-${label}`]] : [[word, `B-${label}`]]; // prettier-ignore
  };
  return [
    ["the", "O"],
    [["story", "music", "film", "end", "start"][i >> 5]!, "O"],
    ["was", "O"],
    ...tagged(all[i % 8]!, i % 2 === 0),
    ["and", "O"],
    ...tagged(all[(i * 3 + (i >> 3)) % 8]!, false),
    ...(["", "!", "."][i % 3] === "" ? [] : [[["", "!", "."][i % 3]!, "O"]]),
  ] as [string, string][];
});
const conll = `-DOCSTART- O\n\n${sentences.map((words) => words.map((pair) => `${pair.join(" ")}\n`).join("")).join("\n")}`;
const jsonLines = sentences.map((words) => {
  const text = words.map(([word]) => word).join(" ");
  const found = [...text.matchAll(new RegExp(`(very )?(${[...good, ...bad].join("|")})`, "g"))];
  const spans = found.map(({ 0: part, 2: word, index }) => ({
    start: index,
    end: index + part.length,
    label: good.includes(word!) ? "GOOD" : "BAD",
  }));
  return JSON.stringify({ text, spans });
});

/** The marked words of the answer, with their labels. */
const marked = (page: Page) =>
  page.locator(".answers mark").evaluateAll((marks) => marks.map((mark) => mark.textContent.replace(/ [\d.]+%$/, "")));

it(
  "labels of words are read, corrected, trained, interrupted, measured, tried, and taken away",
  { timeout: 240_000 },
  async () => {
    const page = await studio.openTable("words.conll", conll);
    expect(await page.getByLabel("What to predict").inputValue()).toBe("tokens");
    await expect.poll(() => page.locator("div.how-read .facts").innerText()).toContain("CoNLL: one word per line");
    expect(await page.locator("div.how-read .facts").innerText()).toContain("160 rows");
    await expect.poll(() => page.locator(".bar-of .name").allInnerTexts()).toEqual(["BAD", "GOOD"]);
    await page.getByText("No problems found.").waitFor();
    const tags = page.getByLabel("Column of tags").locator("option:checked");
    expect(await tags.textContent()).toBe("2: O O O B-GOOD I-GOOD O B-GOOD");
    // A row's marks are corrected in place.
    const first = page.getByLabel(/^Marked words of row 1:/);
    const before = await first.innerText();
    expect(before).toBe("GOOD: very warm · GOOD: warm");
    await first.click();
    await page.locator("dialog").getByLabel("very warm").selectOption("BAD");
    await page.keyboard.press("Escape");
    await expect.poll(() => first.innerText()).toBe("BAD: very warm · GOOD: warm");
    const text = page.getByRole("button", { name: "the story was very warm and warm", exact: true });
    // A mark that is removed comes back, with all changes of the dialog.
    await text.click();
    await page.locator("dialog").getByLabel("very warm").selectOption("no label");
    await expect.poll(() => page.locator("dialog mark").allInnerTexts()).toEqual(["warm GOOD"]);
    await page.locator("dialog").getByLabel("warm").selectOption("BAD");
    await expect.poll(() => page.locator("dialog mark").allInnerTexts()).toEqual(["warm BAD"]);
    await page.keyboard.press("Escape");
    await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => first.innerText()).toBe("BAD: very warm · GOOD: warm");
    await text.click();
    await page.locator("dialog").getByLabel("very warm").selectOption("no label");
    await expect.poll(() => page.locator("dialog mark").allInnerTexts()).toEqual(["warm GOOD"]);
    await page.keyboard.press("Escape");
    await expect.poll(() => first.innerText()).toBe("GOOD: warm");
    await toTraining(page);
    await page.getByText("160 rows, 2 labels").waitFor();
    await trainWithBreak(page, /^F1 .* on the validation rows/);

    const shares = async (kind: string) => (await page.locator(`tr.${kind} .big`).allInnerTexts()).map(parseFloat);
    const [f1, precision, recall, accuracy] = await shares("adapter");
    for (const share of [f1!, precision!, recall!, accuracy!]) expect(share).toBeGreaterThan(80);
    const [none, , , guess] = await shares("base");
    expect([none, guess! < accuracy!]).toEqual([NaN, true]);
    await page.locator(".headline .verdict[data-kind]").waitFor();
    await expect.poll(() => page.locator(".each-label tbody th").allInnerTexts()).toEqual(expect.arrayContaining(["GOOD", "BAD"])); // prettier-ignore
    await ask(page, "the music was very warm and dull");
    await expect.poll(() => marked(page)).toEqual(["very warm GOOD", "dull BAD"]);
    await fits(page, "Each label", "Jedes Label");

    const file = page.locator(".label-file input[type=file]");
    await file.setInputFiles({ name: "new.csv", mimeType: "text/csv", buffer: Buffer.from("id,text\n1,the film was very cold\n2,\n") }); // prettier-ignore
    const { bytes } = await saved(page, "Mark words in 2 rows");
    const lines = Buffer.from(bytes).toString("utf8").split(/\r?\n/);
    expect(lines).toEqual(["\ufeffid,text,words_predicted", "1,the film was very cold,BAD: very cold", "2,,", ""]);

    const words = "the O\nend O\nwas O\ngrim B-BAD\n\nthe O\nfilm O\nwas O\nvery O\nlovely O\n";
    await file.setInputFiles({ name: "new.conll", mimeType: "text/plain", buffer: Buffer.from(words) });
    const more = await saved(page, "Mark words in 2 rows");
    expect(Buffer.from(more.bytes).toString("utf8").split(/\r?\n/).map((line) => line.split(",").at(-1))).toEqual(["words_predicted", "BAD: grim", "GOOD: very lovely", ""]); // prettier-ignore

    await page.getByRole("link", { name: "Download" }).click();
    const row = page.locator(".history tr", { hasText: "words.conll" });
    await expect.poll(() => row.locator("td.result").innerText()).toMatch(/^F1 (\d+|over 99)%$/);
    expect(await page.locator(".snippets pre").innerText()).toContain("TokenClassifier.open");
    const said = await alone(studio, page, "A web page that marks words", "the music was very warm and dull");
    expect(said).toBe("the music was very warm GOOD and dull BAD");
    const files = await loadAgain(page);
    expect(reportOf(files)).toMatchObject({ task: "tokens", data: { labels: ["O", "B-BAD", "B-GOOD", "I-BAD", "I-GOOD"] } }); // prettier-ignore
    await ask(page, "the music was very warm and dull");
    await expect.poll(() => marked(page)).toEqual(["very warm GOOD", "dull BAD"]);

    // The project has the rows as they were corrected, and both runs.
    await page.getByRole("link", { name: "Download" }).click();
    const project = await saved(page, "Save the project");
    await page.getByRole("link", { name: "Data" }).click();
    await page.getByRole("button", { name: "Use another table" }).click();
    await page
      .locator(".project-file input[type=file]")
      .setInputFiles({ name: project.name, mimeType: "application/zip", buffer: Buffer.from(project.bytes) });
    await expect.poll(() => first.innerText()).toBe("GOOD: warm");
    expect(await page.locator(".problem").count()).toBe(0);
    await page.close();
  },
);

it(
  "texts with entities are read too, and what does not fit the text is said and not used",
  { timeout: 120_000 },
  async () => {
    const strange = JSON.stringify({ text: "the end", spans: [{ start: 4, end: 40, label: "BAD" }] });
    const lines = [...jsonLines.slice(0, 100), strange];
    const page = await studio.openTable("spans.jsonl", `${lines.join("\n")}\n`);
    expect(await page.getByLabel("What to predict").inputValue()).toBe("tokens");
    // A smaller table is dropped on the dialog of a row that it does not have.
    const drop = async (on: string, rows: readonly string[]) => {
      const dataTransfer = await page.evaluateHandle(
        (content) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([content], "spans.jsonl"));
          return transfer;
        },
        `${rows.join("\n")}\n`,
      );
      await page.locator(on).dispatchEvent("drop", { dataTransfer });
      await page.locator("div.how-read .facts").getByText(`${rows.length} rows`, { exact: true }).waitFor();
      await page.getByLabel(/^Marked words of row 1:/).waitFor();
      expect(await page.locator("dialog").count()).toBe(0);
    };
    await page.getByPlaceholder("Search").fill("the film was");
    await page.locator(".windowed td.text button").first().click();
    await page.locator("dialog mark").first().waitFor();
    await drop("dialog", jsonLines.slice(0, 30));
    await drop("div.data", lines);
    await page.getByText("1 row whose labels do not fit the words of the text. It is not used.").waitFor();
    await page.getByRole("button", { name: "Rename “GOOD”" }).click();
    await page.locator("dialog input").fill("PRAISE");
    await page.locator("dialog").getByRole("button", { name: "Rename" }).click();
    await expect
      .poll(() => page.getByLabel(/^Marked words of row 1:/).innerText())
      .toBe("PRAISE: very warm · PRAISE: warm");
    await toTraining(page);
    await page.getByText("100 rows, 2 labels").waitFor();
    await page.getByRole("button", { name: "Start training" }).click();
    await page.getByText(/^Measured once, on 20 texts/).waitFor({ timeout: 90_000 });
    await ask(page, "the music was very warm and dull");
    await expect.poll(() => marked(page)).toEqual(["very warm PRAISE", "dull BAD"]);
    await page.close();
  },
);
