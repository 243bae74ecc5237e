// @needs browser
// @rest studio
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { strToU8, unzipSync, zipSync } from "fflate";
import { correctedRecords } from "../../web/src/data/corrected-records.js";
import { joinedText, placesOf } from "../../web/src/data/joined.js";
import { misspelt } from "../../web/src/data/misspelt.js";
import { misspelt as ofLibrary } from "../../ts/io/examples/summary/label-forms.js";
import type { TableProblem } from "../../web/src/data/problem.js";
import { readTable } from "../../web/src/data/read-table.js";
import type { Correction } from "../../web/src/data/table.js";
import { isProject } from "../../web/src/storage/saved-shapes.js";
import { cell, workbook } from "./workbook-of.js";

// Of test/golden/generate/generate_workbooks.py, which writes them with openpyxl and XlsxWriter.
const real = async (name: string) =>
  new Uint8Array(await readFile(new URL(`../golden/workbooks/${name}`, import.meta.url)));
const read = (bytes: Uint8Array | string, correction: Correction = {}) =>
  readTable(new File([bytes as Uint8Array<ArrayBuffer>], "book.xlsx"), correction);
const problemOf = (bytes: Uint8Array) =>
  read(bytes).then(
    () => "none",
    ({ kind }: TableProblem) => kind,
  );
/** A sheet with these rows. */
const sheet = (rows: string, after = "") => workbook([], rows, after);

it("dates, times, numbers, booleans and results of formulas are texts as they are read, errors are empty", async () => {
  const { columns, records, how } = await read(await real("values.xlsx"));
  expect(how).toMatchObject({
    headerRow: 1,
    skipped: 0,
    book: { sheets: [{ name: "Werte", isHidden: false }], unsolved: 0 },
  });
  expect(Object.fromEntries(columns.map((name, i) => [name, records[1]![i]]))).toEqual({
    text: "row 1 & <more> “quotes” 😀\nsecond line",
    day: "2024-03-02",
    both: "2024-03-02 14:30",
    time: "08:30:01",
    month: "2024-03-01",
    price: "1235.5",
    amount: "0.3",
    share: "0.25",
    yes: "false",
    sum: "2471",
    upper: "TWO",
    error: "",
  });
  // Days from 1904.
  const other = await read(await real("unsolved.xlsx"));
  expect(other.records[0]).toEqual(["a sentence of row 0", "", "2024-03-01"]);
  expect(other.how.book!.unsolved).toBe(4);
});

it("formatted words are one text, and pronunciations are none", async () => {
  const { records } = await read(await real("right-to-left.xlsx"));
  expect(records[0]).toEqual(["وصل الطرد متأخراً جداً هذه المرة", "شكوى"]);
  const spoken = '<c r="A2" t="inlineStr"><is><r><t>東</t></r><r><t>京</t></r><rPh><t>トウキョウ</t></rPh></is></c>';
  const { records: own } = await read(
    sheet(
      `<row r="1">${cell("A1", "text")}${cell("B1", "label")}</row><row r="2">${spoken}${cell("B2", "_x0041_&#128512;")}</row>`,
    ),
  );
  expect(own).toEqual([["東京", "A😀"]]);
});

it("a cover sheet, titles and hidden sheets are passed over, each can be chosen, and merged cells fill their rows", async () => {
  const bytes = await real("cover.xlsx");
  const { columns, records, how } = await read(bytes);
  expect(columns).toEqual(["No.", "Received", "Subject line", "Mail", "Team"]);
  expect(records).toHaveLength(24);
  expect(how).toMatchObject({ headerRow: 4, skipped: 2, book: { sheet: 1, passedOver: true } });
  expect(how.book!.sheets.map(({ isHidden }) => isHidden)).toEqual([false, false, true]);
  // Also if the user chooses a row with which the cover has the larger table.
  const late = await read(bytes, { headerRow: 27 });
  expect(late.records).toHaveLength(1);
  expect(late.how).toMatchObject({ headerRow: 27, skipped: 25, book: { sheet: 1, passedOver: true } });
  const cover = await read(bytes, { sheet: 0 });
  expect(cover.records.at(-1)).toEqual(["Purpose", "Sorting mails to the right team"]);
  expect(cover.how.book!.passedOver).toBe(false);
  const merged = await read(await real("merged.xlsx"));
  expect(merged.columns).toEqual(["category", "comment", "stars"]);
  expect(new Set(merged.records.map(([category]) => category))).toEqual(new Set(["praise", "complaint", "question"]));
  expect(merged.how.book!.filled).toBe(19);
});

