import { describe, expect, it } from "vitest";
import { ConfigError, FormatError, readExamples } from "../../../../ts/index.js";
import { goldenBytes, goldenJson } from "../../../golden.js";

const expected = await goldenJson<{ texts: string[]; words: string[]; numbers: number[] }>("parquet/expected.json");
const file = (name: string) => goldenBytes(`parquet/${name}.parquet`);
const read = async (name: string, label: string | number = "word", more: object = {}) =>
  readExamples(await file(name), { file: `${name}.parquet`, label, ...more });

/** Where the dictionary page of the column "word" begins in gaps-v2.parquet, which is not compressed. */
const DICTIONARY_OF_WORD = 1676;

describe("Parquet", () => {
  it.each(["snappy", "plain", "gzip", "pages-v2", "required"])(
    "of the kind %s is read as pyarrow wrote it",
    async (name) => {
      const { examples, labels } = await read(name);
      expect(labels).toEqual(["bad", "good"]);
      const wanted = expected.texts.map((text, i) => ({ text, label: expected.words[i], line: i + 1 }));
      expect(examples).toEqual(wanted);
      for (const [column, write] of [
        ["number", String],
        ["flag", (n: number) => String(n === 1)],
        ["half", (n: number) => String(n / 2)],
        [3, String],
      ] as const)
        expect((await read(name, column)).examples.map(({ label }) => label)).toEqual(expected.numbers.map(write));
    },
  );

  it("is known by its first bytes where no name says so", async () => {
    const { examples } = await readExamples(await file("snappy"), { label: "word" });
    expect(examples).toHaveLength(60);
    await expect(readExamples(await file("snappy"), { file: "a.csv", label: "word" })).rejects.toThrow(
      /this is a Parquet file/,
    );
  });

  it("gets the names that Hugging Face's datasets wrote into it", async () => {
    const names = ["no", "yes", "both"];
    const { examples } = await read("hub", "number");
    expect(examples.map(({ label }) => label)).toEqual(expected.numbers.map((n) => names[n]));
  });

  it("has no class where a number of a class with a name is missing", async () => {
    await expect(read("hub-gaps", "number")).rejects.toThrow(/12 of 60 labels are empty/);
    const { examples } = await read("hub-gaps", "number", { emptyLabels: "leave out" });
    expect(examples.map(({ line }) => line)).not.toContain(5);
  });

  it("says which column of texts is the other half of a pair", async () => {
    const bytes = new Uint8Array(await file("plain"));
    const rename = (from: string, to: string) => {
      for (let i = 0; i < bytes.length; i++)
        if ([...from].every((letter, k) => bytes[i + k] === letter.charCodeAt(0)))
          bytes.set(new TextEncoder().encode(to), i);
    };
    rename("text", "txt1");
    rename("word", "txt2");
    const half = async (text: string) => (await readExamples(bytes, { text, label: "number" })).columns;
    expect(await half("txt2")).toEqual({ text: "txt2", label: "number", pairedWith: "txt1" });
    // The others are no texts: a word each.
    expect((await half("txt1")).pairedWith).toBe(null);
  });

  it.each(["gaps", "gaps-v2"])("with missing texts (%s) is refused, or read without them", async (name) => {
    await expect(read(name)).rejects.toThrow(/12 of 60 texts are empty \(rows 5, 10, 15, 20, 25 and 7 more\)/);
    const { examples, emptyTexts } = await read(name, "word", { emptyTexts: "leave out" });
    expect(emptyTexts).toHaveLength(12);
    expect(examples.map(({ text }) => text)).toEqual(expected.texts.filter((_, i) => i % 5 !== 4));
  });

  it.each([
    [
      "zstd",
      "word",
      FormatError,
      /zstd\.parquet: this Parquet file has the compression ZSTD; .*write it again with snappy/,
    ],
    ["nested", "tags", FormatError, /column "tags" holds lists or structures/],
    ["nested", "pair", FormatError, /column "pair" holds lists or structures/],
    ["nested", "when", FormatError, /column "when" holds values of the kind DATE/],
    ["delta", "word", FormatError, /values in the encoding DELTA_BYTE_ARRAY/],
    [
      "inflated",
      "word",
      FormatError,
      /has pages of more than \d+ bytes in a file of \d+: write it again with snappy, or split it/,
    ],
    ["empty", "word", FormatError, /but the (file|list) is empty/],
    ["snappy", "wrod", ConfigError, /has no column "wrod": it has "id", "text", "word", "number", "flag", "half"/],
  ] as const)("%s with the label %s is refused by name", async (name, label, kind, message) => {
    const reading = read(name, label);
    await expect(reading).rejects.toThrow(kind);
    await expect(reading).rejects.toThrow(message);
  });

  it.each([
    ["an index beyond its dictionary", 8, /the dictionary index 1 where its dictionary has 1 values/],
    ["an index without a dictionary", 1, /values of a missing dictionary/],
  ])("%s is refused, and stands for no other value", async (_what, at, message) => {
    const bytes = (await file("gaps-v2")).slice();
    // Its page's header: byte 1 is the kind of page, 2 in zigzag; byte 8 the number of values, which are two.
    const header = bytes.subarray(DICTIONARY_OF_WORD, DICTIONARY_OF_WORD + 9);
    expect([...header]).toEqual([0x15, 4, 0x15, 0x1e, 0x15, 0x1e, 0x4c, 0x15, 4]);
    header[at] = 2;
    const reading = readExamples(bytes, { file: "a.parquet", label: "word", emptyTexts: "leave out" });
    await expect(reading).rejects.toThrow(FormatError);
    await expect(reading).rejects.toThrow(message);
  });

  it("columns beside nested ones can be read", async () => {
    expect((await read("nested")).examples).toHaveLength(60);
  });
});

it("a damaged Parquet file is refused by a message about the file, whatever the library met in it", async () => {
  const bytes = await file("snappy");
  const met = new Set<string>();
  for (let seed = 0; seed < 400; seed++) {
    const damaged = bytes.slice();
    for (let i = 0; i < 3; i++) damaged[4 + ((seed * 7919 + i * 104_729) % (bytes.length - 8))]! ^= 1 << (seed % 8);
    const error: unknown = await readExamples(damaged, { file: "x.parquet", label: "word" }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (error === null) continue;
    expect(String(error)).toMatch(/^(FormatError|ConfigError): x\.parquet/);
    expect(String(error)).not.toMatch(/undefined|DataView|TypeError|RangeError|is not a function/);
    met.add(String(error));
  }
  expect(met.size).toBeGreaterThan(5);
});
