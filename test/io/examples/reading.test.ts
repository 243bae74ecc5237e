import { describe, expect, it } from "vitest";
import { ConfigError, FormatError, foldExamples, readExamples, splitExamples } from "../../../ts/index.js";

const utf8 = (text: string) => new TextEncoder().encode(text);
const wide = (text: string, little: boolean) => {
  const view = new DataView(new ArrayBuffer(2 * text.length + 2));
  view.setUint16(0, 0xfeff, little);
  for (let i = 0; i < text.length; i++) view.setUint16(2 + 2 * i, text.charCodeAt(i), little);
  return new Uint8Array(view.buffer);
};
const latin = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const read = async (text: string | Uint8Array, options: object = {}) => (await readExamples(text, options)).examples;
const pairs = async (text: string | Uint8Array, options: object = {}) =>
  (await read(text, options)).map((example) => [example.text, example.label, example.line]);

describe("delimiters", () => {
  const rows = [
    ["a, b", "x"],
    ["c; d", "y"],
    ["e", "x"],
  ];
  const write = (delimiter: string, head = true) =>
    [...(head ? [["text", "label"]] : []), ...rows]
      .map((row) => row.map((field) => (/[,;]/.test(field) ? `"${field}"` : field)).join(delimiter))
      .join("\n");

  it.each([",", ";", "\t", "|"])("%j is recognised by the header", async (delimiter) => {
    expect(await pairs(write(delimiter), { file: "a.csv" })).toEqual(rows.map(([t, l], i) => [t, l, i + 2]));
    expect(await pairs(write(delimiter), { file: "a.tsv" })).toEqual(rows.map(([t, l], i) => [t, l, i + 2]));
  });

  it.each([",", ";", "\t", "|"])("%j is recognised by rows of as many fields", async (delimiter) => {
    const file = write(delimiter, false);
    expect(await pairs(file, { text: 0, label: 1 })).toEqual(rows.map(([t, l], i) => [t, l, i + 1]));
    expect(await pairs(file, { columns: ["text", "label"] })).toEqual(rows.map(([t, l], i) => [t, l, i + 1]));
  });

  it("is the format's own where that makes sense, or nothing else does", async () => {
    expect(await pairs("text,label\na;b,x\nc;d,y\n")).toEqual([
      ["a;b", "x", 2],
      ["c;d", "y", 3],
    ]);
    // The header agrees, a row does not: that is an error of the row, no other delimiter.
    await expect(read("text,label\na;b\n")).rejects.toThrow(/line 2: expected 2 fields as on line 1, got 1/);
    await expect(read("text;label\na;b;c\n")).rejects.toThrow(/has no column "text"/);
    // No delimiter gives the columns asked for: the message names those that there are, whatever stands in the rows.
    await expect(read("Name;Group\na, b;x\nc, d, e;y\n")).rejects.toThrow(
      /no column "text": its first line has "Name", "Group"/,
    );
    await expect(read("Text ;Label\na, b;x\n")).rejects.toThrow(/has "Text ", "Label".*; did you mean "Text "\?$/);
    // Two others would do.
    await expect(read("a;b|c\nd;e|f\n", { text: 0, label: 1 })).rejects.toThrow(/no column 1/);
    expect(await pairs("text;label\na;x\n", { delimiter: ";" })).toEqual([["a", "x", 2]]);
    await expect(read("text;label\na;x\n", { delimiter: "," })).rejects.toThrow(/no column "text"/);
  });
});

