// @needs browser
// @rest studio
import { expect, it } from "vitest";
import { differenceOf, shareTexts } from "../../web/src/data/trained-rows.js";

const line = (text: string, label: string) => JSON.stringify({ text, label });
const bytes = (lines: readonly string[]) => new TextEncoder().encode(`${lines.join("\n")}\n`);
const lines = Array.from({ length: 40 }, (_, i) => line(`text ${i % 39}`, i % 2 ? "good" : "bad"));

it("changes are counted by rows: relabelled, edited, added, removed, and one of two equal ones", () => {
  const trained = bytes(lines);
  const difference = (now: readonly string[]) => differenceOf(trained, now);
  expect(difference(lines)).toEqual({ gone: 0, fresh: 0 });
  expect(difference([...lines].reverse())).toEqual({ gone: 0, fresh: 0 });
  expect(difference(lines.with(3, line("text 3", "bad")))).toEqual({ gone: 1, fresh: 1 });
  expect(difference(lines.with(4, line("another", "bad")))).toEqual({ gone: 1, fresh: 1 });
  expect(difference([...lines, line("more", "bad")])).toEqual({ gone: 0, fresh: 1 });
  expect(difference(lines.slice(1))).toEqual({ gone: 1, fresh: 0 });
  expect(difference([...lines, lines[0]!])).toEqual({ gone: 0, fresh: 1 });
});

it("runs are of one table if their texts are, whatever their labels; tables of one name may be others", () => {
  const renamed = lines.map((given) => given.replace(/"(good|bad)"/, '"x"'));
  expect(shareTexts(bytes(lines), bytes(renamed))).toBe(true);
  // A quick look has a part of the rows.
  expect(shareTexts(bytes(lines.slice(0, 10)), bytes(lines))).toBe(true);
  const others = lines.map((given, i) => given.replace("text ", i < 35 ? "other " : "text "));
  expect(shareTexts(bytes(lines), bytes(others))).toBe(false);
  const tokens = (word: string) => bytes(lines.map((_, i) => JSON.stringify({ tokens: [word, String(i)], tags: [] })));
  expect(shareTexts(tokens("one"), tokens("one"))).toBe(true);
  expect(shareTexts(tokens("one"), tokens("two"))).toBe(false);
});
