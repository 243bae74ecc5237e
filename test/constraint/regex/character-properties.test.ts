import { expect, it } from "vitest";
import { constraintOf } from "../../../ts/constraint/bind.js";
import type { TextFormat } from "../../../ts/constraint/text-format.js";
import { textFormatOf } from "../../../ts/constraint/text-format.js";
import { byteVocabulary, fits, reads } from "../tokenizers.js";

/** Characters that a piece of work may test: the last of one property and the first of the next. */
const MOST_AT_ONCE = 40_000;

/** Compiles a format piece by piece; the numbers of characters that were tested in each. */
function compiled(format: TextFormat) {
  const constraint = constraintOf("test", textFormatOf("test", format)!, byteVocabulary);
  const tested: number[] = [];
  const { test } = RegExp.prototype;
  let count = 0;
  RegExp.prototype.test = function (text) {
    count++;
    return test.call(this, text);
  };
  try {
    for (let done = false; !done; tested.push(count)) {
      count = 0;
      done = constraint.compileSome(1);
    }
  } finally {
    RegExp.prototype.test = test;
  }
  return { constraint, tested };
}

// Names that no other test prepares.
const names = ["Arab", "Armn", "Beng", "Geor"];

it.each<[string, TextFormat, string]>([
  ["a schema", { schema: { prefixItems: names.map((name) => ({ pattern: `^\\p{scx=${name}}$` })) } }, '["ب"'],
  ["an expression", { regex: names.map((name) => `\\p{Script_Extensions=${name}}?`).join("") }, "بა"],
])("properties of characters in %s are found in pieces", (_, format, text) => {
  const { constraint, tested } = compiled(format);
  expect(Math.max(...tested)).toBeLessThan(MOST_AT_ONCE);
  expect(tested.reduce((sum, count) => sum + count)).toBeGreaterThan(names.length * 1_000_000);
  expect(reads(constraint.begin(), text)).not.toBe("no");
  // They are known from now on.
  const again = compiled(format.schema === undefined ? { regex: `${format.regex}x` } : { schema: { items: format.schema } });
  expect(again.tested.reduce((sum, count) => sum + count)).toBeLessThan(MOST_AT_ONCE);
}); // prettier-ignore

it("texts that are no expressions name no properties", () => {
  const listed = Array.from({ length: 30 }, (_, i) => `\\p{sc=${names[i % names.length]}}\\p{L${i}}`);
  expect(fits({ schema: { enum: listed, description: listed.join() } }, JSON.stringify(listed[3]))).toBe("whole");
  expect(fits({ choices: listed }, listed[29]!)).toBe("whole");
});
