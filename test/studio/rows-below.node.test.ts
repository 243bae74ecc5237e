// @needs browser
// @rest studio
import fc from "fast-check";
import { expect, it } from "vitest";
import { readTable } from "../../web/src/data/read-table.js";
import type { Correction } from "../../web/src/data/table.js";
import { isProject } from "../../web/src/storage/saved-shapes.js";
import { cell, workbook } from "./workbook-of.js";

const rows = Array.from({ length: 8 }, (_, i) => [`sentence ${i}`, i % 2 ? "good" : "bad", String(i)]);
const csv = (below: string, own: readonly (readonly string[])[] = rows) =>
  `text,label,stars\n${own.map((fields) => fields.join(",")).join("\n")}\n${below}`;
const read = (content: string | Uint8Array, correction: Correction = { withoutBelow: true }) =>
  readTable(new File([content as string], "table.csv"), correction);
/** Numbers of the rows of a file that are left out, and the number of those that remain. */
const left = async (below: string, own = rows) => {
  const { records, how } = await read(csv(below, own));
  expect(records).toEqual(own.slice(0, records.length));
  return [how.below!.map(({ at }) => at), records.length];
};

it.each(
  ["Total", "Sum:", "Gesamt", "Summe", "Average", "Total général", "Promedio", "TOTAL", "Count"].map((name) => [name]),
)("%s with numbers is no row of the table", async (name) => {
  expect(await left(`${name},,28\n`)).toEqual([[10], 8]);
  expect(await left(`,${name},"1.234,50 €"\n`)).toEqual([[10], 8]);
});

it("notes that begin like one or follow an empty row are left out, several blocks and totals among them too", async () => {
  expect(await left("Source: the help desk,,\n")).toEqual([[10], 8]);
  expect(await left("* exported on Monday\n")).toEqual([[10], 8]);
  expect(await left("Total,,28\n\n\nwritten by Anna\nfor the board,,\n")).toEqual([[10, 13, 14], 8]);
});

it("what may be a text stays: a last text without a label, a sentence with the word, an empty row within the table", async () => {
  const others = [
    "a sentence without a label,,\n",
    "Total,good,5\n",
    "Total loss of my parcel,,3\n",
    "\nlast,good,3\n",
    "\nlast,good,3\nanother,bad,2\n",
    "Summer,,2\n",
  ];
  for (const below of others) {
    const { how, records } = await read(csv(below));
    expect([below, how.below]).toEqual([below, []]);
    expect(records.length).toBeGreaterThan(8);
  }
  // Where texts without labels are usual, they are no notes.
  const unlabelled = rows.map(([text, label, stars], i) => (i % 3 === 0 ? [text!, "", ""] : [text!, label!, stars!]));
  const { how } = await read(csv("\none more,,\n", unlabelled));
  expect(how.below).toEqual([]);
  // A table of few rows may be all there is.
  expect((await read(csv("Total,,3\n", rows.slice(0, 3)))).records).toHaveLength(4);
});

it("the user has them back, and pages that do not tell of them keep them", async () => {
  const file = csv("Total,,28\n");
  for (const correction of [{}, { withoutBelow: false }]) {
    const { records, how } = await read(file, correction);
    expect([records.at(-1), how.below]).toEqual([["Total", "", "28"], []]);
  }
  const { how, ...table } = await read(file);
  expect(how.below).toEqual([{ at: 10, text: "Total · 28" }]);
  // A project keeps what was said.
  expect(isProject({ table: { ...table, how }, text: 0, label: 1, rows: [] })).toBe(true);
});

it("a workbook's totals and notes are left out too, with the numbers of its rows", async () => {
  const line = (at: number, fields: readonly string[]) =>
    `<row r="${at}">${fields.map((field, i) => (field === "" ? "" : cell(`${"ABC"[i]}${at}`, field))).join("")}</row>`;
  const own = [["text", "label", "stars"], ...rows].map((fields, i) => line(i + 1, fields)).join("");
  const bytes = workbook([], `${own}${line(10, ["", "Gesamt", "28"])}${line(13, ["vertraulich"])}`);
  const { records, how } = await read(bytes);
  expect(records).toEqual(rows);
  expect(how.below).toEqual([
    { at: 10, text: "Gesamt · 28" },
    { at: 13, text: "vertraulich" },
  ]);
  expect((await read(bytes, {})).records).toHaveLength(10);
});

it("only rows at the end are left out, and never a row that has a text and a label", async () => {
  const field = fc.constantFrom("", "Total", "Note: it", "7", "good", "a sentence");
  const some = fc.array(
    fc.oneof(fc.tuple(field, field, field), fc.constant(["a sentence", "good", ""]), fc.constant(["", "", ""])),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(some, async (below) => {
      const file = csv(below.map((fields) => fields.join(",")).join("\n"));
      const [all, without] = [await read(file, {}), await read(file)];
      const { length } = without.records;
      expect(without.records).toEqual(all.records.slice(0, length));
      expect(without.how.below).toHaveLength(all.records.length - length);
      expect(length).toBeGreaterThanOrEqual(rows.length);
      for (const [text, label] of all.records.slice(length)) expect([text, label]).not.toEqual(["a sentence", "good"]);
    }),
    { numRuns: 300 },
  );
});
