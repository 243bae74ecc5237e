import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { anyCharacter, type Characters } from "../characters.js";
import { character, choice, empty, nothing, type Part, repeated, sequenceOf } from "../parts.js";
import { RegexParser } from "./parse-regex.js";
import type { Alternative, Regex } from "./syntax.js";

/** How a character of a set is written. */
export type Spelling = (set: Characters) => Part;

/** The expression of a whole text. */
export const wholly = (alternatives: readonly Alternative[]): Regex => ({
  kind: "choice",
  items: alternatives.map(({ item }) => item),
});

/** The expression of a whole text that does the same as a search. */
export function searching(alternatives: readonly Alternative[]): Regex {
  const around: Regex = { kind: "repeat", item: { kind: "set", set: anyCharacter }, least: 0, most: Infinity };
  const items = alternatives.map(({ item, atStart, atEnd }): Regex => ({
    kind: "sequence",
    items: [...(atStart ? [] : [around]), item, ...(atEnd ? [] : [around])],
  }));
  return { kind: "choice", items };
}

/** Texts that match an expression as a whole. */
export function matching(regex: Regex, spelling: Spelling): Part {
  if (regex.kind === "set") return regex.set.length === 0 ? nothing : spelling(regex.set);
  if (regex.kind === "repeat") {
    const part = matching(regex.item, spelling);
    return regex.most === 0 ? empty : repeated(part, regex.least, regex.most);
  }
  const parts = regex.items.map((item) => matching(item, spelling));
  return regex.kind === "sequence" ? sequenceOf(parts) : choice(parts);
}

/** Whether texts that match each of some expressions have `least` to `most` characters anyway. */
export function isWithin(regexes: readonly Regex[], least: number, most: number): boolean {
  const lengths = regexes.map(lengthsOf);
  return lengths.some(([low]) => low >= least) && lengths.some(([, high]) => high <= most);
}

/** Number of ranges of characters in expressions. */
export const rangesOf = (items: readonly Regex[]): number =>
  items.reduce((sum, regex) => {
    if (regex.kind === "set") return sum + regex.set.length;
    return sum + rangesOf(regex.kind === "repeat" ? [regex.item] : regex.items);
  }, 0);

/** Least and most characters of texts that match. */
function lengthsOf(regex: Regex): readonly [least: number, most: number] {
  if (regex.kind === "set") return [1, 1];
  if (regex.kind === "repeat") {
    const [least, most] = lengthsOf(regex.item);
    return [least * regex.least, most === 0 || regex.most === 0 ? 0 : most * regex.most];
  }
  const all = regex.items.map(lengthsOf);
  if (regex.kind === "choice")
    return [Math.min(...all.map(([least]) => least)), Math.max(...all.map(([, most]) => most))];
  return all.reduce(([a, b], [least, most]) => [a + least, b + most], [0, 0] as const);
}

/** Most characters of an expression. */
const LONGEST = 100_000;

/** Reads an expression, whose properties of characters are prepared. Throws `ConfigError` for one that is none, or not supported. */
export function parsedRegex(what: string, where: string, source: string, dotAll = false): readonly Alternative[] {
  const fail = (problem: string, place: number) =>
    new ConfigError(`${what}: ${where}: ${problem}, at place ${place} of ${excerpt(source)}`, {
      op: what,
      option: where,
      value: source,
      place,
    });
  if (source.length > LONGEST) throw fail(`more than ${LONGEST} characters`, LONGEST);
  return RegexParser.parse(source, dotAll, fail);
}

/** The texts that match an expression as a whole. */
export const regexPart = (what: string, where: string, source: string, dotAll = false): Part =>
  matching(wholly(parsedRegex(what, where, source, dotAll)), character);
