import fc from "fast-check";
import { expect, it } from "vitest";
import { graphemes } from "../../ts/tokenize/precompiled.js";

const whole = (text: string) =>
  Array.from(new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text), ({ segment }) => segment);

const found = (text: string) => [...graphemes(text)].filter((segment) => segment !== null);

/** Characters that clusters are made of, so that many go on: marks, joiners, flags, jamo, prepended signs, halves of pairs. */
const parts = fc.constantFrom(
  "a",
  " ",
  "\r",
  "\n",
  "e\u0301",
  "\u0300",
  "\u200d",
  "\ufe0f",
  "\u{1f469}",
  "\u{1f3fd}",
  "\u{1f1e9}",
  "\u{1f1ea}",
  "\u{e0100}",
  "\u1100",
  "\u1161",
  "\u11a8",
  "\uac00",
  "\u0600",
  "\u0915",
  "\u094d",
  "\u0937",
  "\u0e33",
  "\u{110bd}",
  "\ud800",
  "\udc00",
  "漢",
);

it("clusters found piece by piece are those of the whole text", () => {
  const text = fc.array(fc.tuple(parts, fc.integer({ min: 1, max: 60 })), { maxLength: 60 });
  fc.assert(
    fc.property(text, (runs) => {
      const made = runs.map(([part, times]) => part.repeat(times)).join("");
      expect(found(made)).toEqual(whole(made));
    }),
    { numRuns: 400 },
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 1200 }), fc.integer({ min: 0, max: 600 }), (some, before) => {
      const made = "x".repeat(before) + some.join("");
      expect(found(made)).toEqual(whole(made));
    }),
    { numRuns: 400 },
  );
  for (const part of ["\u{1f469}\u200d", "\u1100", "e\u0301".repeat(3), "\u0300", "\u{1f1e9}", "\u{e0100}"])
    for (const times of [127, 128, 255, 256, 257, 1000]) {
      const made = `a${part.repeat(times)}b`;
      expect(found(made)).toEqual(whole(made));
    }
  // Half a pair where a piece ends, and a pair after it that continues its cluster.
  const halved = `${"x".repeat(255)}\ud800\u{e0100}`;
  expect(found(halved)).toEqual(whole(halved));
  expect(found("")).toEqual([]);
});

it("clusters of a long text are found in time proportional to its length", () => {
  for (const part of ["a film é ", "漢字", "\u{1f469}\u200d", "e\u0301\u0301\u0301"]) {
    const made = part.repeat(400_000 / part.length);
    const start = performance.now();
    let length = 0;
    for (const segment of found(made)) length += segment.length;
    expect(length).toBe(made.length);
    expect(performance.now() - start, part).toBeLessThan(5000);
  }
});
