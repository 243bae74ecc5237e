import { expect, it } from "vitest";
import { LabelIndex, takeTokenExamples } from "../../../ts/tasks/tokens/token-examples.js";
import { spansOf } from "../../../ts/tasks/tokens/token-spans.js";
import { TagScheme } from "../../../ts/train/metrics/entities.js";

/** Spans of tokens "a", "b", … that have these labels. */
function spans(labels: readonly string[], tokens: readonly string[]): string[] {
  const text = "abcdefgh".slice(0, tokens.length);
  const logits = Float32Array.from(tokens.flatMap((token) => labels.map((label) => (label === token ? 9 : 0))));
  const offsets = Int32Array.from(tokens.flatMap((_, i) => [i, i + 1]));
  const scores = { ids: new Int32Array(tokens.length), first: 0, offsets, logits };
  return spansOf({ text, words: null }, labels, scores, "simple", 0).map((span) => `${span.label} ${span.text}`);
}

it.each([
  ["E", "S"],
  ["L", "U"],
])("an entity ends with %s- and %s- where labels have those", (last, alone) => {
  const labels = ["O", "B-X", "I-X", `${last}-X`, `${alone}-X`, `${alone}-Y`];
  const tokens = ["B-X", "I-X", `${last}-X`, "I-X", `${alone}-X`, `${alone}-Y`, "O", "B-X"];
  expect(spans(labels, tokens)).toEqual(["X abc", "X d", "X e", "Y f", "X h"]);
  const entities = [
    { start: 0, end: 8, label: "X" },
    { start: 9, end: 12, label: "X" },
    { start: 13, end: 16, label: "Y" },
  ];
  const index = new LabelIndex([...labels, "B-Y", "I-Y"]);
  const [example] = takeTokenExamples("test", [{ text: "one, two six ten", entities }], index);
  expect(example!.words.map(({ target }) => labels[target])).toEqual([
    "B-X",
    "I-X",
    `${last}-X`,
    `${alone}-X`,
    `${alone}-Y`,
  ]);
});

it("names that look like a place stay names", () => {
  const labels = ["O", "E-MAIL", "S-BAHN", "B-X", "I-X"];
  expect(spans(labels, ["E-MAIL", "E-MAIL", "S-BAHN", "S-BAHN", "O"])).toEqual(["E-MAIL ab", "S-BAHN cd"]);
  expect(new TagScheme(labels).marksEnds).toBe(false);
});
