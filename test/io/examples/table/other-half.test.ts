import { describe, expect, it } from "vitest";
import { readExamples, summariseExamples } from "../../../../ts/index.js";

const rows = Array.from({ length: 40 }, (_, i) => [
  `how is river ${i}?`,
  `it is a wide river ${i}`,
  i % 2 ? "yes" : "no",
]);
const table = (first: string, second: string, values = rows) =>
  [[first, second, "label"], ...values].map((row) => row.join(";")).join("\n");
const half = async (text: string, file: string | Uint8Array, more: object = {}) =>
  (await readExamples(file, { text, ...more })).columns.pairedWith;

describe("a column of texts that is half of a pair", () => {
  it.each([
    ["question1", "question2"],
    ["Sentence_A", "Sentence_B"],
    ["a", "b"],
    ["text 1", "text 2"],
    ["premise", "hypothesis"],
    ["question", "answer"],
    ["left", "right"],
    ["text", "text_pair"],
  ])("is known by the names %s and %s, whichever is asked for", async (first, second) => {
    const file = table(first, second);
    expect(await half(first, file)).toBe(second);
    expect(await half(second, file)).toBe(first);
  });

  it("is none beside other texts, nor beside what is no text", async () => {
    for (const [first, second] of [
      ["subject", "body"],
      ["title", "text"],
      ["question1", "answer2"],
      ["body", "note"],
      ["a", "comment"],
    ] as const)
      expect(await half(first, table(first, second)), `${first}, ${second}`).toBe(null);
    const words = rows.map(([first, , label], i) => [first!, ["red", "12", ""][i % 3]!, label!]);
    expect(await half("text1", table("text1", "text2", words))).toBe(null);
    expect(await half("0", table("a", "b"), { label: 2 })).toBe(null);
  });

  it("is known in JSON, by rows and by columns, and in JSON Lines", async () => {
    const objects = rows.map(([premise, hypothesis, label]) => ({ premise, hypothesis, label }));
    const columns = {
      premise: rows.map(([x]) => x),
      hypothesis: rows.map(([, x]) => x),
      label: rows.map((row) => row[2]),
    };
    const lines = objects.map((row) => JSON.stringify(row)).join("\n");
    expect(await half("premise", JSON.stringify(objects), { format: "json" })).toBe("hypothesis");
    expect(await half("premise", JSON.stringify({ data: objects }), { format: "json" })).toBe("hypothesis");
    expect(await half("premise", JSON.stringify(columns), { format: "json" })).toBe("hypothesis");
    expect(await half("premise", lines, { format: "jsonl" })).toBe("hypothesis");
  });

  it("is a finding that names the tasks for pairs", async () => {
    const { examples, columns } = await readExamples(table("question1", "question2"), { text: "question1" });
    const found = async (options: object) =>
      (await summariseExamples(examples, options)).findings.filter(({ code }) => code === "half-pairs");
    const [finding] = await found({ columns });
    expect(finding).toMatchObject({ severity: "warn" });
    expect(finding!.message).toMatch(
      /^training uses only column "question1", .* column "question2" .*\. The tasks pairs and rank/,
    );
    expect(await found({})).toEqual([]);
    expect(await found({ columns: { ...columns, pairedWith: null } })).toEqual([]);
    for (const wrong of [null, {}, { ...columns, pairedWith: 3 }, { ...columns, text: {} }])
      await expect(found({ columns: wrong })).rejects.toThrow(/columns is the columns of readExamples/);
  });
});
