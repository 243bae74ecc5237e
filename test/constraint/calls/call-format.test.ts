import { describe, expect, it } from "vitest";
import { callsRule } from "../../../ts/constraint/calls/call-format.js";
import { ProgramBuilder } from "../../../ts/constraint/program-builder.js";
import { familyOf } from "../../../ts/models/language/tools/families.js";

/** Arguments whose references in a diamond join 2 ** `depth` schemas. */
function diamond(depth: number) {
  const next = (i: number) => ({ $ref: `#/$defs/d${i}` });
  const joins = Array.from({ length: depth }, (_, i) => [`d${i}`, { allOf: [next(i + 1), next(i + 1)] }] as const);
  const $defs = { ...Object.fromEntries(joins), [`d${depth}`]: { type: "string" } };
  return { type: "object", properties: { a: next(0) }, required: ["a"], $defs };
}

describe("calls of several functions", () => {
  it.each(["<tool_call>", "<|tool_call_start|>"])("have one limit of schemas together, in %s", (sign) => {
    const calls = (count: number) => {
      const functions = Array.from({ length: count }, (_, i) => ({
        ...{ name: `f${i}`, parameters: diamond(12), path: `tools[${i}].function.parameters` },
      }));
      return ProgramBuilder.program("test", "tools", callsRule("test", familyOf(sign).written(functions), []));
    };
    expect(calls(2).states.length).toBeGreaterThan(0);
    expect(() => calls(12)).toThrow(/more than 200000 schemas in allOf and references/);
  });
});
