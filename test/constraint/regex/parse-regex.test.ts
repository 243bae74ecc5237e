import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../ts/errors/errors.js";
import { bytesIn, fits } from "../tokenizers.js";

const allowed: readonly [regex: string, whole: readonly string[], not: readonly string[]][] = [
  ["a|bc*", ["a", "b", "bccc"], ["ab", "c"]],
  ["^(?:yes|no)$", ["yes", "no"], ["maybe", "yes!"]],
  ["(?<year>\\d{4})-\\w\\W\\S", ["1999-a-b"], ["199-", "1999-aa"]],
  ["[^\\d\\sA-C-]{2,3}?", ["ab", "Dé😀"], ["1", "A", "-", "abcd"]],
  ["\\u00e9\\x41\\u{1F600}\\ud83d\\ude00\\t\\cA\\0", ["éA😀😀\t\u0001\0"], ["e"]],
  ["\\p{Lu}\\P{L}.", ["É1x"], ["e", "EE", "E1\n"]],
  ["(a{1,1000000}b){0,1000000}", ["", "aab", "abab"], ["b"]],
  ["((a*)*)*b", ["b", "aaab"], ["c"]],
  ["\\/\\.\\[x]{1}", ["/.[x]"], ["/a"]],
  ["^[\\w-\\.]+@([\\w-]+\\.)+[\\w-]{2,4}$", ["a-b.c@d-e.org"], ["@", "a,"]],
  ["(^a$)|(^b$)", ["a", "b"], ["ab", "c"]],
  ["(^$)|(^https?://.+$)", ["", "http://a"], ["a"]],
  ["^((a|b)|c)$|d", ["a", "c", "d"], ["ad", "e"]],
]; // prettier-ignore

describe("a regular expression", () => {
  it.each(allowed)("%s", (regex, whole, not) => {
    for (const text of whole) expect([text, fits({ regex }, text)]).toEqual([text, "whole"]);
    for (const text of not) expect([text, fits({ regex }, text)]).toEqual([text, "no"]);
  });

  it.each(["(?=a)", "(?<!a)b", "\\bword", "(a)\\1", "a^b", "a$b", "(a$)b", "[b-a]", "a{2,1}", "*", "(", ")", "[", "\\", "\\p{Nothing}", "\\q", `${"(".repeat(999)}`])(
    "%s is refused",
    (regex) => expect(() => bytesIn({ regex })).toThrow(ConfigError),
  ); // prettier-ignore

  // JavaScript's own engine is the reference.
  const atom = fc.constantFrom("a", "b", "é", "[ab]", "[^a]", ".", "\\w", "\\d", "😀");
  const { regex: random } = fc.letrec<{ regex: string }>((tie) => ({
    regex: fc.oneof(
      { maxDepth: 4, depthSize: "medium" },
      atom,
      fc.tuple(tie("regex"), tie("regex")).map(([a, b]) => `${a}${b}`),
      fc.tuple(tie("regex"), tie("regex")).map(([a, b]) => `(?:${a}|${b})`),
      fc.tuple(tie("regex"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{2,}")).map(([a, n]) => `(?:${a})${n}`),
    ),
  }));

  it("matches what JavaScript's matches", () => {
    const texts = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c", "é", "😀", "1"), maxLength: 6 }), { minLength: 5, maxLength: 5 }); // prettier-ignore
    fc.assert(
      fc.property(random, texts, (regex, all) => {
        const own = new RegExp(`^(?:${regex})$`, "u");
        for (const text of all) expect([regex, text, fits({ regex }, text) === "whole"]).toEqual([regex, text, own.test(text)]); // prettier-ignore
      }),
      { numRuns: 150 },
    );
  });
});
