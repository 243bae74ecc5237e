import { anyCharacter, type Characters } from "../characters.js";
import type { Part } from "../part.js";
import { choice, empty, nothing, repeated, sequence } from "../parts.js";
import type { Alternative, Regex } from "./syntax.js";

/** How a character of a set is written. */
export type Spelling = (set: Characters) => Part;

/** Texts that match an expression as a whole. */
export const matching = (alternatives: readonly Alternative[], spelling: Spelling): Part =>
  choice(alternatives.map(({ item }) => partOf(item, spelling)));

/** Expressions of the whole text that do the same as a search. */
export function searching(alternatives: readonly Alternative[]): readonly Alternative[] {
  const around: Regex = { kind: "repeat", item: { kind: "set", set: anyCharacter }, least: 0, most: Infinity };
  return alternatives.map(({ item, atStart, atEnd }) => ({
    item: { kind: "sequence", items: [...(atStart ? [] : [around]), item, ...(atEnd ? [] : [around])] },
    ...{ atStart: true, atEnd: true },
  }));
}

function partOf(regex: Regex, spelling: Spelling): Part {
  if (regex.kind === "set") return regex.set.length === 0 ? nothing : spelling(regex.set);
  if (regex.kind === "repeat") {
    const part = partOf(regex.item, spelling);
    return regex.most === 0 ? empty : repeated(part, regex.least, regex.most);
  }
  const parts = regex.items.map((item) => partOf(item, spelling));
  return regex.kind === "sequence" ? sequence(...parts) : choice(parts);
}

/** Least and most characters of texts that match. */
export function lengthsOf(regex: Regex): readonly [least: number, most: number] {
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
