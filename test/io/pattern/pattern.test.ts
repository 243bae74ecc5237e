import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AdapterError, LowrankError, UnsupportedError } from "../../../ts/errors/errors.js";
import { anything, repeat, sequence, type Syntax } from "../../../ts/io/pattern/syntax.js";
import { compilePattern, matchStart, WorkLimit } from "../../../ts/io/pattern/match.js";
import { parsePattern } from "../../../ts/io/pattern/parse.js";
import { goldenJson } from "../../golden.js";

const codes = (text: string) => Array.from(text, (character) => character.codePointAt(0)!);
const textEnd: Syntax = { kind: "assert", place: "textEnd" };
const everything = repeat({ kind: "set", set: anything(true) }, 0, Infinity);

/** As `re.fullmatch`. */
function fullMatch(source: string, work = new WorkLimit()) {
  const program = compilePattern(sequence(parsePattern(source), textEnd));
  return (text: string) => matchStart(program, codes(text), work) !== null;
}

/** What the pattern matches behind as much as possible, as a group of `re.match(".*(pattern)")`. */
function lastMatch(source: string) {
  const program = compilePattern(sequence(everything, { kind: "capture", item: parsePattern(source) }));
  return (text: string) => {
    const found = matchStart(program, codes(text), new WorkLimit());
    return found && Array.from(text).slice(found.begin, found.end).join("");
  };
}

function refuses(source: string): boolean {
  try {
    parsePattern(source);
    return false;
  } catch (error) {
    return error instanceof AdapterError;
  }
}

type Case = [source: string, results: [text: string, full: boolean, group: string | null][] | null];
const cases = await goldenJson<Case[]>("patterns.json");

describe("patterns match as Python's re", () => {
  it("over some 700 of them", () => {
    expect(cases.length).toBeGreaterThan(600);
    const wrong = cases.filter(([source, results]) => {
      if (results === null) return !refuses(source);
      const [full, last] = [fullMatch(source), lastMatch(source)];
      return results.some(([text, whole, group]) => full(text) !== whole || last(text) !== group);
    });
    expect(wrong).toEqual([]);
  });

  it.each<[string, string]>([
    ["(a)\\1", "a back-reference"],
    ["(?P<a>b)(?P=a)", "a back-reference"],
    ["(?>a)", "an atomic group"],
    ["(a)?(?(1)b)", "a conditional group"],
    ["a*+", "a possessive repetition"],
    ["a(?#note)b", "a comment"],
    ["(?x)a b", "the flag x"],
    ["(?a)\\w", "the flag a"],
    ["\\N{BULLET}", "a character by its name"],
  ])("refuses %s by name", (source, name) => {
    expect(() => parsePattern(source)).toThrow(UnsupportedError);
    expect(() => parsePattern(source)).toThrow(name);
  });
});

describe("time and memory stay in proportion", () => {
  const text = "model.layers.0.self_attn.q_proj".repeat(30);

  it.each(["(.+)+!|.*q_proj|.*v_proj", "(a|a)*!", "(.*)*!", "((.*)*)*!", "(.?){40}.{40}!", ".*.*.*.*.*.*.*.*!"])(
    "%s takes steps in proportion to the text",
    (source) => {
      const steps = (length: number) => {
        let count = 0;
        const work = new WorkLimit();
        work.spend = (n) => void (count += n);
        fullMatch(source, work)(text.slice(0, length));
        return count;
      };
      expect(steps(800)).toBeLessThan(5 * steps(200));
      expect(steps(800)).toBeLessThan(1_000_000);
    },
  );

  it.each(["((a{1000}){1000}){1000}", "a{4294967294}", "(a{0,1000}){1000}", "(){1000000}a{10000}", "(?:){0,99999999}"])(
    "%s is refused rather than written out",
    (source) => {
      expect(() => fullMatch(source)).toThrow(AdapterError);
      expect(() => fullMatch(source)).toThrow(/more than 10000 steps/);
    },
  );

  it("refuses groups in groups without end", () => {
    expect(() => parsePattern("(".repeat(20_000))).toThrow(/in each other more than 100/);
    expect(() => parsePattern("(".repeat(99) + "a" + ")".repeat(99))).not.toThrow();
  });

  it("stops where pattern and texts together are too much", () => {
    const match = fullMatch(`(${"a?".repeat(2000)})*!`);
    expect(() => {
      for (let i = 0; i < 1000; i++) match("a".repeat(2000));
    }).toThrow(/take too long/);
  });
});

it("any text is a pattern, or is refused by name", () => {
  const character = fc.constantFrom(..."ab01.*+?{},()[]^$|\\-:P<>=!#ismdwZ\n".split(""), "é", "\u{1f600}");
  fc.assert(
    fc.property(
      fc.string({ unit: character, maxLength: 30 }),
      fc.string({ unit: character, maxLength: 20 }),
      (source, text) => {
        try {
          fullMatch(source)(text);
        } catch (error) {
          expect(error).toBeInstanceOf(LowrankError);
          expect((error as Error).message.length).toBeLessThan(500);
        }
      },
    ),
    { numRuns: 3000, seed: 5 },
  );
});
