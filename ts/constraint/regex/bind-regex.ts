import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { Part } from "../part.js";
import { character } from "../parts.js";
import { RegexParser } from "./parse-regex.js";
import { matching, wholly } from "./regex-part.js";
import type { Alternative } from "./syntax.js";

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