it("a file's name is not taken for its text", async () => {
  await expect(read("reviews.csv")).rejects.toThrow(ConfigError);
  await expect(read("reviews.csv")).rejects.toThrow(
    /got the name "reviews\.csv": read it first, as in readExamples\(await readFile/,
  );
  expect(await pairs("a.csv,b.csv", { text: 0, label: 1 })).toEqual([["a.csv", "b.csv", 1]]);
});

describe("JSON", () => {
  const wanted = [
    ["a", "1", 1],
    ["b", "2", 2],
  ];
  it.each([
    [
      "a list of objects",
      [
        { text: "a", label: 1 },
        { label: 2, text: "b", more: [1] },
      ],
    ],
    [
      "an object with one list",
      {
        version: 2,
        tags: ["x"],
        data: [
          { text: "a", label: 1 },
          { label: 2, text: "b" },
        ],
      },
    ],
    ["lists by column", { text: ["a", "b"], label: [1, 2], id: [7, 8] }],
    ["pandas' columns", { text: { 0: "a", 1: "b" }, label: { 0: 1, 1: 2 } }],
  ])("%s", async (_, value) => {
    expect(await pairs(JSON.stringify(value), { file: "a.json" })).toEqual(wanted);
    expect(await pairs(utf8(JSON.stringify(value, null, 2)), { format: "json" })).toEqual(wanted);
  });

  it.each([
    ["text", '"a"', /expected a list of objects, got "a"/],
    ["broken", '[{"text": "a"', /expected JSON/],
    ["an empty list", "[]", /but the (file|list) is empty/],
    ["a list of lists", "[[1]]", /item 1: expected a JSON object, got \[1\]/],
    [
      "a field that is missing",
      '[{"text":"a","label":1},{"text":"b"}]',
      /item 2: there is no field "label"; the object has text/,
    ],
    ["an inherited field", '[{"text":"a","__proto__":{"label":1}}]', /no field "label"/],
    [
      "two lists",
      '{"a":[{}],"b":[{}]}',
      /an object with one such list, or lists by column; it has "a": a list of 1, "b"/,
    ],
    ["columns of two lengths", '{"text":["a"],"label":[1,2]}', /"text" has 1 values, "label" 2/],
    ["columns of other rows", '{"text":{"0":"a"},"label":{"1":1}}', /values for different rows/],
    ["one column", '{"text":["a"]}', /no column "label"; it has "text": a list of 1/],
    ["an empty text", '[{"text":" ","label":1}]', /item 1: the text is empty/],
    ["a large number", '[{"text":"a","label":9007199254740993}]', /item 1: .*above 2\^53/],
    ["null for a text", '[{"text":null,"label":1}]', /item 1: the text is empty/],
    [
      "null for a label",
      '[{"text":"a","label":null}]',
      /item 1: the label is empty: fill it in, or remove the row \(emptyLabels/,
    ],
    ["a list for a label", '[{"text":"a","label":[1]}]', /expected "label" to be text or a number, got \[1\]/],
    ["deep nesting", `[{"text":${"[".repeat(5000)}`, /nested at most/],
  ])("refuses %s", async (_, text, message) => {
    const reading = read(text, { format: "json", file: "a.json" });
    await expect(reading).rejects.toThrow(FormatError);
    await expect(reading).rejects.toThrow(message);
  });
});

describe("encodings", () => {
  const text = "text,label\ncafé 日本 😀,x\n";
  it("reads UTF-8 and, with a byte order mark, UTF-16", async () => {
    for (const bytes of [utf8(text), utf8(`\ufeff${text}`), wide(text, true), wide(text, false)])
      expect(await pairs(bytes)).toEqual([["café 日本 😀", "x", 2]]);
  });

  it.each([
    [
      "Latin-1",
      latin("text,label\na caf\xe9 here,x\n"),
      /byte 0xE9 on line 2 looks like Latin-1 .*",label a café here,x.*iconv -f latin1 -t utf-8/,
    ],
    [
      "Windows-1252",
      latin("text,label\nfine,x\nan \x93odd\x94 na\xefve one,x\n"),
      /byte 0x93 on line 3 looks like Windows-1252, ".*“odd” na.*iconv -f windows-1252/,
    ],
    ["UTF-16 without a mark", wide(text, true).subarray(2), /looks like UTF-16 without a byte order mark/],
    ["UTF-16 cut short", wide(text, true).subarray(0, 21), /odd number of bytes/],
    ["UTF-16 with half a pair", wide("text,label\n\ud800,x\n", false), /not all of it/],
    ["UTF-32", Uint8Array.of(0xff, 0xfe, 0, 0, 0x61, 0, 0, 0), /UTF-32/],
    ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0), /a gzip file: unpack it/],
    ["a workbook", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0), /an Excel workbook/],
    ["random bytes", Uint8Array.from({ length: 999 }, (_, i) => (i * i * 31 + i * 7) >> 3), /binary file, not text/],
    ["a program", Uint8Array.from({ length: 999 }, (_, i) => (i % 3 === 0 ? 0xff : 0)), /binary file, not text/],
    ["a character cut short", utf8("text,label\né").subarray(0, -1), /byte 0xC3 on line 2/],
  ])("%s is refused by name", async (_, bytes, message) => {
    const reading = read(bytes, { file: "a.csv" });
    await expect(reading).rejects.toThrow(ConfigError);
    await expect(reading).rejects.toThrow(message);
  });
});

describe("empty texts", () => {
  const text = "text,label\na,x\n,y\nb,\n   ,x\n";
  it("are counted and refused, or left out", async () => {
    await expect(read(text)).rejects.toThrow(
      /data: 2 of 4 texts are empty \(lines 3, 5\): fill them in, or remove those rows/,
    );
    await expect(read("text,label\na,x\n,y\n")).rejects.toThrow(/data, line 3: the text is empty/);
    const { examples, emptyTexts } = await readExamples(text.replace("b,", "b,z"), { emptyTexts: "leave out" });
    expect(examples.map(({ line }) => line)).toEqual([2, 4]);
    expect(emptyTexts).toEqual([3, 5]);
    // A label that is missing is an error whatever becomes of texts.
    await expect(read(text, { emptyTexts: "leave out" })).rejects.toThrow(/line 4: the label is empty/);
    await expect(read("text,label\n,x\n,y\n", { emptyTexts: "leave out" })).rejects.toThrow(/all 2 texts are empty/);
  });
});