it("a first row with fewer fields is a title only if names follow", async () => {
  const csv = (...lines: string[]) => readTable(new File([`${lines.join("\n")}\n`], "a.csv"));
  const rows = Array.from({ length: 9 }, (_, i) => `some sentence of row ${i},${i % 2 ? "good" : "bad"}`);
  // Without names of columns: the first rows have no label yet.
  expect((await csv("a first sentence,", "a second one,", ...rows)).records).toHaveLength(11);
  expect((await csv("utterance,kind", "what is it?,question", ...rows)).how).toMatchObject({
    headerRow: 1,
    skipped: 0,
  });
  expect((await csv("Report", "", "utterance,kind", ...rows)).how).toMatchObject({ headerRow: 3, skipped: 1 });
  expect((await csv("Author,Anna", "Date,2024", "", "text,kind", ...rows)).how).toMatchObject({
    headerRow: 4,
    skipped: 2,
  });
  // A value is not a name.
  expect((await csv("a,b", ...rows, "", "text,good", ...rows)).how).toMatchObject({ headerRow: 1, skipped: 0 });
});

it("a damaged or hostile workbook is a named problem, in time and memory like its size", async () => {
  const names = `<row r="1">${cell("A1", "text")}${cell("B1", "label")}</row>`;
  // Cells at the ends of a sheet need no large table.
  const far = await read(sheet(`${names}<row r="1048576">${cell("A1048576")}${cell("XFD1048576")}</row>`));
  expect(far.columns).toEqual(["text", "label", "3"]);
  expect(far.records).toEqual([["x", "", "x"]]);
  for (const row of [
    `<row r="1048577">${cell("A1048577")}</row>`,
    `<row r="1">${cell("A1")}</row>`,
    `<row r="2">${cell("XFE2")}</row>`,
    `<row r="2">${cell("A1e6")}</row>`,
    `<row r="2"><c r="A2"`,
  ])
    expect(await problemOf(sheet(names + row))).toBe("notWorkbook");
  const broken = unzipSync(sheet(names));
  broken["xl/workbook.xml"] = strToU8("<workbook");
  expect(await problemOf(zipSync(broken))).toBe("notWorkbook");
  // One cell per row and column would be a table of the square of its size.
  const letters = (i: number) => [676, 26, 1].map((n) => String.fromCharCode(65 + (Math.floor(i / n) % 26))).join("");
  const diagonal = Array.from(
    { length: 3000 },
    (_, i) => `<row r="${i + 1}">${cell(letters(i + 702) + (i + 1))}</row>`,
  );
  expect(await problemOf(sheet(diagonal.join("")))).toBe("tooLarge");
  // One long text in many cells is small in memory, but nowhere else.
  const files = unzipSync(
    sheet(
      names +
        Array.from(
          { length: 2000 },
          (_, i) => `<row r="${i + 2}"><c r="A${i + 2}" t="s"><v>0</v></c><c r="B${i + 2}" t="s"><v>0</v></c></row>`,
        ).join(""),
    ),
  );
  const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  const relations = new TextDecoder().decode(files["xl/_rels/workbook.xml.rels"]);
  files["xl/_rels/workbook.xml.rels"] = strToU8(
    relations.replace(
      "</Rel",
      `<Relationship Id="r2" Type="${office}/sharedStrings" Target="sharedStrings.xml"/></Rel`,
    ),
  );
  files["xl/sharedStrings.xml"] = strToU8(`<sst><si><t>${"long ".repeat(10_000)}</t></si></sst>`);
  expect(await problemOf(zipSync(files))).toBe("tooLarge");
  // Texts that are not there.
  const [shared, without] = ['<c r="A2" t="s"><v>1</v></c>', '<c r="A2" t="s"/>'];
  files["xl/sharedStrings.xml"] = strToU8("<sst><si><t>first</t></si></sst>");
  const rowOf = (cells: string) => {
    files["xl/worksheets/sheet1.xml"] = unzipSync(sheet(`${names}<row r="2">${cells}${cell("B2")}</row>`))[
      "xl/worksheets/sheet1.xml"
    ]!;
    return zipSync(files);
  };
  expect(await problemOf(rowOf(shared))).toBe("notWorkbook");
  expect((await read(rowOf(without))).records).toEqual([["", "x"]]);
  // A text that fills the sheet: by pieces of one size this takes minutes.
  const filled = await read(sheet(`${names}<row r="2">${cell("A2", "long ".repeat(2e6))}${cell("B2")}</row>`));
  expect(filled.records[0]![0]).toHaveLength(10e6);
  // Merged areas that overlap.
  const areas = `<mergeCells>${'<mergeCell ref="A2:A3000"/>'.repeat(2000)}</mergeCells>`;
  const long = Array.from(
    { length: 2999 },
    (_, i) => `<row r="${i + 2}">${cell(`A${i + 2}`)}${cell(`B${i + 2}`)}</row>`,
  );
  expect(await problemOf(sheet(names + long.join(""), areas))).toBe("tooLarge");
  // Thousands of sheets that are the same file.
  const same = unzipSync(sheet(`${names}<row r="2">${cell("A2")}${cell("B2")}</row>`));
  const book = new TextDecoder().decode(same["xl/workbook.xml"]);
  same["xl/workbook.xml"] = strToU8(book.replace(/<sheet .*?\/>/, (one) => one.repeat(2000)));
  expect((await read(zipSync(same))).how.book!.sheets).toHaveLength(1);
  // Brackets of a date's format that do not end: each was searched for its end.
  const styled = unzipSync(await real("values.xlsx"));
  const styles = new TextDecoder().decode(styled["xl/styles.xml"]);
  const format = `<numFmts><numFmt numFmtId="200" formatCode="${"[h".repeat(80_000)}"/></numFmts>`;
  styled["xl/styles.xml"] = strToU8(styles.replace(/<cellXfs/, `${format}<cellXfs`));
  const before = process.cpuUsage().user;
  await read(zipSync(styled));
  expect(process.cpuUsage().user - before).toBeLessThan(3e6);
  // Any byte may be wrong.
  const bytes = await real("cover.xlsx");
  for (let at = 0; at < bytes.length; at += 97) {
    const wrong = bytes.slice();
    wrong[at]! ^= 0xff;
    expect(["none", "notWorkbook", "noTable", "tooLarge", "empty", "oneColumn", "binary"]).toContain(
      await problemOf(wrong),
    );
  }
});

