import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../../ts/errors/errors.js";
import {
  type SentenceExample,
  takeSentenceExamples,
} from "../../../../ts/models/sentence/training/sentence-examples.js";

const take = (examples: unknown) => takeSentenceExamples("fit", examples as SentenceExample[]);

describe("examples to train a sentence encoder on", () => {
  it("reads every form", () => {
    expect(take([{ anchor: "a", positive: "b" }])).toEqual({ rows: [{ texts: ["a", "b"] }], columns: 2, has: null });
    expect(take([{ anchor: "a", positive: "b", negatives: ["c", "d"] }]).rows[0]!.texts).toEqual(["a", "b", "c", "d"]);
    expect(take([{ anchor: "a", positive: "b", negative: "c" }]).columns).toBe(3);
    expect(take([{ texts: ["a", "b"], score: 0.5 }])).toMatchObject({ rows: [{ score: 0.5 }], has: "score" });
    expect(take([{ texts: ["a", "b"], label: 1 }])).toMatchObject({ rows: [{ label: 1 }], has: "label" });
    const named = take([
      { text: "a", label: "x" },
      { text: "b", label: "y" },
      { text: "c", label: "x" },
    ]);
    expect(named.rows.map(({ label }) => label)).toEqual([0, 1, 0]);
    expect(take([{ text: "a", teacher: [1, 2] }])).toMatchObject({ columns: 1, has: "teacher" });
  });

  it.each([
    ["no list", "texts", "a list of examples"],
    ["nothing", [], "no examples"],
    ["another thing", [{ anchor: "a" }], "example 0"],
    ["an empty text", [{ anchor: "a", positive: " " }], "no text may be empty"],
    ["a score that is no number", [{ texts: ["a", "b"], score: NaN }], "finite"],
    ["a pair's label by name", [{ texts: ["a", "b"], label: "yes" }], "whole number"],
    [
      "two forms",
      [
        { anchor: "a", positive: "b" },
        { anchor: "a", positive: "b", negative: "c" },
      ],
      "example 1 has 3 texts, the first has 2",
    ],
    ["a score that is missing", [{ texts: ["a", "b"], score: 1 }, { texts: ["a", "b"] }], "example 1"],
  ])("refuses %s", (_, examples, message) => {
    expect(() => take(examples)).toThrow(ConfigError);
    expect(() => take(examples)).toThrow(message);
  });
});
