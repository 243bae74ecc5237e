import Papa from "papaparse";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FormatError, readExamples } from "../../../../ts/index.js";
import { MOST_COLUMNS, readDelimited, tooWideAt } from "../../../../ts/io/examples/table/delimited.js";
import { PickedColumns } from "../../../../ts/io/examples/table/columns.js";
import type { Row } from "../../../../ts/io/examples/row.js";

afterEach(() => void vi.restoreAllMocks());

const commas = (count: number) => ",".repeat(count);
/** A header of so many columns, then rows of as many. */
const table = (columns: number, rows: number) =>
  `text,label${commas(columns - 2)}\n` + `good,a${commas(columns - 2)}\n`.repeat(rows);

describe("rows of very many columns", () => {
  it.each([
    ["the first", commas(20_000_000), {}, 1],
    ["a later one", `text,label\n"a, b\nc",x\n\n${commas(MOST_COLUMNS)}\n`, {}, 5],
    ["under another delimiter", "\t".repeat(MOST_COLUMNS), { delimiter: "\t" }, 1],
  ])("are refused by name before a field is made: %s", async (_, text, options, line) => {
    const fields: number[] = [];
    const { parse } = Papa;
    vi.spyOn(Papa, "parse").mockImplementation(((given: string, config: object) => {
      const found = parse<string[]>(given, config as { preview: number });
      fields.push(...found.data.map(({ length }) => length));
      return found;
    }) as never);
    const reading = readExamples(text, { file: "wide.csv", ...options });
    await expect(reading).rejects.toThrow(FormatError);
    await expect(reading).rejects.toThrow(
      new RegExp(
        `^wide\\.csv, line ${line}: the row has more than 10000 columns with the delimiter ".+", .*set the right delimiter`,
      ),
    );
    expect(Math.max(0, ...fields)).toBeLessThanOrEqual(2);
  });

  it("also where one is made up of many short lines", async () => {
    const row = Array.from({ length: MOST_COLUMNS + 1 }, () => '"\n"').join(",");
    expect(tooWideAt(row, ",", true)).toBeNull();
    await expect(readExamples(row, { file: "wide.csv" })).rejects.toThrow(
      /^wide\.csv, line 1: the row has more than 10000/,
    );
  });

  it("may be as many as that, and a text may hold any number of delimiters in quotes", async () => {
    const most = await readExamples(table(MOST_COLUMNS, 3));
    expect(most.examples.map(({ text, label, line }) => [text, label, line])).toEqual(
      [2, 3, 4].map((line) => ["good", "a", line]),
    );
    const text = `${commas(30_000)} "" ${commas(30_000)}`;
    const quoted = await readExamples(`text,label\n"${text}",a\n"b" ,c\n`);
    expect(quoted.examples.map((example) => example.text === text.replace('""', '"') || example.text)).toEqual([
      true,
      "b",
    ]);
  });
});

describe("a table's rows", () => {
  it("are handed over one by one, and of their fields only those asked for are kept", () => {
    const picked = new PickedColumns([1, 0], {
      header: "auto",
      columns: undefined,
      file: "data",
      onWarning: undefined,
    });
    let given = 0;
    let before: Row | null = null;
    readDelimited(`a,b${commas(500)}\n`.repeat(200), ",", "data", (row) => {
      expect(row).not.toBe(before);
      before = row;
      given += row.fields.length;
      picked.add(row);
    });
    expect(given).toBe(200 * 502);
    const rows = picked.rows();
    expect(rows).toHaveLength(200);
    expect(rows.every(({ fields }) => fields.length === 2 && fields[0] === "b" && fields[1] === "a")).toBe(true);
  });

  it("are read without a list made of a field's lines", () => {
    const split = vi.spyOn(String.prototype, "split");
    const lines: number[] = [];
    readDelimited('"a\nb",c\n\n"d\n\ne","\n"\nf,g\n', ",", "data", ({ line }) => void lines.push(line));
    expect(split).not.toHaveBeenCalled();
    expect(lines).toEqual([1, 4, 8]);
  });

  it("are told of as broken rather than as without a column", async () => {
    await expect(readExamples("a,b\nc\n", { file: "x.csv", label: "z" })).rejects.toThrow(/line 2: expected 2 fields/);
    await expect(readExamples('a,b\n"c,d\n', { file: "x.csv", label: "z" })).rejects.toThrow(
      /line 2: Quoted field unterminated; end the field with a quote, and write a quote inside it twice/,
    );
  });
});

it("lines with nothing on them are rows between those of a single column, and none elsewhere", () => {
  const rows = (text: string) => {
    const found: [number, ...string[]][] = [];
    readDelimited(text, ",", "data", ({ line, fields }) => void found.push([line, ...fields]));
    return found;
  };
  expect(rows('\n\na\n\n\n"b\nc"\n""\n\n""\n\n\n')).toEqual([
    [3, "a"],
    [4, ""],
    [5, ""],
    [6, "b\nc"],
    [8, ""],
    [9, ""],
    [10, ""],
  ]);
  expect(rows('""\n\na')).toEqual([
    [1, ""],
    [2, ""],
    [3, "a"],
  ]);
  expect(rows('a\n""')).toEqual([
    [1, "a"],
    [2, ""],
  ]);
  expect(rows("a,b\n\n1,2\n\n3,4\n\n")).toEqual([
    [1, "a", "b"],
    [3, "1", "2"],
    [5, "3", "4"],
  ]);
  expect(() => rows('a,b\n""\n1')).toThrow(/line 3: expected 2 fields as on line 1, got 1/);
  expect(() => rows("a\n\n1,2")).toThrow(
    /line 3: expected 1 fields as on line 1, got 2; put a field that contains "," in quotes/,
  );
});
