import { describe, expect, it } from "vitest";
import { ConfigError, UnsupportedError } from "../../../ts/errors/errors.js";
import { bytesIn, fits } from "../tokenizers.js";

type Schema = Record<string, unknown> | boolean;
const object = (properties: object, more: object = {}) => ({ type: "object", properties, ...more });
const loop = (name: string) => ({ $ref: `#/$defs/${name}` });

const allowed: readonly [what: string, schema: Schema, whole: readonly unknown[], not: readonly string[]][] = [
  ["any value", true, [null, -0.5, "é\n", [1, [{ a: [] }]], { b: { "": "x" } }], ["[1, 2]", "nul1", "{]"]],
  ["several types", { type: ["string", "null"] }, ["x", null], ["1", "tr"]],
  ["types that keywords imply", { minimum: 3 }, [3, 3.5, 40], ["2,", '"', "-1"]],
  ["an integer in bounds", { type: "integer", minimum: -12, maximum: 105 }, [-12, 0, 7, 99, 100, 105], ["-13", "106", "1.", "00"]],
  ["an integer above", { type: "integer", exclusiveMinimum: 9 }, [10, 11, 99, 100, 12345], ["9}", "-", "0"]],
  ["a number in bounds", { type: "number", minimum: 0.25, exclusiveMaximum: 3 }, [0.25, 0.3, 1, 2.9999, 0.251], ["0.24", "3", "0.1", "1e", "-"]],
  ["a negative number", { type: "number", maximum: -1.5 }, [-1.5, -2, -1.51, -100], ["-1.4", "0", "1"]],
  ["a number above 0", { type: "number", exclusiveMinimum: 0, maximum: 1 }, [1, 0.5, 0.0001], ["1.01", "-"]],
  ["items of a tuple", { prefixItems: [{ type: "null" }, { const: 2 }], items: { type: "boolean" }, minItems: 1 }, [[null], [null, 2], [null, 2, true, false]], ["[]", "[2", "[null,3", "[null,2,1"]],
  ["a tuple of an earlier draft", { items: [{ type: "null" }], additionalItems: false }, [[], [null]], ["[null,"]],
  ["many items", { type: "array", items: { type: "null" }, minItems: 999, maxItems: 1000 }, [Array(999).fill(null), Array(1000).fill(null)], [`[${"null,".repeat(1000)}`, `[${"null,".repeat(997)}null]`]],
  ["others after some", object({ a: { type: "null" } }, { additionalProperties: { type: "integer" } }), [{}, { a: null }, { b: 1 }, { a: null, ab: 2, "": 3 }], ['{"a":1', '{"b":1,"a"', '{"b":null']],
  ["required without a schema", object({ a: { type: "null" } }, { required: ["z"] }), [{ z: 1 }, { a: null, z: "y" }], ["{}", '{"a":null}']],
  ["any object", { type: "object" }, [{}, { a: 1, b: { c: [] } }], ["[", '{"a"}']],
  ["names of prototypes", object({ constructor: { type: "null" }, toString: { type: "null" } }), [{}, { constructor: null, toString: null }], ['{"valueOf"']],
  ["values", { enum: ["a\"b", 1.5, null, { x: [1] }] }, ["a\"b", 1.5, null, { x: [1] }], ['"a"', "1,"]],
  ["values of a type", { type: "integer", enum: ["a", 1, 2.5] }, [1], ["2", '"']],
  ["one of some", { anyOf: [{ type: "null" }, object({ a: { type: "null" } }, { required: ["a"] })] }, [null, { a: null }], ["{}", "1"]],
  ["branches with more", object({ a: true, b: true }, { oneOf: [{ required: ["a"] }, { required: ["b"] }] }), [{ a: 1 }, { b: 2 }, { a: 1, b: 2 }], ["{}"]],
  ["all of some", { allOf: [object({ a: { type: "integer" } }, { required: ["a"] }), object({ a: { minimum: 5 }, b: { type: "null" } })] }, [{ a: 5 }, { a: 60, b: null }], ['{"a":4,', "{}", '{"b"']],
  ["first items under what another schema says of all", { type: "array", prefixItems: [{ type: "number" }, true], allOf: [{ items: { type: "integer" } }], anyOf: [{ prefixItems: [{ minimum: 2 }] }] }, [[2], [2, 3], [2, 3, 4], []], ["[2.5", "[1,", "[2,3.5", "[2,3,4.5"]],
  ["a reference with more", { $defs: { x: { type: "string" } }, $ref: "#/$defs/x", maxLength: 1 }, ["", "a"], ['"ab']],
  ["a reference to the whole", object({ next: { $ref: "#" } }), [{}, { next: { next: {} } }], ['{"next":1']],
  ["a reference through ~1 and %", { $defs: { "a/b c": { type: "null" } }, $ref: "#/$defs/a~1b%20c" }, [null], ["1"]],
  ["a pattern anywhere", { type: "string", pattern: "a+b" }, ["ab", "xaab.", "é\n\"ab"], ['"aa"', '"\\u0061']],
  ["a pattern and lengths", { type: "string", pattern: "^a*b*$", minLength: 2, maxLength: 3 }, ["ab", "aab", "bbb"], ['"a"', '"aaaa', '"ba']],
  ["a long text", { type: "string", minLength: 40, maxLength: 41 }, ["é".repeat(40), "😀".repeat(41)], [`"${"x".repeat(39)}"`, `"${"x".repeat(42)}`]],
  ["two patterns", { allOf: [{ pattern: "^a.*" }, { pattern: ".*b$" }], type: "string" }, ["ab", "aab", "axb"], ['"b', '"a"']],
  ["two patterns that part after a character", { allOf: [{ pattern: "^(ax|b)$" }, { pattern: "^(ay|b)$" }], type: "string" }, ["b"], ['"a']],
  ["two patterns and lengths", { allOf: [{ pattern: "^a" }, { pattern: "b$" }], type: "string", maxLength: 3 }, ["ab", "axb"], ['"axxb', '"b']],
  ["an address of a domain", { type: "string", format: "email", pattern: "@example\\.org$" }, ["a.b@example.org"], ['"@', '"a@example.com', '" ']],
  ["an unknown format beside a pattern", { type: "string", format: "starts_with", pattern: "^ab.*" }, ["ab", "abc"], ['"b']],
  ["any names", { type: "object", propertyNames: { type: "string" }, additionalProperties: { type: "null" } }, [{}, { a: null }], ['{"a":1']],
  ["listed names", object({ a: { const: 1 }, z: true }, { propertyNames: { enum: ["a", "b"] }, additionalProperties: { type: "null" }, required: ["b"] }), [{ a: 1, b: null }, { b: null }], ['{"z"', '{"a":null', '{"a":1}']],
  ["dates", { type: "string", format: "date" }, ["2024-02-29", "1999-12-31"], ['"2023-02-29', '"2023-04-31', '"2023-13']],
  ["times", { type: "string", format: "date-time" }, ["2024-02-29T23:59:59Z", "2024-01-01T00:00:00.5+01:30"], ['"2024-01-01T24']],
  ["addresses", { type: "string", format: "email" }, ["a.b@c-d.org"], ['"@', '"a@b"']],
  ["a long address of a page", { type: "string", format: "uri", minLength: 1, maxLength: 2083 }, ["https://a.b", "http://a.b:80/c/d?e=f#g"], ['"ftp']],
  ["an address with a length", { type: "string", format: "email", maxLength: 254 }, ["a.b@c-d.org"], ['"@']],
  ["a name of a machine", { type: "string", format: "hostname" }, ["a.b"], [`"${Array(5).fill("a".repeat(60)).join(".")}`]],
  ["all of a reference that leads back", { $defs: { node: object({ v: { type: "integer" }, next: { allOf: [loop("node")], description: "d" } }, { required: ["v"] }) }, ...loop("node") }, [{ v: 1 }, { v: 1, next: { v: 2, next: { v: 3 } } }], ['{"v":1,"next":{}']],
  ["a reference with a type that leads back", { $defs: { node: object({ next: { ...loop("node"), type: "object" } }) }, ...loop("node") }, [{ next: { next: {} } }], ['{"next":1']],
  ["properties beside branches", { properties: { id: { type: "null" } }, required: ["id"], anyOf: [{ properties: { kind: { const: "a" } }, required: ["kind"] }, { properties: { kind: { const: "b" } }, required: ["kind"] }], type: "object" }, [{ id: null, kind: "a" }, { id: null, kind: "b" }], ['{"kind"']],
  ["any finite number", { type: "number", minimum: -Number.MAX_VALUE, maximum: Number.MAX_VALUE }, [0, -1.5, 1234567890123456], ["-9".padEnd(311, "9")]],
  ["lists that demand nothing", { type: "array", uniqueItems: false, items: { type: "null", contentMediaType: "a/b", example: 1 }, discriminator: { propertyName: "a" } }, [[null]], ["[1"]],
  ["branches without a text, left out", { anyOf: [{ allOf: [{ enum: ["a"] }, { enum: ["b"] }] }, { allOf: [{ const: 1 }, { const: 2 }] }, { type: "string", enum: [] }, { allOf: [{ type: "null" }, { type: "string" }] }, { const: 3 }] }, [3], ['"', "1", "2", "n"]],
  ["a property without a text, left out", object({ a: { $ref: "#/$defs/x", enum: ["p"] }, b: { const: 1 } }, { $defs: { x: { enum: ["q"] } } }), [{}, { b: 1 }], ['{"a"']],
  ["listed values that are equal in another order", { allOf: [{ enum: [{ a: 1, b: [2] }, 3] }, { enum: [{ b: [2], a: 1 }] }, { const: { b: [2], a: 1 } }] }, [{ a: 1, b: [2] }], ["3"]],
  ["integers, zero without a sign", { type: "integer" }, [0, -1, 10], ["-0"]],
  ["integers in bounds, zero without a sign", { type: "integer", minimum: -5, maximum: 5 }, [0, -5, 5], ["-0", "-6"]],
  ["integers up to 0, without a sign", { type: "integer", maximum: 0 }, [0, -1, -100], ["-0", "1"]],
  ["numbers in bounds", { type: "number", minimum: -1 }, [0, -0.5, -1], ["-1.1"]],
  ["-0 that is listed, as JSON.stringify writes it", { enum: [-0, -1] }, [0, -1], ["-0"]],
  ["notes", { title: "T", "x-own": 1, description: "d", $comment: "c", type: "null" }, [null], ["1"]],
]; // prettier-ignore

