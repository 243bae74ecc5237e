import fc from "fast-check";
import Papa from "papaparse";
import { describe, expect, it } from "vitest";
import { ConfigError, FormatError } from "../../../ts/errors/errors.js";
import { exampleFormat, sortLabels, splitExamples } from "../../../ts/io/examples/index.js";
import { parseExamples, parseTexts } from "./parse-text.js";
import type { ExampleOptions } from "../../../ts/io/examples/example.js";
import { projectFile } from "../../setup/files.js";

const csv = { format: "csv", text: "text", label: "label" } as const;
const tsv = { format: "tsv", text: 1, label: 0 } as const;
const jsonl = { format: "jsonl", text: "text", label: "label" } as const;
const texts = (text: string, options: ExampleOptions) =>
  parseExamples(text, options).examples.map((example) => example.text);

describe("the movie reviews", () => {
  it("JSON Lines: a number that JavaScript cannot keep is refused, not rounded", () => {
    const read = (label: string) => parseExamples(`{"text": "a", "label": ${label}}`, jsonl).labels;
    expect(read("9007199254740991")).toEqual(["9007199254740991"]);
    expect(read('"9007199254740993"')).toEqual(["9007199254740993"]);
    expect(() => read("9007199254740993")).toThrow("has a number above 2^53");
  });

  it("read as they stand, by number or by name", async () => {
    for (const [name, count] of [
      ["movie_train", 4000],
      ["movie_test", 1000],
    ] as const) {
      const source = new TextDecoder().decode(await projectFile(`examples/movie/${name}.tsv`));
      const expected = source
        .trimEnd()
        .split("\n")
        .map((line) => line.split("\t"))
        .map(([label, , text]) => ({ text, label }));
      const byNumber = parseExamples(source, { format: "tsv", text: 2, label: "0" });
      expect(byNumber).toEqual({ examples: expected, labels: ["0", "1"] });
      const columns = ["label", "rating", "text"];
      expect(parseExamples(source, { format: "tsv", text: "text", label: "label", columns })).toEqual(byNumber);
      expect(expected.length).toBe(count);
      expect(expected.filter(({ label }) => label === "1").length).toBe(count / 2);
    }
  });

  it("say what to do where the columns are not named", async () => {
    const source = new TextDecoder().decode(await projectFile("examples/movie/movie_test.tsv"));
    const read = () => parseExamples(source, { format: "tsv", text: "text", label: "label", file: "movie_test.tsv" });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(
      /movie_test\.tsv has no column "text": its first line has "0", "-\d\.\d+", "Bad in such .* name columns by number, 0 to 2/,
    );
  });
});

