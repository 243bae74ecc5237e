import { expect, it } from "vitest";
import { PageProblem } from "../../../../ts/io/examples/parquet/thrift.js";
import { unpackSnappy } from "../../../../ts/io/examples/parquet/pages.js";

const unpacked = (size: number, ...packed: number[]) => {
  const out = new Uint8Array(size);
  unpackSnappy(Uint8Array.from(packed), out);
  return new TextDecoder().decode(out);
};

it("unpacks literals and repeated bytes, also those that repeat what they write", () => {
  const letters = [...new TextEncoder().encode("abc")];
  expect(unpacked(3, 3, 2 << 2, ...letters)).toBe("abc");
  expect(unpacked(8, 8, 2 << 2, ...letters, (1 << 2) | 1, 2)).toBe("abcbcbcb");
  expect(unpacked(5, 5, 2 << 2, ...letters, (1 << 2) | 2, 3, 0)).toBe("abcab");
  expect(unpacked(5, 5, 2 << 2, ...letters, (1 << 2) | 3, 1, 0, 0, 0)).toBe("abccc");
  const long = new Array<number>(70).fill(120);
  expect(unpacked(70, 70, 60 << 2, 69, ...long)).toBe("x".repeat(70));
  expect(unpacked(70, 70, 63 << 2, 69, 0, 0, 0, ...long)).toBe("x".repeat(70));
  expect(unpacked(0, 0)).toBe("");
});

it.each([
  ["nothing", []],
  ["a size that does not end", [0x85]],
  ["too few bytes", [3, 1 << 2, 97, 98]],
  ["too many", [3, 3 << 2, 97, 98, 99, 100]],
  ["a literal beyond the end", [3, 2 << 2, 97]],
  ["a literal without its length", [3, 63 << 2, 2, 0, 0]],
  // As a signed number the length leads back to its own beginning.
  ["a literal of four gigabytes", [3, 63 << 2, 0xf9, 0xff, 0xff, 0xff, 97, 98, 99]],
  ["bytes before the first", [3, 0, 97, 2, 2, 0]],
  ["bytes from here", [3, 0, 97, 2, 0, 0]],
  ["a place that is cut", [3, 0, 97, 2, 1]],
  ["repeated bytes beyond the page", [3, 0, 97, (20 << 2) | 2, 1, 0]],
])("refuses %s", (_name, packed) => {
  expect(() => unpacked(3, ...packed)).toThrow(PageProblem);
});