it("corrected records have an edited text in the first of the joined columns, and others as they were", () => {
  const table = {
    records: [
      ["a", "b", "x"],
      ["c", "", "y"],
      ["e", "f", "y"],
    ],
  };
  const columns = { text: 1, more: [0], label: 2 };
  const texts = table.records.map((record) => joinedText(record, [1, 0]));
  expect(texts).toEqual(["b\na", "c", "f\ne"]);
  // In a file to label the columns are found by their names.
  expect(placesOf(["b", "a"], ["a", "x", "b"])).toEqual([2, 0]);
  expect(placesOf(["b", "a"], ["a", "x"])).toEqual([]);
  const rows = [
    { id: 0, text: texts[0]!, label: "z" },
    { id: 1, text: "c", label: "y" },
    { id: 2, text: "edited", label: "y" },
  ];
  expect(correctedRecords({ table, ...columns, rows }, { task: "classify" })).toEqual([
    ["a", "b", "z"],
    ["c", "", "y"],
    ["", "edited", "y"],
  ]);
});

it("a saved project with a sheet or a column that is not there is damaged", () => {
  const book = { sheets: [{ name: "one", isHidden: false }], sheet: 0, passedOver: false, filled: 0, unsolved: 0 };
  const how = { format: "workbook", encoding: "utf-8", delimiter: "", header: true, uneven: 0, headerRow: 1, book };
  const project = (changed: object, more?: unknown) => ({
    table: { name: "a", columns: ["x", "y"], records: [["1", "2"]], how: { ...how, ...changed } },
    text: 0,
    label: 1,
    rows: [{ id: 0, text: "1", label: "2" }],
    more,
  });
  expect(isProject(project({}))).toBe(true);
  expect(isProject(project({ firstRows: [{ at: 1, text: "x" }] }, [1]))).toBe(true);
  for (const [changed, more] of [
    [{ book: { ...book, sheet: 1 } }],
    [{ book: { ...book, sheets: null } }],
    [{ firstRows: [{ at: 1 }] }],
    [{ headerRow: "1" }],
    [{}, [2]],
    [{}, [-1]],
    [{}, 1],
  ] as [object, unknown?][])
    expect(isProject(project(changed, more))).toBe(false);
});

it.each([
  ["the Studio", misspelt],
  ["the library", ofLibrary],
])(
  "%s compares rare labels with frequent ones: letters left out, added, changed, exchanged, but no numbers and no short names",
  (_, rule) => {
    const counts = (...names: [string, number][]) => rule(names);
    expect(counts(["billing", 40], ["delivery", 30], ["biling", 2], ["dleivery", 1], ["Bilings", 1])).toEqual([
      ["biling", "billing"],
      ["dleivery", "delivery"],
    ]);
    expect(counts(["complaint", 40], ["conplaints", 3])).toEqual([["conplaints", "complaint"]]);
    for (const [right, other] of [
      ["class 1", "class 2"],
      ["cat", "car"],
      ["increase", "decrease"],
      ["positive", "negative"],
      ["active", "inactive"],
      ["Billing", "billing"],
    ])
      expect(counts([right!, 40], [other!, 2])).toEqual([]);
    // Two frequent labels are two labels.
    expect(counts(["incoming", 40], ["incomings", 30])).toEqual([]);
    expect(rule(Array.from({ length: 501 }, (_, i) => [`label${"x".repeat(i % 9)}`, 1000 - i]))).toEqual([]);
  },
);
