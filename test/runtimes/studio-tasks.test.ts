import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveStudio } from "../../scripts/studio/driver.mjs";
import { type Browser, type BrowserName, launchBrowser } from "../browsers/browser.mjs";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { serveTiny } from "../studio/tiny-studio.js";
import { does } from "./person.js";

let site: Awaited<ReturnType<typeof serveStudio>>;
beforeAll(async () => {
  site = await serveStudio({ models: serveTiny(await tinyEncoder()).answer });
}, 120_000);
afterAll(() => site?.close());

const words = ["warm", "funny", "lovely", "bright", "cold", "dull", "awful", "grim"];
const things = ["story", "music", "film", "end", "start"];
/** 80 sentences, no two the same, each with two words of praise or blame, which the row says. */
const rows = Array.from({ length: 80 }, (_, i) => [i % 8, (i * 3 + (i >> 3)) % 8] as const);
const sentence = (i: number) => `the ${things[i % 5]} was ${words[rows[i]![0]]} and ${words[rows[i]![1]]}`;
const isGood = (word: number) => word < 4;
const csv = (label: (row: readonly [number, number]) => string) =>
  `text,label\n${rows.map((row, i) => `${sentence(i)},${label(row)}`).join("\n")}\n`;
const several = csv((row) => [...new Set(row.map((word) => (isGood(word) ? "praise" : "blame")))].sort().join("|"));
const numbers = csv((row) => String(row.filter(isGood).length + row[0] / 10));
const conll = rows
  .map((row, i) =>
    sentence(i)
      .split(" ")
      .map((word) => `${word} ${words.includes(word) ? (isGood(words.indexOf(word)) ? "B-GOOD" : "B-BAD") : "O"}`)
      .join("\n"),
  )
  .join("\n\n");
const questions = `question,answer\n${rows.slice(0, 12).map((_, i) => `what of the ${things[i % 5]} ${i},${sentence(i)}`).join("\n")}\n`; // prettier-ignore

const tables = [
  ["several labels", "labels.csv", several, "multi-label"],
  ["a number", "numbers.csv", numbers, "regress"],
  ["words", "words.conll", conll, "tokens"],
] as const;

/** Trains on a table with a quick look. The answer is what the page shows of a text. */
const trained = (file: string, content: string, task: string) => `
  await choose(".bring", ${JSON.stringify(file)}, ${JSON.stringify(content)});
  await seen("80 rows");
  const tasks = await until(() => [...document.querySelectorAll("select")].find(({ value }) => value === "${task}"));
  if (tasks === undefined) throw new Error("read for another task");
  await trainQuickly();
  await seen("Measured once, on");
  await fill(".ask input", "the film was warm and grim");
  await click("Ask");
  return (await until(() => document.querySelector(".answers blockquote")?.closest(".answers"))).innerText;`;

describe.each<BrowserName>(["firefox", "webkit"])("the Studio's tasks in %s", (name) => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchBrowser(name)));
  afterAll(() => browser?.close());

  it.each(tables)("%s: read, trained, measured and asked", async (_, file, content, task) => {
    const page = await browser.openPage(site.url);
    // Firefox has the table of the test before.
    await does(
      page,
      `await until(() => document.querySelector(".bring, div.how-read"));
       if (document.querySelector(".bring") === null) await click("Use another table");`,
    );
    const answer = await does<string>(page, trained(file, content, task));
    expect(answer).toContain("the film was warm");
    await page.close();
  });

  it("search: a table is read, and its texts are found", async () => {
    const page = await browser.openPage(`${site.url}#search`);
    const found = await does<string[]>(
      page,
      `await choose(".bring", "questions.csv", ${JSON.stringify(questions)});
       await seen("12 pairs");
       const query = await until(() => document.querySelector(".ask-for input"));
       query.id = "query";
       await fill("#query", "what of the music 1");
       query.form.requestSubmit();
       await until(() => document.querySelector(".hits.base .text"));
       return [...document.querySelectorAll(".hits.base .text")].map(({ innerText }) => innerText);`,
    );
    expect(found.length).toBeGreaterThan(4);
    for (const text of found) expect(text).toMatch(/^the \w+ was \w+ and \w+$/);
    await page.close();
  });
});
