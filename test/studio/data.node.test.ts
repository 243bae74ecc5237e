// @needs browser
// @rest studio
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Page } from "playwright";
import { give, seriousIn, Studio } from "../../scripts/studio/driver.mjs";
import { sayingLarge } from "./saying-large.js";
import { workbook } from "./workbook-of.js";

let studio: Studio;
let page: Page;
beforeAll(async () => {
  studio = await Studio.start();
  page = await studio.open();
});
beforeEach(() => afresh());
afterAll(() => studio?.end());

/** Lets go of the table there is. */
async function afresh(): Promise<void> {
  const another = page.getByRole("button", { name: "Use another table" });
  await page.locator(".bring, div.how-read").first().waitFor();
  if (await another.isVisible()) await another.click();
  await page.getByRole("button", { name: "Paste rows" }).waitFor();
}

const many = (line: (i: number) => string, count = 30) => Array.from({ length: count }, (_, i) => line(i)).join("\n");
/** Texts and labels that the page keeps for another visit. */
const keptLabels = () =>
  page.evaluate(async () => {
    const settled = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve) => (request.onsuccess = () => resolve(request.result)));
    const db = await settled(indexedDB.open("lowrank-studio"));
    const kept: unknown = await settled(db.transaction("project").objectStore("project").get("current"));
    db.close();
    return (kept as { rows: { text: string; label: string }[] }).rows.map(({ text, label }) => [text, label]);
  });
const facts = () => page.locator("div.how-read .facts").innerText();
const findings = () => page.locator(".findings li p").allInnerTexts();

it("recognises separators, encodings, quotes and headers, and says what it took", async () => {
  const quoted = `Nachricht;Klasse\n"Grüße; ""heute"" noch\nzweite Zeile";Lob\n${many((i) => `Satz ${i};${i % 2 ? "Lob" : "Klage"}`)}\n`;
  await give(page, "quoted.csv", Buffer.from(quoted, "latin1"));
  await expect.poll(facts).toMatch(/31 rows\s+WINDOWS-1252, semicolon/);
  await expect
    .poll(() => page.locator(".windowed .text button").first().getAttribute("title"))
    .toBe('Grüße; "heute" noch\nzweite Zeile');
  await afresh();
  const wide = `\ufefftext\tlabel\n${many((i) => `a "loose quote ${i}\t${i % 2}`)}`;
  await give(page, "wide.tsv", Buffer.from(wide, "utf16le"));
  await expect.poll(facts).toMatch(/30 rows\s+UTF-16LE, tab/);
  await afresh();
  await give(
    page,
    "plain.csv",
    many((i) => `the number ${i} was said,${i % 3 ? "good" : "bad"}`),
  );
  await expect.poll(facts).toMatch(/30 rows\s+UTF-8, comma/);
  await afresh();
  await give(
    page,
    "lines.jsonl",
    many((i) => JSON.stringify({ label: i % 2 ? "x" : "y", text: `sentence ${i}` })),
  );
  await expect.poll(facts).toMatch(/30 rows\s+UTF-8, JSON Lines/);
  await expect.poll(() => page.getByLabel("Text column").inputValue()).toBe("1");
  // Whoever knows better says so.
  await afresh();
  await give(page, "odd.csv", `a|b, c|x\n${many((i) => `s ${i}|t, ${i}|${i % 2}`)}`);
  await page.getByRole("button", { name: "Reading options" }).click();
  await page.getByLabel("Separator").selectOption(",");
  await expect.poll(facts).toContain("comma");
  await page.keyboard.press("Escape");
});

it("reads what Excel writes in German: a line that names the separator, decimals with commas, a byte order mark", async () => {
  const rows = many((i) => `"Satz ${i}, mit Komma";${i % 2 ? "gut" : "schlecht"};1,${i}`).replaceAll("\n", "\r\n");
  await give(page, "excel.csv", `\ufeffsep=;\r\nNachricht;Klasse;Wert\r\n${rows}\r\n`);
  await expect.poll(facts).toMatch(/30 rows\s+UTF-8, semicolon/);
  expect(await page.locator(".bar-of .name").allInnerTexts()).toEqual(["gut", "schlecht"]);
  const first = page.locator(".windowed .text button").first();
  expect(await first.getAttribute("title")).toBe("Satz 0, mit Komma");
});