describe("CSV", () => {
  it("takes quoted fields with commas, line breaks and quotes", () => {
    const source = 'id,label,text\n1,good,"a, b"\n2,bad,"two\nlines"\n3,good,"he said ""no"""\n';
    expect(parseExamples(source, csv)).toEqual({
      examples: [
        { text: "a, b", label: "good" },
        { text: "two\nlines", label: "bad" },
        { text: 'he said "no"', label: "good" },
      ],
      labels: ["bad", "good"],
    });
  });

  it("takes a byte order mark, any line ends, blank lines and no last line end", () => {
    const source = "\ufefftext,label\na,1\n\nb,2";
    for (const end of ["\n", "\r\n", "\r"]) expect(texts(source.replaceAll("\n", end), csv)).toEqual(["a", "b"]);
    expect(texts('text,label\r\n"a\r\nb",1\r\n', csv)).toEqual(["a\nb"]);
  });

  it("takes other delimiters, and numbers for columns with or without a header", () => {
    expect(texts("text;label\na, b;1\n", { ...csv, delimiter: ";" })).toEqual(["a, b"]);
    expect(texts("x,1\ny,2\n", { ...csv, text: 0, label: 1 })).toEqual(["x", "y"]);
    expect(texts("text,label\nx,1\n", { ...csv, text: 0, label: "1", header: true })).toEqual(["x"]);
    expect(texts("text,label\nx,1\n", { ...csv, text: "text", label: 1 })).toEqual(["x"]);
    expect(texts("text,label\nx,1\n", { ...csv, text: "0", label: "1", header: false })).toEqual(["text", "x"]);
    expect(texts("2,label,0\na,b,c\n", { ...csv, text: "0", label: "label" })).toEqual(["c"]);
  });

  it("gives back what a CSV writer wrote", () => {
    const field = fc
      .string({ unit: fc.constantFrom("a", "é", ",", '"', "\n", "\t", " ", "'", ";", "日") })
      .filter((text) => text.trim() !== "");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(field, fc.constantFrom("x", "y"), field), { minLength: 1 }),
        fc.constantFrom(",", "\t", ";"),
        (rows, delimiter) => {
          // A quoted line break in a tab-separated file can look like two regular rows with quotes for text ("a⇥x⇥"⏎⇥a⇥""):
          // nothing in the file tells which was meant, and it is then read as rows.
          fc.pre(delimiter !== "\t" || !rows.flat().some((text) => text.includes("\n")));
          const source = Papa.unparse([["text", "label", "rest"], ...rows], { delimiter, newline: "\n" });
          const { examples } = parseExamples(source, { ...csv, delimiter });
          expect(examples).toEqual(rows.map(([text, label]) => ({ text, label })));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("reads a tab-separated file as rows where quotes could be text as well as quoting", () => {
    const source = 'text\tlabel\trest\na\tx\t"\nb\ty\t"\n';
    expect(texts(source, { ...csv, delimiter: "\t" })).toEqual(["a", "b"]);
  });

  it.each([
    [
      "a row too short",
      'text,label\na,1\n"b\nb",2\nc\n',
      /^data, line 5: expected 2 fields as on line 1, got 1; add the missing fields$/,
    ],
    ["a quote that does not close", 'text,label\na,1\n"b,2\nc,3\n', /^data, line 3: .*quote/i],
    ["an empty text", "text,label\na,1\n ,2\n", /^data, line 3: the text is empty$/],
    ["an empty label", "text,label\na,1\n\nb,\n", /^data, line 4: the label is empty$/],
    ["an unknown label", "text,label\na,1\nb,3\n", /^data, line 3: expected a label of "1", "2", got "3"$/],
    ["a header alone", "text,label\n", /a header but no examples/],
    ["nothing", "", /but the (file|list) is empty/],
  ])("refuses %s with its line", (_, source, message) => {
    const read = () => parseExamples(source, { ...csv, labels: ["1", "2"] });
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
  });

  it("leaves out a header that is repeated, as in files put together of several, and says so", () => {
    const warnings: string[] = [];
    const options = { ...csv, file: "all.csv", onWarning: (message: string) => void warnings.push(message) };
    const once = parseExamples("id,text,label\n1,a,x\n2,b,y\n", options);
    expect(warnings).toEqual([]);
    expect(parseExamples("id,text,label\n1,a,x\nid,text,label\n2,b,y\n", options)).toEqual(once);
    expect(parseExamples("id,text,label\n1,a,x\n\nid,text,label\nid,text,label\n2,b,y\n", options)).toEqual(once);
    expect(warnings).toEqual([
      "all.csv: the header is repeated on line 3; skipped",
      "all.csv: the header is repeated on 2 lines, the first is line 4; skipped",
    ]);
    expect(parseExamples("id,text,label\n1,a,x\nid,text,label\n2,b,y\n", csv)).toEqual(once);
    expect(() => texts("text,label\ntext,label\n", csv)).toThrow(/a header but no examples/);
  });

  it("keeps what merely resembles the header", () => {
    expect(texts("text,label\ntext,x\na,label\n", csv)).toEqual(["text", "a"]);
    expect(parseTexts("text\na\ntext\n", { format: "csv", text: "text" })).toEqual(["a", "text"]);
    expect(texts("text,label\na,x\ntext,label\n", { ...csv, text: 0, label: 1, header: false })).toHaveLength(3);
  });

  it("refuses columns that are not there, or there twice", () => {
    expect(() => texts("body,label\na,1\n", csv)).toThrow('data has no column "text": it has "body", "label"');
    expect(() => texts("text,label,text\na,1,b\n", csv)).toThrow(/two columns are called "text"/);
    expect(() => texts("a,1\n", { ...csv, text: 0, label: 2 })).toThrow(/no column 2/);
    expect(() => texts("a,1\n", { ...csv, text: -1, label: 1 })).toThrow(ConfigError);
    expect(() => texts("a,1\n", { ...csv, text: 0.5, label: 1 })).toThrow(ConfigError);
  });
});

describe("TSV", () => {
  it("keeps quotation marks of a file without quoting", () => {
    expect(texts('1\t"A" is a letter\n0\tplain\n', tsv)).toEqual(['"A" is a letter', "plain"]);
    expect(texts('1\t"begins here\n0\tplain\n1\tends here"\n', tsv)).toEqual(['"begins here', "plain", 'ends here"']);
    expect(texts('1\ta 5" pipe\n', tsv)).toEqual(['a 5" pipe']);
  });

  it("takes quoting where there is some", () => {
    expect(texts('1\t"two\nlines"\n0\tplain\n', tsv)).toEqual(["two\nlines", "plain"]);
    expect(texts('1\t"a\ttab"\n0\tplain\n', tsv)).toEqual(["a\ttab", "plain"]);
    expect(texts('1\t"all ""quoted"""\n', tsv)).toEqual(['all "quoted"']);
  });
});

describe("JSON Lines", () => {
  it("takes text and numbers", () => {
    const source = '{"text": "a\\nb", "label": 10}\r\n\r\n{"label": 9, "text": "c", "more": [1]}\n';
    expect(parseExamples(source, jsonl)).toEqual({
      examples: [
        { text: "a\nb", label: "10" },
        { text: "c", label: "9" },
      ],
      labels: ["9", "10"],
    });
  });

  it.each([
    ["broken JSON", '{"text": "a", "label": 1}\n\n{"text": ', /^data, line 3: expected JSON/],
    ["no object", "[1, 2]\n", /^data, line 1: expected a JSON object, got \[1, 2\]$/],
    ["a missing field", '{"text": "a"}\n', /^data, line 1: there is no field "label"; the object has text$/],
    ["a field of Object.prototype", '{"text": "a", "__proto__": {"label": 1}}\n', /no field "label"/],
    [
      "an object as text",
      '{"text": {"a": 1}, "label": 1}\n',
      /^data, line 1: expected "text" to be text or a number, got \{"a":1\}$/,
    ],
    ["nothing", "\n", /but the (file|list) is empty/],
    [
      "nesting without an end",
      `{"text": "a", "label": 1}\n{"text": ${"[".repeat(20_000)}${"]".repeat(20_000)}, "label": 1}\n`,
      /^data, line 2: expected JSON nested at most \d+ levels deep$/,
    ],
    ["nesting that does not close", `{"text": ${'{"a":'.repeat(20_000)}`, /^data, line 1: expected JSON nested/],
    ["a field twice", '{"text": "a", "label": 1, "label": 2}\n', /^data, line 1: .*the key "label" stands twice/],
  ])("refuses %s with its line", (_, source, message) => {
    const read = () => parseExamples(source, jsonl);
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
  });
});

it("reads texts alone", () => {
  expect(parseTexts("text\nLine, one\n", { format: "tsv", text: "text", columns: ["text"] })).toEqual(["Line, one"]);
  expect(parseTexts("a,b\nc,d\n", { format: "csv", text: 1 })).toEqual(["b", "d"]);
});

it("knows formats by names", () => {
  expect(["a.csv", "b.x.TSV", "dir.csv/c.jsonl", "d.ndjson"].map(exampleFormat)).toEqual([
    "csv",
    "tsv",
    "jsonl",
    "jsonl",
  ]);
  expect(() => exampleFormat("reviews")).toThrow(/ends in \.csv, \.tsv, \.jsonl, \.json or \.parquet/);
  expect(() => exampleFormat("x.constructor")).toThrow(ConfigError);
});

it("sorts labels as numbers where all are", () => {
  expect(sortLabels(["10", "9", "-1", "9"])).toEqual(["-1", "9", "10"]);
  expect(sortLabels(["10", "9", "b"])).toEqual(["10", "9", "b"]);
});

describe("splitExamples", () => {
  const examples = Array.from({ length: 1000 }, (_, i) => ({ label: i % 4 === 0 ? "rare" : "common", i }));

  it("keeps each class's proportion and the order, and repeats with the seed", () => {
    const { train, validation } = splitExamples(examples, 0.2, 7);
    expect(validation.filter(({ label }) => label === "rare").length).toBe(50);
    expect([train.length, validation.length]).toEqual([800, 200]);
    const numbers = (part: typeof examples) => part.map(({ i }) => i);
    expect(numbers(validation)).toEqual(numbers(validation).toSorted((a, b) => a - b));
    expect([...numbers(train), ...numbers(validation)].sort((a, b) => a - b)).toEqual(numbers(examples));
    expect(splitExamples(examples, 0.2, 7)).toEqual({ train, validation });
    const other = new Set(numbers(splitExamples(examples, 0.2, 8).validation));
    const shared = numbers(validation).filter((i) => other.has(i)).length;
    // Independent choices of a fifth share a fifth of it.
    expect(shared).toBeGreaterThan(15);
    expect(shared).toBeLessThan(70);
    expect(splitExamples(examples, 0.2, 2 ** 40 + 7)).not.toEqual({ train, validation });
  });

  it("spreads over the positions", () => {
    const { validation } = splitExamples(examples, 0.5);
    const firstHalf = validation.filter(({ i }) => i < 500).length;
    expect(Math.abs(firstHalf - 250)).toBeLessThan(40);
  });

  it("leaves every class in training", () => {
    const few = [{ label: "a" }, { label: "a" }, { label: "b" }];
    expect(splitExamples(few, 0.9).train.map(({ label }) => label)).toEqual(["a", "b"]);
    expect(() => splitExamples(few.slice(1), 0.5)).toThrow(/leaves none for validation/);
    for (const share of [0, 1, NaN]) expect(() => splitExamples(few, share)).toThrow(ConfigError);
    expect(() => splitExamples(few, 0.5, -1)).toThrow(ConfigError);
  });
});
