// @needs browser
// @rest studio
import { expect, it } from "vitest";
import { encodingOf, encodings } from "../../web/src/data/decode.js";
import { linesOf } from "../../web/src/data/quotes.js";
import { readTable } from "../../web/src/data/read-table.js";
import { readTexts, readToLabel } from "../../web/src/data/read-to-label.js";
import { workbook } from "./workbook-of.js";

const many = (line: (i: number) => string, count = 30) => Array.from({ length: count }, (_, i) => line(i)).join("\n");
const read = async (name: string, content: string | Uint8Array) =>
  readTable(new File([content as BlobPart], name), { withoutBelow: true });

it("a quotation mark that fits nowhere costs no other field its quoting", async () => {
  const right = many((i) => `"Hello, number ${i}, said ""ok""\nand went",${i % 2 ? "good" : "bad"}`);
  const stray = await read("stray.csv", `text,label\n${right}\n"He said "hi, you" to me",good\n`);
  expect(stray.columns).toEqual(["text", "label"]);
  expect(stray.records[0]).toEqual(['Hello, number 0, said "ok"\nand went', "bad"]);
  expect(stray.records.at(-1)).toEqual(['He said "hi, you" to me', "good"]);
  // Without an end it would be the whole rest of the file.
  const open = await read("open.csv", `text,label\n${right}\n"5 inches,bad\n"a, b",good\n"6 inches,bad\n"c, d",bad\n`);
  expect(open.records.slice(-4)).toEqual([
    ['"5 inches', "bad"],
    ["a, b", "good"],
    ['"6 inches', "bad"],
    ["c, d", "bad"],
  ]);
  const plain = many((i) => `${i % 3 ? "" : '"'}Great" he said ${i}\t${i % 2}`);
  const tabs = await read("tabs.tsv", `text\tlabel\n${plain}\n`);
  expect(tabs.records.map(([text]) => text)).toEqual(plain.split("\n").map((line) => line.split("\t")[0]));
});

it("of any number of quotation marks without an end, the time grows as the file does", () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => (i % 2 ? `"a ${i},x` : `b ${i},y`));
  expect(linesOf(lines.join("\n"), ",").length).toBe(lines.length);
});

it("a damaged character leaves the others of a file in UTF-8 as they are", async () => {
  const whole = new TextEncoder().encode(
    `text;label\n${many((i) => `Größe für Müller ${i};${i % 2 ? "gut" : "übel"}`)}\n`,
  );
  const cut = await read("cut.csv", Uint8Array.of(...whole, 0xc3));
  expect([cut.how.encoding, cut.records[0]]).toEqual(["utf-8", ["Größe für Müller 0", "übel"]]);
  const latin = await read("latin.csv", Buffer.from(new TextDecoder().decode(whole), "latin1"));
  expect([latin.how.encoding, latin.records[0]]).toEqual(["windows-1252", ["Größe für Müller 0", "übel"]]);
});

it("a file from before Unicode is in the encoding of the user's spreadsheets, and each can be chosen", async () => {
  // prettier-ignore
  const cyrillic = Uint8Array.of(...Buffer.from("text;label\n"), 0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2, ...Buffer.from(";a\n"));
  const found = ["ru-RU", "pl", "zh-TW", "zh-CN", "de-AT"].map((language) => encodingOf(cyrillic, language));
  expect(found).toEqual(["windows-1251", "windows-1250", "big5", "gb18030", "windows-1252"]);
  for (const name of encodings) expect(new TextDecoder(name).encoding).toBe(name);
  const { records } = await readTable(new File([cyrillic], "ru.csv"), { encoding: "windows-1251" });
  expect(records).toEqual([["Привет", "a"]]);
});

it("a list of objects within one object is a table", async () => {
  const rows = Array.from({ length: 3 }, (_, i) => ({ text: `sentence ${i}`, label: "a" }));
  const { columns, records } = await read("api.json", JSON.stringify({ count: 3, data: rows, next: [] }, null, 2));
  expect([columns, records.length]).toEqual([["text", "label"], 3]);
  await expect(read("two.json", JSON.stringify({ train: rows, test: rows }, null, 2))).rejects.toMatchObject({
    kind: "json",
  });
});

it("pages saved as .xls, other documents and pictures are no tables", async () => {
  for (const [name, content] of [
    ["export.xls", "\n<html><table><tr><td>good, film</td><td>a</td></tr></table></html>"],
    ["rows.xml", '<?xml version="1.0"?>\n<rows><row a="1,2"/></rows>'],
    ["notes.rtf", "{\\rtf1\\ansi text, label\\par more, b}"],
    ["scan.csv", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 1, 44, 10, 2, 44)],
  ] as const)
    await expect(read(name, content)).rejects.toMatchObject({ kind: "binary" });
});

it("a file to label needs no second column", async () => {
  const texts = async (name: string, content: string) => {
    const { columns, records, how } = await readToLabel(new File([content], name));
    return { columns, records, delimiter: how.delimiter };
  };
  const two = [["It rained, and rained."], ["The sea was calm."]];
  const quoted = '"It rained, and rained."\nThe sea was calm.\n';
  expect(await texts("one.csv", `Message\n${quoted}`)).toEqual({ columns: ["Message"], records: two, delimiter: "" });
  expect(await texts("one.txt", two.join("\n"))).toEqual({ columns: ["text"], records: two, delimiter: "" });
  const lines = { columns: ["text"], records: [["a"], ["b"]], delimiter: "" };
  expect(await texts("one.jsonl", '{"text":"a"}\n{"text":"b"}')).toEqual(lines);
  // The first text is no name of a column.
  const plain = { columns: ["text"], records: [["so it is"], ...two], delimiter: "" };
  expect(await texts("plain.csv", `so it is\n${quoted}`)).toEqual(plain);
  expect(await readTexts(new File([`so it is\n${quoted}`], "plain.csv"))).toEqual(plain.records.flat());
  const table = await texts("two.csv", `id;text\n${many((i) => `${i};sentence ${i}`)}`);
  expect([table.columns, table.records.length, table.delimiter]).toEqual([["id", "text"], 30, ";"]);
});

it("the questions of a form are names of columns, and a first row without names is a row", async () => {
  const asked = ["Timestamp", "What did you like or dislike about the service of our team today?", "How was it?"];
  const answers = many(
    (i) => `2024/03/${10 + (i % 9)} 9:15:${10 + i},the team was number ${i},${i % 2 ? "good" : "bad"}`,
  );
  const form = await read("form.csv", `${asked.map((name) => `"${name}"`).join(",")}\n${answers}\n`);
  expect([form.columns, form.records.length]).toEqual([asked, 30]);
  const rows = many((i) => `a sentence of more than forty characters with a number ${i},${i % 2 ? "good" : "bad"}`);
  expect((await read("rows.csv", rows)).records.length).toBe(30);
  const { columns, records } = await read("rows.xlsx", workbook(rows.split("\n").map((row) => row.split(","))));
  expect([columns, records.length]).toEqual([["1", "2"], 30]);
});