it("fields that are named as what every object has are empty where a line lacks them", async () => {
  const line = (i: number) => `{"text":"sentence ${i}"${i % 2 ? `,"constructor":"x","__proto__":"y"` : ""}}`;
  await give(page, "names.jsonl", many(line));
  await expect.poll(facts).toMatch(/30 rows\s+UTF-8, JSON Lines/);
  await page.getByLabel("Label column").selectOption({ index: 2 });
  await expect.poll(() => page.locator(".bar-of .name").allInnerTexts()).toEqual(["y"]);
  await expect.poll(findings).toContain("15 rows without a label. They are not used for training.");
});

it("reads a workbook of inline texts, and rows that are pasted", async () => {
  const rows = Array.from({ length: 30 }, (_, i) => [`sentence ${i} &amp; more`, i % 2 ? "good" : "bad"]);
  await give(page, "book.xlsx", workbook([["comment", "class"], ...rows]));
  await expect.poll(facts).toMatch(/30 rows\s+sheet “one”/);
  await expect.poll(() => page.locator(".windowed .text button").nth(4).innerText()).toBe("sentence 4 & more");
  await afresh();
  await page.getByRole("button", { name: "Paste rows" }).click();
  await page.getByLabel("Rows with a text and a label").fill(`comment\tclass\n${many((i) => `said ${i}\t${i % 2}`)}`);
  await page.getByRole("button", { name: "Use these rows" }).click();
  await expect.poll(facts).toMatch(/30 rows\s+UTF-8, tab/);
});

const golden = (path: string) => readFile(new URL(`../golden/${path}`, import.meta.url));
/** A file as a person has it: see test/golden/generate/generate_workbooks.py. */
const real = (name: string) => golden(`workbooks/${name}`);
const firstText = () => page.locator(".windowed .text button").first().innerText();

it("reads a workbook with a cover sheet and titles above its table, says so, and reads another sheet or row on request", async () => {
  await give(page, "cover.xlsx", await real("cover.xlsx"));
  await expect.poll(facts).toMatch(/24 rows\s+sheet “Tickets”\s+2 rows above the column names skipped/);
  expect(await page.locator(".bar-of .name").allInnerTexts()).toEqual(["billing", "account", "delivery"]);
  await page.getByRole("button", { name: "Reading options" }).click();
  const options = page.locator("#how-read");
  await options.getByText("“Tickets” is the first visible sheet with a large table of texts").waitFor();
  await options.getByText("Skipped rows are titles").waitFor();
  const names = page.getByLabel("Column names");
  expect(await names.locator("option:checked").innerText()).toBe("row 4: No. · Received · Subject line · Mail · Team");
  // Each choice reads the file again, and the options stay open.
  await names.selectOption("row 1: Support tickets");
  await expect.poll(facts).toMatch(/26 rows\s+sheet “Tickets”\s+texts in English$/);
  await names.selectOption("none; the columns are numbered");
  await expect.poll(facts).toMatch(/25 rows\s+sheet “Tickets”\s+2 rows above the table skipped/);
  await page.getByLabel("Sheet").selectOption("Codes (hidden)");
  await expect.poll(facts).toMatch(/2 rows\s+sheet “Codes”/);
  expect(await seriousIn(page)).toEqual([]);
  await page.keyboard.press("Escape");
});

