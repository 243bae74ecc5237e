import { describe, expect, it } from "vitest";
import { FormatError, readExamples } from "../../../../ts/index.js";
import { checkStruct, PageProblem } from "../../../../ts/io/examples/parquet/thrift.js";

/** A number in Thrift's compact protocol, of which signed ones are twice as large. */
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const int = (value: number) => ({ type: 5, bytes: varint(2 * value) });
const long = (value: number) => ({ ...int(value), type: 6 });
const text = (value: string) => ({ type: 8, bytes: [...varint(value.length), ...new TextEncoder().encode(value)] });
type Value = ReturnType<typeof int>;
const struct = (fields: Readonly<Record<number, Value>>): Value => {
  let before = 0;
  const bytes = Object.entries(fields).flatMap(([id, { type, bytes }]) => {
    const delta = Number(id) - before;
    before += delta;
    return [(delta << 4) | type, ...bytes];
  });
  return { type: 12, bytes: [...bytes, 0] };
};
const list = (items: readonly Value[]): Value => ({
  type: 9,
  bytes: [0xf0 | items[0]!.type, ...varint(items.length), ...items.flatMap(({ bytes }) => bytes)],
});

/** A Parquet file of pages and a description. */
function parquet(pages: Uint8Array, footer: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + pages.length + footer.length + 8);
  const magic = new TextEncoder().encode("PAR1");
  bytes.set(magic);
  bytes.set(pages, 4);
  bytes.set(footer, 4 + pages.length);
  new DataView(bytes.buffer).setUint32(bytes.length - 8, footer.length, true);
  bytes.set(magic, bytes.length - 4);
  return bytes;
}
const reading = (bytes: Uint8Array) => readExamples(bytes, { file: "a.parquet", text: "v", label: "v" });

describe("a structure in Thrift's compact protocol", () => {
  it("is passed over as a whole", () => {
    const { bytes } = struct({ 1: long(2 ** 40), 2: text("abc"), 4: list([struct({ 1: text("x") })]), 12: int(1) });
    expect(checkStruct(Uint8Array.from([9, ...bytes, 7]), 1)).toBe(bytes.length + 1);
  });

  it.each([
    ["an end that is missing", [0x16, 2]],
    ["a number of more than 64 bits", [0x16, ...new Array<number>(10).fill(0xff), 1, 0]],
    ["a text beyond the end", [0x18, 5, 97, 0]],
    ["a list of more entries than bytes", [0x19, 0xf9, 0xff, 0xff, 0xff, 0x0f, 0]],
    ["too many levels", [...new Array<number>(40).fill(0x1c), ...new Array<number>(41).fill(0)]],
    ["an unknown type", [0x1b, 0]],
  ])("is refused with %s", (_name, bytes) => {
    expect(() => checkStruct(Uint8Array.from(bytes), 0)).toThrow(PageProblem);
  });
});

describe("a Parquet file", () => {
  it("whose description has a number of a megabyte is refused at once", async () => {
    const footer = [0x16, ...new Array<number>(2 ** 20).fill(0xff), 1, 0];
    await expect(reading(parquet(new Uint8Array(0), footer))).rejects.toThrow(FormatError);
  });

  it("whose lists in lists claim millions of entries each takes no memory for them", async () => {
    // Each is 33 million entries, for which an engine makes room at once: a quarter of a gigabyte.
    const footer = [0x19, ...new Array(64).fill([0xf9, 0xff, 0xff, 0xff, 0x0f]).flat(), 0] as number[];
    await expect(reading(parquet(new Uint8Array(0), footer))).rejects.toThrow(/claims .* entries/);
  });

  it("whose groups of rows claim the same pages does not read them for each", async () => {
    const values = 75_000;
    const dictionary = [
      ...struct({ 1: int(2), 2: int(4 * values), 3: int(4 * values), 7: struct({ 1: int(values), 2: int(0) }) }).bytes,
      ...new Array<number>(4 * values).fill(0),
    ];
    const data = struct({
      1: int(0),
      2: int(2),
      3: int(2),
      5: struct({ 1: int(1), 2: int(8), 3: int(3), 4: int(3) }),
    }).bytes;
    const pages = [...dictionary, ...data, 0, 2];
    const meta = struct({
      1: int(1),
      2: list([int(8)]),
      3: list([text("v")]),
      4: int(0),
      5: long(1),
      6: long(pages.length),
      7: long(pages.length),
      9: long(4 + dictionary.length),
      11: long(4),
    });
    const group = struct({ 1: list([struct({ 2: long(4), 3: meta })]), 2: long(pages.length), 3: long(1) });
    const file = (groups: number) => {
      const schema = [struct({ 4: text("root"), 5: int(1) }), struct({ 1: int(1), 3: int(0), 4: text("v") })];
      const footer = struct({
        1: int(1),
        2: list(schema),
        3: long(groups),
        4: list(new Array<Value>(groups).fill(group)),
      });
      return parquet(Uint8Array.from(pages), footer.bytes);
    };
    expect((await reading(file(3))).examples).toHaveLength(3);
    await expect(reading(file(10_000))).rejects.toThrow(/pages of more than \d+ bytes/);
  });
});