describe("a schema", () => {
  it.each(allowed)("%s", (_, schema, whole, not) => {
    for (const value of whole) expect([value, fits({ schema }, JSON.stringify(value))]).toEqual([value, "whole"]);
    for (const text of not) expect([text, fits({ schema }, text)]).toEqual([text, "no"]);
  });

  it("counts an escape as one character and takes any", () => {
    const schema = { type: "string", maxLength: 2 };
    expect(fits({ schema }, '"\\u00e9\\/"')).toBe("whole");
    expect(fits({ schema }, '"\\ud83d\\ude00')).toBe("begins");
    expect(fits({ schema }, '"\\ud83d\\ude00x')).toBe("no");
    expect(fits({ schema }, '"\\x')).toBe("no");
  });

  it("counts two halves of a character as one where there is a least length", () => {
    const schema = { type: "string", minLength: 2, maxLength: 2 };
    expect(fits({ schema }, '"\\ud83d\\ude00"')).toBe("no");
    expect(fits({ schema }, '"\\uD83D\\uDE00\\u00e9"')).toBe("whole");
    expect(fits({ schema }, '"\\ud7ff\\ue000"')).toBe("whole");
    expect(fits({ schema }, '"\\ud83dx')).toBe("no");
    expect(fits({ schema }, '"\\ude00')).toBe("no");
  });

  it("takes a name that is a prototype's, from JSON", () => {
    const schema = JSON.parse('{"properties":{"__proto__":{"const":1}},"required":["__proto__"]}') as Schema;
    expect(fits({ schema }, '{"__proto__":1}')).toBe("whole");
    expect(fits({ schema }, "{}")).toBe("no");
    expect(({} as { const?: number }).const).toBeUndefined();
  });
});