it("joins the texts of several columns in the order of the user's choice, and keeps them for another visit", async () => {
  await give(page, "cover.xlsx", await real("cover.xlsx"));
  await page.getByLabel("Text column").selectOption({ index: 2 });
  await page.getByRole("button", { name: "Join text columns" }).click();
  await page.getByLabel("Column 2").selectOption("Mail");
  const title = () => page.locator(".windowed .text button").first().getAttribute("title");
  const [subject, mail] = [
    "The invoice has the wrong address (0)",
    "Please send it again with the address of our office.",
  ];
  await expect.poll(title).toBe(`${subject}\n${mail}`);
  // The list stays open for a third.
  await page.getByLabel("Column 3").selectOption("Received");
  await expect.poll(title).toBe(`${subject}\n${mail}\n2024-03-01 09:00`);
  await page.getByLabel("Column 2").selectOption("none");
  await expect.poll(title).toBe(`${subject}\n2024-03-01 09:00`);
  expect(await seriousIn(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect.poll(async () => (await keptLabels())[0]).toEqual([`${subject}\n2024-03-01 09:00`, "billing"]);
  await page.reload();
  await page.getByRole("button", { name: "2 text columns joined" }).waitFor();
  // Another task reads the same columns.
  await page.getByLabel("What to predict").selectOption("Several labels per text");
  await expect.poll(title).toBe(`${subject}\n2024-03-01 09:00`);
});

it("opens a project that the Studio saved before it read several columns, sheets and titles", async () => {
  const buffer = await golden("studio/project-1.zip");
  await page
    .locator(".project-file input[type=file]")
    .setInputFiles({ name: "films.lowrank.zip", mimeType: "application/zip", buffer });
  await expect.poll(facts).toMatch(/119 rows\s+UTF-8, comma\s+texts in English$/);
  expect(await page.locator(".bar-of").allInnerTexts()).toEqual(["bad\n61", "good\n58"]);
  await page.getByLabel("Label of row 1", { exact: true }).selectOption("good");
  await expect.poll(() => page.locator(".bar-of").allInnerTexts()).toEqual(["bad\n60", "good\n59"]);
  // Its training has its result.
  await page.getByRole("link", { name: "Results" }).click();
  await page.getByText(/^Measured once, on 24 texts/).waitFor();
  await page.getByRole("link", { name: "Data" }).click();
});

it("reads what spreadsheets write: Windows-1252 below a title, texts from right to left, merged labels, formulas without results", async () => {
  await give(page, "cp1252.csv", await real("cp1252.csv"));
  await expect.poll(facts).toMatch(/24 rows\s+WINDOWS-1252, semicolon\s+1 row above the column names skipped/);
  await expect.poll(firstText).toBe("Rechnung über 10 € ist „falsch“; bitte prüfen");
  expect(await page.locator(".bar-of").allInnerTexts()).toEqual(["Buchhaltung\n12", "Versand\n12"]);
  await afresh();
  await give(page, "right-to-left.xlsx", await real("right-to-left.xlsx"));
  await expect.poll(firstText).toBe("وصل الطرد متأخراً جداً هذه المرة");
  await expect.poll(facts).toMatch(/20 rows\s+sheet “تقييمات”/);
  await afresh();
  await give(page, "merged.xlsx", await real("merged.xlsx"));
  await expect
    .poll(facts)
    .toMatch(/22 rows\s+sheet “Reviews”\s+1 row above .* skipped\s+merged cells repeated in 19 rows/);
  expect(await page.locator(".bar-of").allInnerTexts()).toEqual(["complaint\n9", "praise\n7", "question\n6"]);
  await afresh();
  await give(page, "unsolved.xlsx", await real("unsolved.xlsx"));
  await expect.poll(facts).toMatch(/4 rows\s+sheet “Sheet”\s+4 formulas without a result/);
});

it("labels with a spelling mistake are joined with the right one by one click, and separated again by Undo", async () => {
  const rows = many((i) => `sentence number ${i},${i < 24 ? "billing" : i < 26 ? "biling" : "delivery"}`, 60);
  await give(page, "misspelt.csv", `text,label\n${rows}`);
  const found = page.locator(".findings li", { hasText: "misspelt" });
  await expect
    .poll(() => found.locator("p").innerText())
    .toBe("“biling” (2 rows) may be a misspelt “billing” (24 rows).");
  await found.getByRole("button", { name: "Merge as “billing”" }).click();
  await expect.poll(() => page.locator(".bar-of").allInnerTexts()).toEqual(["delivery\n34", "billing\n26"]);
  expect(await found.count()).toBe(0);
  await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  await expect
    .poll(() => page.locator(".bar-of").allInnerTexts())
    .toEqual(["delivery\n34", "billing\n24", "biling\n2"]);
});

it("says what is wrong with a file that is no table, and keeps the one there is", async () => {
  const refused = async (name: string, content: string | Uint8Array, said: string) => {
    await give(page, name, content);
    await expect.poll(() => page.locator("p[role=alert]").innerText()).toContain(said);
  };
  await refused("empty.csv", "", "has no rows");
  await refused("one.csv", "text\nfirst\nsecond\n", "Only one column");
  await refused("old.xls", Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 1, 2), "old Excel");
  await refused("scan.pdf", "%PDF-1.7 …", "not a table");
  await refused("broken.xlsx", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0), "workbook could not be read");
  await refused("bomb.xlsx", sayingLarge(workbook([["text", "label"]])), "too large for a web page");
  const far = workbook([["text", "label"]], `<row r="1e12"><c r="A1000000000000"><v>1</v></c></row>`);
  await refused("far.xlsx", far, "workbook could not be read");
  const wide = Array.from({ length: 2001 }, (_, i) => `c${i}`).join(",");
  await refused("wide.csv", `${wide}\n${many(() => wide)}`, "too large for a web page");
  await refused(
    "fields.jsonl",
    many((i) => `{"text": "sentence ${i}", "field ${i}": "x"}`, 3000),
    "too large for a web page",
  );
  await refused("bad.jsonl", '{"text": "a", "label": "b"}\nnot json\n', "Line 2 is not a JSON object");
});

