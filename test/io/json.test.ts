import { describe, expect, it } from "vitest";
import { FormatError } from "../../ts/errors/errors.js";
import { type JsonRules, parseJson, parseJsonObject } from "../../ts/io/json.js";

const fail = (problem: string, cause?: unknown) => new FormatError(`file: ${problem}`, {}, { cause });
const read = (source: string | Uint8Array, rules?: JsonRules) => parseJson(source, fail, rules);
const bytes = (...values: (string | number[])[]) =>
  Uint8Array.from(
    values.flatMap((value) => (typeof value === "string" ? [...new TextEncoder().encode(value)] : value)),
  );
const nested = (levels: number, open = "[", close = "]", middle = "") =>
  open.repeat(levels) + middle + close.repeat(levels);

describe("parseJson", () => {
  it("reads what JSON.parse reads", () => {
    const value = { a: [1, -2.5e-3, '\u{1f600}\n"\\', null, true], b: {}, "": { a: 0 }, n: -0 };
    const text = JSON.stringify(value);
    expect(read(text)).toEqual(JSON.parse(text));
    expect(read(bytes(text))).toEqual(JSON.parse(text));
    expect(read(` { "a" : "\\u00e9\\\\" } `)).toEqual({ a: "é\\" });
    expect(read('"[[[{{{"')).toBe("[[[{{{");
  });

  it("keeps the keys of Object's prototype as plain own properties", () => {
    const value = read('{"__proto__": {"r": 1}, "constructor": 2}') as object;
    expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect("r" in value).toBe(false);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ["20,000 lists", nested(20_000), /at most 100 levels/],
    ["20,000 objects", nested(20_000, '{"a":', "}", "1"), /at most 100 levels/],
    ["20,000 open brackets", "[".repeat(20_000), /at most 100 levels/],
    ["a key twice", '{"a": 1, "b": {"a": 1}, "a": 2}', /the key "a" stands twice/],
    ["a key twice, once escaped", '{"a": 1, "\\u0061": 2}', /the key "a" stands twice/],
    ["a huge key twice", `{"${"k".repeat(1e6)}": 1, "${"k".repeat(1e6)}": 2}`, /stands twice/],
    ["__proto__ twice", '{"__proto__": 1, "__proto__": 2}', /"__proto__" stands twice/],
    ["a number beyond float64", '{"r": 1e999}', /the number 1e999 is larger/],
    ["a long number beyond float64", `[-${"9".repeat(5000)}]`, /larger than any/],
    ["half a surrogate pair", '{"a": "\\ud83d"}', /half a surrogate pair/],
    ["the other half, as a key", '{"\\ude00a": 1}', /half a surrogate pair/],
    ["bytes that are not UTF-8", bytes('"', [0xff], '"'), /UTF-8/],
    ["half a surrogate pair in bytes", bytes('"', [0xed, 0xa0, 0x80], '"'), /UTF-8/],
    ["a string that does not end", '{"a\\', /expected JSON: /],
    ["a quote that does not end", '"\\"', /expected JSON: /],
    ["Python's NaN", '{"a": NaN}', /expected JSON: /],
    ["nothing", "", /expected JSON: /],
    ["two values", "{} {}", /expected JSON: /],
    ["a byte order mark in text", "\ufeff{}", /expected JSON: /],
    ["a megabyte of something else", "x".repeat(1e6), /expected JSON: /],
  ])("refuses %s", (_, source, message) => {
    expect(() => read(source)).toThrow(FormatError);
    expect(() => read(source)).toThrow(message);
    const error = (() => {
      try {
        return read(source);
      } catch (thrown) {
        return thrown as Error;
      }
    })() as Error;
    expect(error.message.length).toBeLessThan(500);
  });

  it("follows its rules", () => {
    expect(read(bytes([0xef, 0xbb, 0xbf], "{}"))).toEqual({});
    expect(() => read(bytes([0xef, 0xbb, 0xbf], "{}"), { byteOrderMark: false })).toThrow(/expected JSON/);
    expect(read('"\\ud83d"', { loneSurrogates: true })).toBe("\ud83d");
    for (const number of ["1.5", "-3", "4e0", "9007199254740992", "1e999"])
      expect(() => read(`[${number}]`, { wholeNumbers: true })).toThrow(/whole number/);
    expect(read("[0, 9007199254740991]", { wholeNumbers: true })).toEqual([0, Number.MAX_SAFE_INTEGER]);
  });

  it("takes exactly 100 levels", () => {
    expect(() => read(nested(100))).not.toThrow();
    expect(() => read(nested(101))).toThrow(/at most 100/);
  });

  it("asks for an object where one must be", () => {
    expect(parseJsonObject('{"a": 1}', fail)).toEqual({ a: 1 });
    expect(() => parseJsonObject("[]", fail)).toThrow("file: expected a JSON object, got a list");
    expect(() => parseJsonObject(`"${"x".repeat(1e6)}"`, fail)).toThrow(/got "xxx/);
    expect(() => parseJsonObject("null", fail)).toThrow("got null");
  });
});