const refused: readonly [what: string, schema: unknown, kind: typeof ConfigError, message: RegExp][] = [
  ["not", { not: {} }, UnsupportedError, /"not"/],
  ["a keyword within", object({ a: { items: { uniqueItems: true } } }), UnsupportedError, /schema\.properties\.a\.items: "uniqueItems"/],
  ["a misspelt keyword", { maxlength: 3 }, UnsupportedError, /"maxlength"/],
  ["an unknown format", { format: "colour" }, UnsupportedError, /"format".*date-time/],
  ["another document", { $ref: "other.json" }, UnsupportedError, /\$ref/],
  ["no such place", { $ref: "#/$defs/x" }, ConfigError, /\$ref/],
  ["a place of prototypes", { $ref: "#/constructor" }, ConfigError, /\$ref/],
  ["an unknown type", { type: "text" }, ConfigError, /type.*string/],
  ["a wrong count", { minLength: -1, type: "string" }, ConfigError, /minLength/],
  ["wrong properties", { properties: [] }, ConfigError, /properties/],
  ["a wrong schema", { items: 3 }, ConfigError, /items/],
  ["no type left", { type: "integer", enum: ["a"] }, ConfigError, /no text/],
  ["a list that is too short", { type: "array", minItems: 3, maxItems: 2 }, ConfigError, /no text/],
  ["false", false, ConfigError, /no text/],
  ["listed values that exclude each other", { allOf: [{ enum: ["a"] }, { enum: ["b"] }] }, ConfigError, /schema: no text fits it/],
  ["constants that exclude each other beside branches", { const: 1, allOf: [{ const: 2 }], anyOf: [{ minimum: 0 }, { maximum: 9 }] }, ConfigError, /schema: no text fits it/],
  ["an empty list of values", { enum: [] }, ConfigError, /schema: no text fits it/],
  ["values that are no list", { enum: 1 }, ConfigError, /schema\.enum is a list/],
  ["an object without end", object({ a: { $ref: "#" } }, { required: ["a"] }), ConfigError, /no text/],
  ["a reference to itself", { $defs: { a: loop("a") }, ...loop("a") }, ConfigError, /no text/],
  ["one of itself", { $defs: { a: { anyOf: [loop("a"), { type: "null" }] } }, ...loop("a") }, ConfigError, /begins with itself/],
  ["all of itself", { $defs: { a: { allOf: [loop("a")], minimum: 1 } }, ...loop("a") }, UnsupportedError, /itself/],
  ["a look-ahead", { pattern: "(?=a)b" }, ConfigError, /look-around/],
  ["two lists of items", { allOf: [{ items: [{ type: "null" }] }, { items: [true] }] }, UnsupportedError, /"items"/],
  ["items that are unique", { type: "array", uniqueItems: true }, UnsupportedError, /"uniqueItems"/],
  ["patterns that exclude each other", { type: "string", allOf: [{ pattern: "^a$" }, { pattern: "^b$" }] }, ConfigError, /no text/],
  ["a pattern that is no text beside another", { type: "string", allOf: [{ pattern: "a" }, { pattern: ["b"] }] }, ConfigError, /pattern is a text/],
  ["patterns that take too many states together", { type: "string", allOf: [{ pattern: "^(a?){999}$" }, { pattern: "^(a?){998}$" }] }, UnsupportedError, /states/],
  ["a pattern of names", { propertyNames: { pattern: "a" } }, UnsupportedError, /"propertyNames".*enum/],
  ["a function", { const: () => 1 }, ConfigError, /JSON/],
  ["a list", [], ConfigError, /JSON Schema/],
]; // prettier-ignore