it("finds what is odd about rows, and each is mended in place and undone", async () => {
  const rows = [
    "text,label",
    many((i) => `sentence number ${i},${i % 2 ? "good" : "bad"}`, 40),
    "sentence number 3,good",
    "Sentence  NUMBER 4,good",
    ",good",
    "without a label,",
    "another,Good ",
    "seldom,rare",
  ];
  await give(page, "odd.csv", `${rows.join("\n")}\n`);
  await expect
    .poll(findings)
    .toEqual([
      "1 row without a text. It is not used.",
      "1 row without a label. It is not used for training.",
      "2 rows with the same text have different labels. No model can get all of them right.",
      "1 row repeats an earlier text with the same label.",
      expect.stringContaining("differ only in case"),
      expect.stringContaining("Fewer than 10 rows each"),
    ]);
  await page.locator(".findings li", { hasText: "repeats" }).getByRole("button", { name: "Remove 1 row" }).click();
  await expect.poll(facts).toContain("45 rows");
  await page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  await expect.poll(facts).toContain("46 rows");
  await page.getByRole("button", { name: "Merge as “good”" }).click();
  await expect.poll(() => page.locator(".bar-of").allInnerTexts()).toEqual(["good\n24", "bad\n20", "rare\n1"]);
  await page.locator(".findings li", { hasText: "different labels" }).getByRole("button", { name: "Show" }).click();
  await expect.poll(() => page.locator(".windowed .text button").count()).toBe(2);
  await page.getByLabel("Label of row 42").selectOption("bad");
  await expect.poll(() => page.locator(".findings li", { hasText: "different labels" }).count()).toBe(0);
  // All of it is there after a reload.
  await expect.poll(keptLabels).toContainEqual(["Sentence  NUMBER 4", "bad"]);
  await page.reload();
  await expect.poll(() => page.locator(".bar-of").allInnerTexts()).toEqual(["good\n23", "bad\n21", "rare\n1"]);
});

