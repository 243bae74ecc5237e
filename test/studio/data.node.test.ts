import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { strToU8, zipSync } from "fflate";
import type { Page } from "playwright";
import { give, Studio } from "../../scripts/studio/driver.mjs";
import { sayingLarge } from "./saying-large.js";

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

/** A workbook of one sheet, its texts in the cells; what stands in `more` is a row below them. */
function workbook(rows: readonly (readonly string[])[], more = ""): Uint8Array {
  const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  const types = "application/vnd.openxmlformats-officedocument.spreadsheetml";
  const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  const packages = "http://schemas.openxmlformats.org/package/2006";
  const cell = (text: string, at: string) => `<c r="${at}" t="inlineStr"><is><t>${text}</t></is></c>`;
  const row = (cells: readonly string[], i: number) =>
    `<row r="${i + 1}">${cells.map((text, k) => cell(text, "ABC"[k]! + (i + 1))).join("")}</row>`;
  const files = {
    "[Content_Types].xml": `<Types xmlns="${packages}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${types}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${types}.worksheet+xml"/></Types>`,
    "_rels/.rels": `<Relationships xmlns="${packages}/relationships"><Relationship Id="r1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    "xl/workbook.xml": `<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="one" sheetId="1" r:id="r1"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `<Relationships xmlns="${packages}/relationships"><Relationship Id="r1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    "xl/worksheets/sheet1.xml": `<worksheet xmlns="${main}"><sheetData>${rows.map(row).join("")}${more}</sheetData></worksheet>`,
  };
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])));
}

it("reads a workbook's first sheet, and rows that are pasted", async () => {
  const rows = Array.from({ length: 30 }, (_, i) => [`sentence ${i} &amp; more`, i % 2 ? "good" : "bad"]);
  await give(page, "book.xlsx", workbook([["comment", "class"], ...rows]));
  await expect.poll(facts).toMatch(/30 rows\s+first sheet of a workbook/);
  await expect.poll(() => page.locator(".windowed .text button").nth(4).innerText()).toBe("sentence 4 & more");
  await afresh();
  await page.getByRole("button", { name: "Paste rows" }).click();
  await page.getByLabel("Rows with a text and a label").fill(`comment\tclass\n${many((i) => `said ${i}\t${i % 2}`)}`);
  await page.getByRole("button", { name: "Use these rows" }).click();
  await expect.poll(facts).toMatch(/30 rows\s+UTF-8, tab/);
});

it("says what is wrong with a file that is no table, and keeps the one there is", async () => {
  const refused = async (name: string, content: string | Uint8Array, said: string) => {
    await give(page, name, content);
    await expect.poll(() => page.getByRole("alert").innerText()).toContain(said);
  };
  await refused("empty.csv", "", "has no rows");
  await refused("one.csv", "text\nfirst\nsecond\n", "Only one column");
  await refused("old.xls", Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 1, 2), "old Excel");
  await refused("scan.pdf", "%PDF-1.7 …", "not a table");
  await refused("broken.xlsx", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0), "workbook could not be read");
  await refused("bomb.xlsx", sayingLarge(workbook([["text", "label"]])), "too large for a web page");
  const far = (at: string, row: string) =>
    workbook([["text", "label"]], `<row r="${row}"><c r="${at}"><v>1</v></c></row>`);
  await refused("far.xlsx", far("A1000000000000", "1e12"), "too large for a web page");
  await refused("wide.xlsx", far("XFD1048576", "1048576"), "too large for a web page");
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
  await give(page, "mine.csv", `text,label\n${many((i) => `sentence ${i},${i % 2}`)}`);
  await expect.poll(async () => (await keptLabels()).length).toBe(30);
  const other = await studio.open();
  await other.locator("div.how-read").waitFor();
  await page.getByLabel("Remove row 2", { exact: true }).click();
  await expect.poll(async () => (await keptLabels()).length).toBe(29);
  await other.getByRole("button", { name: "Use another table" }).click();
  await other.getByRole("button", { name: "Paste rows" }).waitFor();
  await other.close();
  await page.getByLabel("Remove row 3", { exact: true }).click();
  await page.reload();
  await expect.poll(facts).toContain("28 rows");
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

it("stays fluent with ten thousand rows: only those that are seen are in the page", async () => {
  await give(
    page,
    "large.csv",
    `text,label\n${many((i) => `row ${i} of a large table,${["a", "b", "c"][i % 3]}`, 10_000)}\n`,
  );
  await expect.poll(facts).toContain("10,000 rows");
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