it("a number above 0 is none that is read as 0", () => {
  const schema = { type: "number", exclusiveMinimum: 0 };
  const least = `0.${"0".repeat(323)}`;
  expect([fits({ schema }, `${least}5`), fits({ schema }, "0.0001"), fits({ schema }, "12.5")]).toEqual(["whole", "whole", "whole"]); // prettier-ignore
  expect([fits({ schema }, `${least}4`), fits({ schema }, `${least}0`), fits({ schema }, "0.0")]).toEqual(["no", "no", "begins"]); // prettier-ignore
  expect(fits({ schema: { minimum: 5e-300 } }, `0.${"0".repeat(299)}4`)).toBe("no");
});

describe("a schema is refused", () => {
  it.each(refused)("%s", (_, schema, kind, message) => {
    expect(() => bytesIn({ schema: schema as Schema })).toThrow(kind);
    expect(() => bytesIn({ schema: schema as Schema })).toThrow(message);
  });
});

describe("a hostile schema", () => {
  const nested = (depth: number, wrap: (inner: Schema) => Schema): Schema =>
    depth === 0 ? { type: "null" } : wrap(nested(depth - 1, wrap));

  it("with huge counts costs no more than others", () => {
    expect(fits({ schema: { type: "string", minLength: 10, maxLength: 1e9 } }, `"${"x".repeat(300)}"`)).toBe("whole");
    expect(fits({ schema: { type: "array", maxItems: 1e9 } }, "[1,2]")).toBe("whole");
    expect(fits({ schema: { type: "string", pattern: "^(a{1,1000000}){1,1000000}$" } }, '"aaaa"')).toBe("whole");
  });

  it("with very many readings of a text is refused by name, and forgets what it made", () => {
    const regex = "(a{1,1000000}){1,1000000}";
    expect(fits({ regex }, "a".repeat(60))).toBe("whole");
    const bound = bytesIn({ regex: "((ab?){1,90000}){1,90000}" });
    expect(() => {
      for (let i = 0; i < 3000; i++) bound.take(97);
    }).toThrow(/read in too many ways/);
    expect(() => bytesIn({ regex: "(x{0,1000}){0,1000}" })).toThrow(/may be empty/);
    const long = bytesIn({ schema: { type: "string", minLength: 50_000 } });
    for (let i = 0; i < 60_000; i++) long.take(i === 0 ? 34 : 97);
    expect([long.complete, long.ids().includes(34)]).toEqual([false, true]);
  });

  it("does not multiply where schemas are within each other", () => {
    for (const wrap of [
      (items: Schema) => ({ type: "array", items, minItems: 1 }),
      (a: Schema) => ({ type: "object", properties: { a }, additionalProperties: a }),
      (a: Schema) => ({ anyOf: [a, { type: "array", items: a, maxItems: 3 }] }),
    ])
      expect(fits({ schema: nested(7, wrap) }, "[")).toMatch(/no|begins/);
    const twice = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`d${i}`, { type: "array", items: loop(`d${i + 1}`), prefixItems: [loop(`d${i + 1}`)] }]), // prettier-ignore
    );
    expect(fits({ schema: { $defs: { ...twice, d60: { type: "null" } }, ...loop("d0") } }, "[[[")).toBe("begins");
  });

  it("with branches in all combinations is refused by name", () => {
    const branch = (i: number) => ({ anyOf: [{ required: [`a${i}`] }, { required: [`b${i}`] }] });
    const schema = { type: "object", allOf: Array.from({ length: 40 }, (_, i) => branch(i)) };
    expect(() => bytesIn({ schema })).toThrow(/takes more than 300000 states/);
  });
});