it("of two files that are read at once the one given last counts, and none is opened in the place of the page", async () => {
  const names = await page.evaluate(async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `sentence ${i},${i % 2}`).join("\n");
    const slow = new File([rows], "first.csv");
    const read = slow.arrayBuffer.bind(slow);
    let late!: () => void;
    slow.arrayBuffer = () => new Promise((resolve) => (late = () => resolve(read())));
    const drop = (file: File, at: string) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(file);
      const event = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer });
      // Else it would be a copy.
      Object.defineProperty(dataTransfer, "files", { value: [file] });
      document.querySelector(at)!.dispatchEvent(event);
      return event.defaultPrevented;
    };
    const until = async (look: () => unknown) => {
      while (!look()) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    drop(slow, ".drop");
    await until(() => late);
    drop(new File([rows], "second.csv"), ".drop");
    await until(() => document.querySelector("div.how-read h1"));
    late();
    await new Promise((resolve) => setTimeout(resolve, 200));
    return [document.querySelector("div.how-read h1")!.textContent, drop(new File([rows], "third.csv"), "footer")];
  });
  expect(names).toEqual(["second.csv", true]);
});

it("what was mended is there after a reload at once, though another tab lets go of the table", async () => {
  // Other texts than those of the table before, which is kept until this one was read.
  await give(page, "mine.csv", `text,label\n${many((i) => `mine ${i},${i % 2}`)}`);
  await expect.poll(async () => (await keptLabels()).at(-1)).toEqual(["mine 29", "1"]);
  const other = await studio.open();
  await other.locator("div.how-read").waitFor();
  await page.getByLabel("Remove row 2", { exact: true }).click();
  await expect.poll(async () => (await keptLabels()).length).toBe(29);
  await other.getByRole("button", { name: "Use another table" }).click();
  await other.getByRole("button", { name: "Paste rows" }).waitFor();
  await page.getByLabel("Remove row 3", { exact: true }).click();
  await page.reload();
  await expect.poll(facts).toContain("28 rows");
  // The database is busy, and gives up what waits for it when the page is gone.
  await other.evaluate(async () => {
    const request = indexedDB.open("lowrank-studio");
    await new Promise((resolve) => (request.onsuccess = resolve));
    const held = request.result.transaction("project", "readwrite").objectStore("project");
    const again = () => {
      if (!("isFree" in globalThis)) held.get("nothing").onsuccess = again;
    };
    again();
  });
  await page.getByLabel("Remove row 4", { exact: true }).click();
  await page.reload({ waitUntil: "commit" });
  await other.evaluate(() => Object.assign(globalThis, { isFree: true }));
  await expect.poll(facts).toContain("27 rows");
  await other.close();
});

it("two tabs with the same table have the same rows, and one with another table keeps its own after a reload", async () => {
  await give(page, "mine.csv", `text,label\n${many((i) => `sentence ${i},${i % 2}`, 34)}`);
  await expect.poll(async () => (await keptLabels()).length).toBe(34);
  const other = await studio.open();
  const rows = (tab: Page) => expect.poll(() => tab.locator("div.how-read .facts").innerText());
  await rows(other).toContain("34 rows");
  await page.getByLabel("Remove row 2", { exact: true }).click();
  await rows(other).toContain("33 rows");
  await other.getByLabel("Remove row 3", { exact: true }).click();
  await rows(page).toContain("32 rows");
  await other.getByRole("button", { name: "Use another table" }).click();
  await give(other, "theirs.csv", `text,label\n${many((i) => `another ${i},${i % 2}`, 40)}`);
  await expect.poll(async () => (await keptLabels()).length).toBe(40);
  await page.reload();
  await rows(page).toContain("32 rows");
  await other.reload();
  await rows(other).toContain("40 rows");
  await other.close();
});

