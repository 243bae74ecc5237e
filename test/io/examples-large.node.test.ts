import { describe, expect, it } from "vitest";
import { LowrankError } from "../../ts/errors/errors.js";
import { type ExampleFormat, parseExamples } from "../../ts/io/examples/index.js";

/** Characters of each file, and how long it may take: work that grows with the square would take much longer. */
const SIZE = 1_000_000;
const SECONDS = 10;

const fill = (piece: string, size = SIZE) => piece.repeat(Math.ceil(size / piece.length));
const counted = (row: (i: number) => string) => Array.from({ length: SIZE / 30 }, (_, i) => row(i)).join("");

/** Files that are large and awkward, each in its own way. */
const awkward: Record<string, readonly [ExampleFormat, string]> = {
  "rows of a few letters": ["csv", `text,label\n${fill("a,b\n")}`],
  "a label a row": ["csv", `text,label\n${counted((i) => `a text of some words,${i}\n`)}`],
  "line breaks alone": ["csv", fill("\n")],
  "carriage returns alone": ["csv", fill("\r")],
  "delimiters alone": ["csv", fill(",")],
  "quotes alone": ["csv", fill('"')],
  "one row of quoted fields": ["csv", fill('"a",')],
  "one field": ["csv", `text,label\n"${fill("a")}",x\n`],
  "one field of doubled quotes": ["csv", `text,label\n"${fill('""')}",x\n`],
  "one field of line breaks": ["csv", `text,label\n"${fill("\n")}",x\n`],
  "fields of a line break": ["csv", `text,label\n${fill('"a\nb",x\n')}`],
  "quotes that do not close": ["csv", `text,label\n${fill('"a,b\n')}`],
  "quotes followed by letters": ["csv", `text,label\n${fill('"a"b,c\n')}`],
  "spaces after a quote": ["csv", `text,label\n"a"${fill(" ")},b\n`],
  "headers again and again": ["csv", fill("text,label\n")],
  "a header of many names": ["csv", `${counted((i) => `column ${i},`)}\n`],
  "tabs and quotes that are text": ["tsv", `text\tlabel\n${fill('"a\tx\n')}`],
  "tabs and quotes that may be text": ["tsv", `text\tlabel\n${fill('"a\tx\n"b\ty"\n')}`],
  "tabs in quotes": ["tsv", `text\tlabel\n${fill('"a\tb"\tx\n')}`],
  objects: ["jsonl", fill('{"text":"a","label":1}\n')],
  "an object of many fields": ["jsonl", `{${counted((i) => `"field ${i}":1,`)}"text":"a"}\n`],
  "an object of one field many times": ["jsonl", `{${fill('"a":1,')}"text":"a"}\n`],
  "a text of escapes": ["jsonl", `{"text":"${fill("\\\\")}","label":1}\n`],
  "a text of escaped quotes": ["jsonl", `{"text":"${fill('\\"')}","label":1}\n`],
  "a number of many digits": ["jsonl", `{"text":"a","label":${fill("1")}}\n`],
  "brackets that open": ["jsonl", fill("[")],
  "braces that open": ["jsonl", fill('{"a":')],
  "quotes in a line": ["jsonl", fill('"')],
  "blank lines": ["jsonl", fill(" \n")],
};

describe("a large file", () => {
  it.each(Object.entries(awkward))("of %s takes time in proportion", (_, [format, source]) => {
    const begin = performance.now();
    let outcome: unknown;
    try {
      outcome = parseExamples(source, { format, text: "text", label: "label" }).examples.length;
    } catch (error) {
      outcome = error;
    }
    expect((performance.now() - begin) / 1000).toBeLessThan(SECONDS);
    if (outcome instanceof LowrankError) expect(outcome.message.length).toBeLessThan(1600);
    else expect(outcome).toBeGreaterThan(0);
  });
});
