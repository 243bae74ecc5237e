import type { ExampleFormat } from "../../../ts/io/examples/index.js";
import { parseExamples } from "../../io/examples/parse-text.js";
import { type Kind, kind, list, MANY } from "./kind.js";

/** Characters of each file but those of `counted` parts. */
const SIZE = 1_000_000;

const fill = (piece: string) => piece.repeat(Math.ceil(SIZE / piece.length));
const counted = (row: (i: number) => string) => list(MANY, row).join("");

/** Files that are large and awkward, each in its own way. */
const awkward: Record<string, readonly [ExampleFormat, () => string, throws?: RegExp]> = {
  "rows of a few letters": ["csv", () => `text,label\n${fill("a,b\n")}`],
  "a label a row": ["csv", () => `text,label\n${counted((i) => `a text of some words,${i}\n`)}`],
  "line breaks alone": ["csv", () => fill("\n"), /^FormatError: data: expected rows/],
  "carriage returns alone": ["csv", () => fill("\r"), /^FormatError: data: expected rows/],
  "delimiters alone": ["csv", () => fill(","), /^FormatError: data, line 1: the row has more than 10000 columns/],
  "quotes alone": ["csv", () => fill('"'), /^ConfigError: data has no column "text"/],
  "one row of quoted fields": [
    "csv",
    () => fill('"a",'),
    /^FormatError: data, line 1: the row has more than 10000 columns/,
  ],
  "one field": ["csv", () => `text,label\n"${fill("a")}",x\n`],
  "one field of doubled quotes": ["csv", () => `text,label\n"${fill('""')}",x\n`],
  "one field of line breaks": [
    "csv",
    () => `text,label\n"${fill("\n")}",x\n`,
    /^FormatError: data, line 2: the text is/,
  ],
  "fields of a line break": ["csv", () => `text,label\n${fill('"a\nb",x\n')}`],
  "quotes that do not close": [
    "csv",
    () => `text,label\n${fill('"a,b\n')}`,
    /^FormatError: data, line 2: Trailing quote/,
  ],
  "quotes followed by letters": [
    "csv",
    () => `text,label\n${fill('"a"b,c\n')}`,
    /^FormatError: data, line 2: Trailing quote/,
  ],
  "spaces after a quote": ["csv", () => `text,label\n"a"${fill(" ")},b\n`],
  "headers again and again": ["csv", () => fill("text,label\n"), /^FormatError: data: the file has a header but/],
  "a header of many names": [
    "csv",
    () => `${counted((i) => `column ${i},`)}\n`,
    /^FormatError: data, line 1: the row has more than 10000 columns/,
  ],
  "tabs and quotes that are text": ["tsv", () => `text\tlabel\n${fill('"a\tx\n')}`],
  "tabs and quotes that may be text": ["tsv", () => `text\tlabel\n${fill('"a\tx\n"b\ty"\n')}`],
  "tabs in quotes": ["tsv", () => `text\tlabel\n${fill('"a\tb"\tx\n')}`],
  objects: ["jsonl", () => fill('{"text":"a","label":1}\n')],
  "an object of many fields": [
    "jsonl",
    () => `{${counted((i) => `"field ${i}":1,`)}"text":"a"}\n`,
    /^FormatError: data, line 1: there is no field "label"/,
  ],
  "an object of one field many times": [
    "jsonl",
    () => `{${fill('"a":1,')}"text":"a"}\n`,
    /^FormatError: .* the key "a" stands twice/,
  ],
  "a text of escapes": ["jsonl", () => `{"text":"${fill("\\\\")}","label":1}\n`],
  "a text of escaped quotes": ["jsonl", () => `{"text":"${fill('\\"')}","label":1}\n`],
  "a number of many digits": [
    "jsonl",
    () => `{"text":"a","label":${fill("1")}}\n`,
    /^FormatError: .* is larger than any/,
  ],
  "brackets that open": ["jsonl", () => fill("["), /^FormatError: .* nested at most/],
  "braces that open": ["jsonl", () => fill('{"a":'), /^FormatError: .* nested at most/],
  "quotes in a line": ["jsonl", () => fill('"'), /^FormatError: .* expected JSON: /],
  "blank lines": ["jsonl", () => fill(" \n"), /^FormatError: data: expected one JSON object per line/],
};

/** Files of parts that differ: the steps for each are counted. */
const many = new Set(["a label a row", "a header of many names", "an object of many fields"]);

export const exampleKinds: Record<string, Kind> = Object.fromEntries(
  Object.entries(awkward).map(([name, [format, make, throws]]) => [
    `${format}: ${name}`,
    kind({
      make,
      read: (source) => {
        const { length } = parseExamples(source, { format, text: "text", label: "label" }).examples;
        if (length === 0) throw new Error("no examples");
      },
      ...(throws && { throws }),
      ...(many.has(name) && { parts: MANY }),
    }),
  ]),
);