it("a table that was closed, replaced or read again comes back with what the user changed", async () => {
  const undo = () => page.getByRole("status").getByRole("button", { name: "Undo" }).click();
  await give(page, "mine.csv", `text,label\n${many((i) => `sentence ${i},${i % 2}`)}`);
  await page.getByLabel("Remove row 2", { exact: true }).click();
  await page.getByRole("button", { name: "Use another table" }).click();
  await page.getByRole("button", { name: "Back to “mine.csv”" }).click();
  await expect.poll(facts).toContain("29 rows");
  await page.getByLabel("Text column").selectOption("1");
  await page.getByText("Your changes to the rows are discarded.").waitFor();
  await undo();
  await expect.poll(facts).toContain("29 rows");
  expect(await page.getByLabel("Text column").inputValue()).toBe("0");
  // A notice whose change is no more the last one undoes nothing.
  await page.getByLabel("Remove row 3", { exact: true }).click();
  await page.getByText("1 row removed").waitFor();
  await page.getByLabel("Label of row 1", { exact: true }).selectOption("1");
  expect(await page.getByRole("status").getByRole("button", { name: "Undo" }).count()).toBe(0);
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["text,label\na,b\nc,d\n"], "other.csv"));
    document
      .querySelector("div.data")!
      .dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
  });
  await page.getByRole("heading", { name: "other.csv" }).waitFor();
  await undo();
  await page.getByRole("heading", { name: "mine.csv" }).waitFor();
  await expect.poll(facts).toContain("28 rows");
  // What is corrected about the reading is that of this file.
  await page.getByRole("button", { name: "Reading options" }).click();
  await page.getByLabel("Separator").selectOption(";");
  await page.getByText("Only one column was found").waitFor();
  await page.keyboard.press("Escape");
  await expect.poll(facts).toContain("28 rows");
});

it("the file that was chosen last can be chosen again", async () => {
  const input = page.locator(".bring .drop input[type=file]");
  await input.setInputFiles({ name: "mine.csv", mimeType: "text/csv", buffer: Buffer.from("only one column\n") });
  await page.getByText("Only one column was found").waitFor();
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    page.getByText("Choose a file", { exact: true }).click(),
  ]);
  expect(await input.evaluate((field: HTMLInputElement) => field.value)).toBe("");
  const mended = `text,label\n${many((i) => `sentence ${i},${i % 2}`)}`;
  await chooser.setFiles({ name: "mine.csv", mimeType: "text/csv", buffer: Buffer.from(mended) });
  await expect.poll(facts).toContain("30 rows");
});

it("lists of thousands of labels are there when they are opened", async () => {
  await give(page, "labels.csv", `text,label\n${many((i) => `sentence ${i},label ${i % 2000}`, 10_000)}`);
  await expect.poll(facts).toContain("10,000 rows");
  const options = () => page.locator(".windowed option").count();
  expect(await options()).toBeLessThan(100);
  const first = page.getByLabel("Label of row 1", { exact: true });
  await first.focus();
  await first.selectOption("label 1999");
  await expect.poll(() => first.inputValue()).toBe("label 1999");
});

it("stays fluent with ten thousand rows: they are read in a worker, and only those that are seen are in the page", async () => {
  const workers: string[] = [];
  page.on("worker", (worker) => workers.push(worker.url()));
  await give(
    page,
    "large.csv",
    `text,label\n${many((i) => `row ${i} of a large table,${["a", "b", "c"][i % 3]}`, 10_000)}\n`,
  );
  await expect.poll(facts).toContain("10,000 rows");
  // Another one may have begun to recognise the language.
  expect(workers.filter((address) => address.includes("reading-worker"))).toHaveLength(1);
  const drawn = () => page.locator(".windowed tbody tr:not(.space)").count();
  await expect.poll(drawn).toBeLessThan(60);
  await page.locator(".windowed").evaluate((box) => (box.scrollTop = box.scrollHeight));
  await page.getByText("row 9999 of a large table").waitFor();
  await expect.poll(drawn).toBeLessThan(60);
  await page.getByPlaceholder("Search").fill("row 4242 ");
  await expect
    .poll(() => page.locator(".windowed .text button").allInnerTexts())
    .toEqual(["row 4242 of a large table"]);
});
