import { describe, expect, it, vi } from "vitest";
import { ConfigError } from "../../ts/errors/errors.js";
import type { TextFormat } from "../../ts/constraint/text-format.js";
import { bytesIn, constraintMaker, fits } from "./tokenizers.js";

const times = <T>(count: number, of: (i: number) => T) => Array.from({ length: count }, (_, i) => of(i));
const defs = (count: number, of: (next: object) => object) =>
  Object.fromEntries(times(count, (i) => [`d${i}`, of({ $ref: `#/$defs/d${i + 1}` })]));

const SCRIPTS = ["Latn", "Grek", "Thai", "Laoo", "Hani", "Yiii", "Mroo", "Nkoo", "Vaii", "Arab", "Armn", "Beng", "Bopo", "Brai", "Cans", "Cher", "Copt"]; // prettier-ignore

/** Formats of a stranger that took minutes, ended the stack, or failed without a name. */
const refused: readonly [what: string, format: TextFormat, message: RegExp][] = [
  ["references in a diamond", { schema: { $defs: { ...defs(40, (next) => ({ allOf: [next, next] })), d40: {} }, allOf: [{ $ref: "#/$defs/d0" }] } }, /more than 200000 schemas/],
  ["a long chain of references", { schema: { $defs: { ...defs(20_000, (next) => ({ ...next, minimum: 1 })), d20000: {} }, allOf: [{ $ref: "#/$defs/d0" }] } }, /300 schemas within each other/],
  ["references in a diamond to many properties", { schema: { $defs: { ...defs(8, (next) => ({ allOf: [next, next] })), d8: { properties: Object.fromEntries(times(2000, (i) => [`p${i}`, {}])) } }, allOf: [{ $ref: "#/$defs/d0" }] } }, /more than 200000 schemas/],
  ["references in a diamond to a long pattern", { schema: { $defs: { ...defs(12, (next) => ({ allOf: [next, next] })), d12: { pattern: "x".repeat(20_000) } }, allOf: [{ $ref: "#/$defs/d0" }] } }, /more than 200000 schemas/],
  ["references in a diamond to many annotations", { schema: { $defs: { ...defs(8, (next) => ({ allOf: [next, next] })), d8: Object.fromEntries(times(5000, (i) => [`x-${i}`, i])) }, allOf: [{ $ref: "#/$defs/d0" }] } }, /more than 200000 schemas/],
  ["a long list under many properties", { schema: { allOf: [{ properties: Object.fromEntries(times(20_000, (i) => [`p${i}`, true])) }, { additionalProperties: { enum: times(25_000, (i) => 1e6 + i) } }] } }, /more than 200000 schemas/],
  ["properties that are none", { schema: { allOf: [{ properties: null } as object, { type: "object" }] } }, /properties/],
  ["counts of counts in an expression", { regex: `a${"*".repeat(20_000)}` }, /nothing to repeat/],
  ["counts of counts in a grammar", { grammar: `root ::= "a"${"*".repeat(20_000)}` }, /200 repetitions/],
  ["numbers of 300 digits in many places", { schema: { prefixItems: times(1200, (i) => ({ type: "integer", minimum: i, maximum: 1e300 + i * 1e290 })) } }, /takes more than 300000 states/],
  ["numbers below the least", { schema: { type: "number", exclusiveMaximum: -Number.MAX_VALUE } }, /no text fits/],
  ["whole numbers above the largest", { schema: { type: "integer", exclusiveMinimum: Number.MAX_VALUE } }, /no text fits/],
  ["many properties of characters in several patterns", { schema: { prefixItems: times(17, (i) => ({ pattern: `\\p{sc=${SCRIPTS[i]}}` })) } }, /more than 16 properties/],
  ["many properties of characters", { regex: times(17, (i) => `\\p{sc${i % 2 === 0 ? "" : "x"}=${["Latin", "Greek", "Thai", "Lao", "Han", "Yi", "Mro", "Nko", "Vai"][i >> 1]}}`).join("") }, /more than 16 properties/],
]; // prettier-ignore

