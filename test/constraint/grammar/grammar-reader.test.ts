import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../ts/errors/errors.js";
import { bytesIn, fits } from "../tokenizers.js";

const chess = `# A few moves
root   ::= "1. " move " " move "\\n" ([1-9] [0-9]? ". " move " " move "\\n")+
move   ::= (pawn | nonpawn | castle) [+#]?
pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])?
nonpawn ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]
castle ::= "O-O" "-O"?`;
const json = `root ::= object
value ::= object | array | string | "true" |
  "null"
object ::= "{" ws ( string ":" ws value ("," ws string ":" ws value)* )? "}" ws
array ::= "[" ws ( value ("," ws value)* )? "]" ws
string ::= "\\"" ( [^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\bfnrt] | "u" [0-9a-fA-F]{4}) )* "\\"" ws
ws ::= | " " | "\\n" [ \\t]{0,20}`;

const allowed: readonly [string, grammar: string, whole: readonly string[], not: readonly string[]][] = [
  ["moves of chess", chess, ["1. e4 e5\n2. Nf3 Nc6\n", "1. O-O-O exd5=Q+\n10. a1 a2#\n"], ["1. e9", "2", "1. e4 e5\n0"]],
  ["JSON with white space", json, ['{"a": [ "b\\n", {} ], "é": null}', "{\n\t}"], ["[", '{"a"x', '{"a":1', '{"\\x']],
  ["counts", 'root ::= "a"{2} "b"{1,} "c"{0,2} ("d" "e"){,2}', ["aab", "aabbbccde", "aabdede"], ["ab", "aac", "aabccc", "aabdedede"]],
  ["any character and others", "root ::= . [^a-c] [\\u00e9\\U0001F600-]", ["é😀-", "axé", "\ndé"], ["aa", "axa"]],
  ["rules that call themselves", 'root ::= "(" root ")" | "x"', ["x", "((x))"], [")", "(x))", "((x)x"]],
  ["rules with dashes and _", 'root ::= a-b_c\na-b_c ::= "1"', ["1"], ["2"]],
  ["two readings", 'root ::= "a" root "x" | "a" root "y" | "a"', ["a", `${"a".repeat(41)}${"xy".repeat(20)}`], ["ax", "b"]],
]; // prettier-ignore

describe("a grammar", () => {
  it.each(allowed)("of %s", (_, grammar, whole, not) => {
    for (const text of whole) expect([text, fits({ grammar }, text)]).toEqual([text, "whole"]);
    for (const text of not) expect([text, fits({ grammar }, text)]).toEqual([text, "no"]);
  });

  it.each([
    ["without root", 'a ::= "b"', /no rule root/],
    ["with an unknown rule", "root ::= a", /no rule "a"/],
    ["with a rule twice", 'root ::= "a"\nroot ::= "b"', /twice/],
    ["that begins with itself", 'root ::= root "a" | "b"', /rule root begins with itself/],
    ["that begins with itself behind what may be empty", 'root ::= a? b\nb ::= root "c" | "d"\na ::= "x"', /begins with itself/],
    ["without an end", 'root ::= "a" root', /no text/],
    ["of half a character", 'root ::= "\\ud83d" "a"', /no text/],
    ["with half a literal", 'root ::= "a', /without an end/],
    ["with an open group", 'root ::= ("a"', /without a \)/],
    ["with tokens by name", "root ::= <think>", /tokens by name/],
    ["with anything else", "root = 1", /expected a rule/],
    ["with a huge count of what may be empty", 'root ::= ("a"?){1,1000000}', /may be empty/],
    ["with groups too deep", `root ::= ${"(".repeat(500)}`, /groups within/],
  ])("%s is refused", (_, grammar, message) => {
    expect(() => bytesIn({ grammar })).toThrow(ConfigError);
    expect(() => bytesIn({ grammar })).toThrow(message);
  });
}); // prettier-ignore
