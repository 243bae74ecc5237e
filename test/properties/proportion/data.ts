import { readExamples, summariseExamples } from "../../../ts/index.js";
import { type Kind, kind, list, MANY } from "./kind.js";

const fill = (piece: string, size = 1_000_000) => piece.repeat(Math.ceil(size / piece.length));
const bytes = (...parts: readonly (string | readonly number[])[]) =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === "string" ? Array.from(part, (c) => c.charCodeAt(0)) : part)),
  );

const read = (format: "csv" | "json" | "parquet") => (file: string | Uint8Array) =>
  readExamples(file, { format, text: "text", label: "label" });

/** Files of the formats and encodings that `readExamples` knows beside those of text alone. */
const files: Record<string, Kind> = {
  "json: objects": kind({
    make: () => `[${fill('{"text":"a","label":1},')}{"text":"a","label":1}]`,
    read: read("json"),
  }),
  "json: columns": kind({
    make: () => `{"text":[${fill('"a",')}"b"],"label":[${fill("1,", 500_000)}1]}`,
    read: read("json"),
  }),
  "json: columns by row": kind({
    make: () =>
      JSON.stringify({
        text: Object.fromEntries(list(MANY, (i) => [i, "a"])),
        label: Object.fromEntries(list(MANY, (i) => [i, 1])),
      }),
    read: read("json"),
    parts: MANY,
  }),
  "json: an object of many lists": kind({
    make: () => `{${list(MANY, (i) => `"k${i}":[{}]`).join()}}`,
    read: read("json"),
    throws: /^FormatError: data: expected a list of objects, an object with one such list/,
  }),
  "json: brackets that open": kind({ make: () => fill("["), read: read("json"), throws: /nested at most/ }),
  "csv: semicolons": kind({ make: () => `text;label\n${fill("a,b|c;x\n")}`, read: read("csv") }),
  "csv: a line of every delimiter": kind({
    make: () => fill(";,|\t"),
    read: read("csv"),
    throws: /the row has more than 10000 columns/,
  }),
  "csv: quotes that no delimiter closes": kind({
    make: () => `text;label\n${fill('"a;b|\n')}`,
    read: read("csv"),
    throws: /Error: data/,
  }),
  "csv: Latin-1": kind({
    make: () => bytes(fill("caf\xe9\n")),
    read: read("csv"),
    throws: /line 1 looks like Latin-1/,
  }),
  "csv: Latin-1 at the end": kind({
    make: () => bytes(fill("caf\n"), "\xe9"),
    read: read("csv"),
    throws: /line 250001 looks like Latin-1/,
  }),
  "csv: UTF-16": kind({
    make: () => bytes([0xff, 0xfe], fill("a\0,\0b\0\n\0")),
    read: read("csv"),
    throws: /no column "text"/,
  }),
  "parquet: nothing but its marks": kind({
    make: () => bytes("PAR1", fill("\0"), "PAR1"),
    read: read("parquet"),
    throws: /^FormatError: /,
  }),
  "parquet: a schema of structures in structures": kind({
    make: () => {
      // Thrift: version, then a list of as many elements, each with one child.
      const element = [0x48, 1, 0x61, 0x15, 2, 0];
      const footer = [
        0x15,
        2,
        0x19,
        0xfc,
        0xa0,
        0x8d,
        0x06,
        ...list(100_000, () => element).flat(),
        0x16,
        2,
        0x19,
        0x0c,
        0,
      ];
      const length = [0, 8, 16, 24].map((shift) => (footer.length >> shift) & 255);
      return bytes("PAR1", footer, length, "PAR1");
    },
    read: read("parquet"),
    throws: /^(FormatError|ConfigError): data/,
  }),
};

const summarise = (texts: readonly { text: string; label: string }[]) => summariseExamples(texts, { test: texts });
const rows =
  (text: (i: number) => string, count = MANY) =>
  () =>
    list(count, (i) => ({ text: text(i), label: `${i % 3}` }));
const letters = (i: number) => String(i).replace(/\d/g, (digit) => "abcdefghij"[Number(digit)]!);

/** Texts whose likeness would take long to find by comparing each with every other. */
const texts: Record<string, Kind> = {
  "texts that are all the same": kind({ make: rows(() => "the very same text again"), read: summarise, parts: MANY }),
  "texts that are all nearly the same": kind({
    make: rows((i) => `the very same text of many words again and again ${letters(i)}`),
    read: summarise,
  }),
  "texts of few shingles in all": kind({
    make: rows((i) => i.toString(2).padStart(16, "0").replaceAll("0", "lorem ipsum ").replaceAll("1", "ipsum dolor ")),
    read: summarise,
  }),
  "a few long texts": kind({ make: rows((i) => fill(`word ${letters(i)} `), 5), read: summarise }),
  "texts of compatibility characters": kind({ make: rows(() => "\ufdfa".repeat(100)), read: summarise }),
  "a label a text": kind({
    make: () => list(MANY, (i) => ({ text: `text ${letters(i)}`, label: `l${i}` })),
    read: summarise,
    parts: MANY,
  }),
  "labels that differ in case": kind({
    make: () =>
      list(8192, (i) => ({
        text: `text ${letters(i)}`,
        label: Array.from({ length: 13 }, (_, k) => ((i >> k) & 1 ? "A" : "a")).join(""),
      })),
    read: summarise,
  }),
};

export const dataKinds: Record<string, Kind> = { ...files, ...texts };