describe("a stranger's format", () => {
  it.each(refused)("of %s is refused by name", (_, format, message) => {
    expect(() => bytesIn(format)).toThrow(ConfigError);
    expect(() => bytesIn(format)).toThrow(message);
  });

  const rules = times(12_000, (i) => `r${i} ::= r${i + 1} "a"`).join("\n");
  const large: readonly [what: string, format: TextFormat][] = [
    ["rules that begin with each other", { grammar: `root ::= "x" (${times(12_000, (i) => `r${i}`).join("|")})\n${rules}\nr12000 ::= "b"` }],
    ["groups within groups", { regex: `${"(".repeat(190)}${"a".repeat(50_000)}${")b".repeat(190)}` }],
    ["alternatives", { grammar: `root ::= ${"[a] | ".repeat(150_000)}[b]` }],
    ["items of a list", { schema: { prefixItems: times(15_000, () => true), minItems: 1 } }],
    ["items of a sequence", { grammar: `root ::= ${'"" '.repeat(140_000)} "b"` }],
    ["dates", { schema: { properties: Object.fromEntries(times(3000, (i) => [`p${i}`, { type: "string", format: "date-time" }])) } }],
    ["combinations of branches", { schema: { allOf: times(11, (i) => ({ type: "string", anyOf: [{ minLength: i }, { maxLength: 100 - i }] })) } }],
    ["schemas in allOf", { schema: { allOf: Array<boolean>(150_000).fill(true), type: "null" } }],
  ]; // prettier-ignore
  it.each(large)("of many %s takes time in proportion to its size", { timeout: 60_000 }, (_, format) => {
    expect(bytesIn(format).complete).toBe(false);
  });

  it("compares listed values once each", () => {
    const listed = (from: number) => ({ enum: times(400, (i) => from + i) });
    const compared = vi.spyOn(JSON, "stringify");
    try {
      const schema = { allOf: [listed(0), listed(399)] };
      expect([fits({ schema }, "399"), fits({ schema }, "398")]).toEqual(["whole", "no"]);
      expect(compared.mock.calls.length).toBeLessThan(10_000);
    } finally {
      compared.mockRestore();
    }
  });

  it("may name a type again and again, which makes no further states", () => {
    const schema = { type: times(100_000, () => "string") };
    expect(fits({ schema }, '"a"')).toBe("whole");
    expect(fits({ schema: { allOf: [schema, { type: [...schema.type, "null"] }] } }, "null")).toBe("no");
  });

  it("takes bounded time for each token", async () => {
    const alphabet = [..."abcdefghijklmnopqrstuvwxyz"];
    const regex = `.*(?:${alphabet.map((c) => `${c}${".?".repeat(150)}${c}`).join("|")})`;
    const text = (await constraintMaker("gemma2"))({ regex }).begin();
    const spell = (id: number) => String.fromCharCode(...text.bytesOf(id));
    const letters = text.ids().filter((id) => alphabet.includes(spell(id)));
    for (let i = 0; i < 60; i++) text.take(letters[i % letters.length]!);
    expect(() => text.ids()).toThrow(/read in too many ways/);
  });
});

describe("an ordinary format", () => {
  it("of many words ends no answer", () => {
    const text = bytesIn({ regex: "(?:\\w+ ?){1,400}" });
    for (let i = 0; i < 400; i++) {
      text.take(97);
      if (i % 50 === 0) expect(text.ids()).toContain(97);
    }
    expect(text.complete).toBe(true);
  });

  it("with a pattern and a length in many places takes few states", () => {
    const text = { type: "string", pattern: "\\S", maxLength: 255 };
    const properties = Object.fromEntries(times(20, (i) => [`p${i}`, text]));
    expect(fits({ schema: { type: "object", properties } }, '{"p0":" é","p19":"x"}')).toBe("whole");
    expect(fits({ schema: { type: "object", properties } }, '{"p0":"  "}')).toBe("no");
  });
});