describe("empty labels", () => {
  const text = "text,label\na,x\n,y\nb,\n   ,\nc, \nd,z\n";
  it("are counted and refused, or left out, after empty texts", async () => {
    await expect(read(text, { emptyTexts: "leave out" })).rejects.toThrow(
      /data: 2 of 4 labels are empty \(lines 4, 6\): fill them in, or remove those rows \(emptyLabels: "leave out"\)/,
    );
    await expect(read(text, { emptyLabels: "leave out" })).rejects.toThrow(
      /2 of 6 texts are empty .* \(emptyTexts: "leave out"\)/,
    );
    const found = await readExamples(text, { emptyTexts: "leave out", emptyLabels: "leave out" });
    expect(found.examples.map(({ line }) => line)).toEqual([2, 7]);
    expect([found.labels, found.emptyTexts, found.emptyLabels]).toEqual([
      ["x", "z"],
      [3, 5],
      [4, 6],
    ]);
    await expect(read("text,label\na,\nb,\n", { emptyLabels: "leave out" })).rejects.toThrow(
      /all 2 labels are empty: is "label" the labels' column\?/,
    );
    await expect(read(text, { emptyLabels: "keep" })).rejects.toThrow(/emptyLabels/);
  });
});

describe("groups", () => {
  it("are read from a column of theirs, blank ones being none", async () => {
    const csv = "text,label,Customer\none,a, c1 \ntwo,b,\nthree,b,c1\n";
    const { examples } = await readExamples(csv, { group: "Customer" });
    expect(examples).toEqual([
      { text: "one", label: "a", line: 2, group: "c1" },
      { text: "two", label: "b", line: 3 },
      { text: "three", label: "b", line: 4, group: "c1" },
    ]);
    const json = JSON.stringify([{ text: "one", label: "a", customer: 7 }]);
    expect((await readExamples(json, { format: "json", group: "customer" })).examples[0]).toMatchObject({ group: "7" });
    await expect(readExamples(csv, { group: "customer" })).rejects.toThrow(
      'data has no column "customer": it has "text", "label", "Customer"; did you mean "Customer"?',
    );
    await expect(readExamples(csv, { group: "Custoner" })).rejects.toThrow(/; did you mean "Customer"\?$/);
    await expect(readExamples(csv, { group: null as never })).rejects.toThrow(/group is the name of a column/);
  });

  const examples = Array.from({ length: 300 }, (_, i) => ({ label: i % 3 === 0 ? "a" : "b", i }));
  const groups = examples.map(({ i }) => `g${Math.floor(i / 4) % 60}`);
  const groupsOf = (part: typeof examples) => new Set(part.map(({ i }) => groups[i]!));
  const shared = (a: typeof examples, b: typeof examples) => [...groupsOf(a)].filter((group) => groupsOf(b).has(group));

  it("stand in one part of a split, which keeps the classes' proportions", () => {
    const { train, validation } = splitExamples(examples, 0.2, { seed: 3, groups });
    expect(shared(train, validation)).toEqual([]);
    expect(train.length + validation.length).toBe(300);
    expect(Math.abs(validation.length - 60)).toBeLessThan(8);
    expect(Math.abs(validation.filter(({ label }) => label === "a").length - 20)).toBeLessThan(5);
    expect(splitExamples(examples, 0.2, { seed: 3, groups })).toEqual({ train, validation });
    expect(splitExamples(examples, 0.2, { seed: 4, groups })).not.toEqual({ train, validation });
    expect(splitExamples(examples, 0.2, { seed: 5 })).toEqual(splitExamples(examples, 0.2, 5));
    expect(() => splitExamples(examples, 0.2, { groups: groups.map(() => "one") })).toThrow(/leaves none for/);
    expect(() => splitExamples(examples, 0.2, { groups: groups.slice(1) })).toThrow(/got 299 for 300 examples/);
  });

  it.each([undefined, groups])("folds test each example once (groups: %#)", (given) => {
    const options = given === undefined ? { seed: 1 } : { seed: 1, groups: given };
    const folds = foldExamples(examples, 5, options);
    expect(folds.flatMap(({ validation }) => validation.map(({ i }) => i)).sort((a, b) => a - b)).toEqual(
      examples.map(({ i }) => i),
    );
    for (const { train, validation } of folds) {
      expect(train.length + validation.length).toBe(300);
      expect(new Set([...train, ...validation]).size).toBe(300);
      expect(Math.abs(validation.length - 60)).toBeLessThan(given === undefined ? 1 : 8);
      expect(Math.abs(validation.filter(({ label }) => label === "a").length - 20)).toBeLessThan(
        given === undefined ? 1 : 5,
      );
      if (given !== undefined) expect(shared(train, validation)).toEqual([]);
    }
    expect(foldExamples(examples, 5, options)).toEqual(folds);
    expect(foldExamples(examples, 5, { ...options, seed: 2 })).not.toEqual(folds);
  });

  it("folds are as many as there can be", () => {
    const few = examples.slice(0, 4);
    expect(foldExamples(few, 4).map(({ validation }) => validation.length)).toEqual([1, 1, 1, 1]);
    expect(() => foldExamples(few, 5)).toThrow(/5 folds need as many examples, got 4/);
    expect(() => foldExamples(few, 3, { groups: [1, 1, 2, 2] })).toThrow(/3 folds need as many groups, got 2/);
    expect(() => foldExamples(few, 1)).toThrow(ConfigError);
  });
});
