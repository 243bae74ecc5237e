import { describe, expect, it } from "vitest";
import { constraintOf } from "../../../ts/constraint/bind.js";
import { callsRule } from "../../../ts/constraint/calls/call-format.js";
import { PieceWork } from "../../../ts/constraint/pieces.js";
import { ProgramBuilder } from "../../../ts/constraint/program-builder.js";
import { familyOf } from "../../../ts/models/language/tools/families.js";
import { byteVocabulary, reads } from "../tokenizers.js";

const compiled = (...format: Parameters<typeof ProgramBuilder.program>) =>
  new PieceWork(ProgramBuilder.program(...format)).result;

/** Arguments whose references in a diamond join 2 ** `depth` schemas. */
function diamond(depth: number) {
  const next = (i: number) => ({ $ref: `#/$defs/d${i}` });
  const joins = Array.from({ length: depth }, (_, i) => [`d${i}`, { allOf: [next(i + 1), next(i + 1)] }] as const);
  const $defs = { ...Object.fromEntries(joins), [`d${depth}`]: { type: "string" } };
  return { type: "object", properties: { a: next(0) }, required: ["a"], $defs };
}

describe("calls of several functions", () => {
  it.each(["<tool_call>", "<|tool_call_start|>", "<parameter="])(
    "have one limit of schemas together, in %s",
    (sign) => {
      const calls = (count: number) => {
        const functions = Array.from({ length: count }, (_, i) => ({
          name: `f${i}`,
          parameters: diamond(12),
          path: `tools[${i}].function.parameters`,
        }));
        return compiled("test", "tools", callsRule("test", familyOf(sign).written(functions), []));
      };
      expect(calls(2).states.length).toBeGreaterThan(0);
      expect(() => calls(12)).toThrow(/more than 200000 schemas in allOf and references/);
    },
  );
});

/** Whether a call in XML may have this text as its only argument. */
function argument(schema: unknown, text: string) {
  const parameters = {
    type: "object",
    properties: { a: schema },
    required: ["a"],
    $defs: { name: { type: "string" } },
  };
  const value = familyOf("<parameter=").written([{ name: "f", parameters, path: "tools[0].function.parameters" }]);
  const bound = constraintOf("test", { kind: "tools", value }, byteVocabulary).begin();
  return reads(bound, `<tool_call>\n<function=f>\n<parameter=a>\n${text}\n</parameter>\n</function>\n</tool_call>`);
}

const html = "<p>\n</para> </parameter <</p>";
const xml: readonly [what: string, schema: unknown, whole: readonly string[], not: readonly string[]][] = [
  ["a string as it is", { type: "string" }, ["", "\n", 'é😀 "\\n"', html], ["</parameter>", `a</parameter>b`, "<</parameter>"]],
  ["a string by reference, or null", { anyOf: [{ $ref: "#/$defs/name" }, { type: "null" }] }, ["null", "nul", '"'], ["</parameter>"]],
  ["strings of a length", { type: "string", minLength: 2, maxLength: 4 }, ["é😀", "</p>"], ["a", "abcde"]],
  ["long strings", { type: "string", minLength: 1, maxLength: 100_000 }, [" ".repeat(3000)], ["", "<"]],
  ["strings of a pattern", { type: "string", pattern: "^<.*>$" }, ["<>", "<a></parameter >"], ["<a", "<</parameter>>"]],
  ["strings of a pattern and a length", { type: "string", pattern: "^[<a]", maxLength: 2 }, ["<", "ab"], ["b", "abc"]],
  ["strings of a format", { type: "string", format: "date" }, ["2024-02-29"], ["2023-02-29", '"2024-02-29"']],
  ["one of some strings", { enum: ["a b", 'c"', null, "</parameter>"] }, ["a b", 'c"', "null"], ["a", "</parameter>"]],
  ["other values in JSON", { type: ["object", "number"] }, ['{"a":"</parameter>"}', "-1.5"], ["{a:1}", "True"]],
  ["strings beside other types in JSON", { type: ["string", "number"] }, ['"5"', "5"], ["a"]],
  ["any value in JSON", {}, ['"a"', "[null,true]"], ["a"]],
]; // prettier-ignore

describe("arguments between marks", () => {
  it.each(xml)("are %s", (_, schema, whole, not) => {
    for (const text of whole) expect([text, argument(schema, text)]).toEqual([text, "whole"]);
    for (const text of not) expect([text, argument(schema, text)]).toEqual([text, "no"]);
  });

  it("of many strings with lengths take few states", () => {
    const properties = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [
        `a${i}`,
        { type: "string", minLength: i % 3, maxLength: 20 + 4 * (i % 9) },
      ]),
    );
    const format = familyOf("<parameter=").written([
      { name: "f", parameters: { type: "object", properties }, path: "tools[0]" },
    ]);
    const { states } = compiled("test", "tools", callsRule("test", format, []));
    expect(states.length).toBeLessThan(100_000);
  });

  it("have names that marks can have", () => {
    const program = (name: string) => {
      const parameters = { type: "object", properties: { [name]: true } };
      const format = familyOf("<parameter=").written([{ name: "f", parameters, path: "tools[0]" }]);
      return compiled("test", "tools", callsRule("test", format, []));
    };
    expect(program("a b-é").states.length).toBeGreaterThan(0);
    for (const name of ["", "a>", "<", "a\nb"])
      expect(() => program(name)).toThrow(/tools\[0\]: this model writes arguments between marks, for which/);
  });
});
