// @needs browser
// @rest studio
import { describe, expect, it } from "vitest";
import { readExamples } from "../../ts/index.js";
import { numbersIn, joinedLabels as ofLibrary } from "../../ts/io/examples/summary/label-forms.js";
import { findingsIn } from "../../web/src/data/findings.js";
import { areScores, joinedLabels, otherHalf } from "../../web/src/data/label-forms.js";

const rowsOf = (labels: readonly string[]) =>
  Array.from({ length: 20 * labels.length }, (_, id) => ({
    id,
    text: `text ${id}`,
    label: labels[id % labels.length]!,
  }));
const found = (labels: readonly string[], columns: readonly string[] = ["text", "label"]) => {
  const rows = rowsOf(labels);
  const records = rows.map(({ text, label }) =>
    columns.map((_, i) => (i === 0 ? text : i === 1 ? label : `what is ${text}`)),
  );
  return findingsIn(rows, { columns, records, text: 0, label: 1 });
};

describe("the Studio says which task would fit", () => {
  it("where labels are several in one, with their rows", () => {
    const [finding] = found(["billing", "bug", "billing|bug"]);
    expect(finding).toMatchObject({ kind: "joinedLabels", labels: ["billing|bug"], stops: false, removable: [] });
    expect(finding!.better).toBe("multi-label");
    expect(finding!.rows).toHaveLength(20);
    expect(found(["Sales/Europe", "Sales/Asia"])).toEqual([]);
  });

  it("where they are a scale", () => {
    expect(found(["1", "2", "3", "4", "5"]).map(({ kind }) => kind)).toEqual(["scores"]);
    expect(found(["0", "1", "2"], ["text", "stars"]).map(({ kind }) => kind)).toEqual(["scores"]);
    for (const labels of [["0", "1"], ["0", "1", "2"], ["a", "b", "3"]]) expect(found(labels)).toEqual([]); // prettier-ignore
  });

  it("where the texts are half of a pair", () => {
    const [finding] = found(["yes", "no"], ["question1", "label", "question2"]);
    expect(finding).toMatchObject({ kind: "halfPair", labels: ["question1", "question2"] });
    expect(found(["yes", "no"], ["subject", "label", "body"])).toEqual([]);
  });

  it("as the library says it", async () => {
    const lists = [
      ["a", "b", "a|b"],
      ["27", "2", "3", "3,2", "2,3,27"],
      ['["joy"]', '["love"]', '["joy", "love"]', "[]"],
      ["Billing, payments", "Shipping, delivery"],
      ["1,5", "1", "5", "2,5"],
      ["a|", "a", "|b", "b"],
      ["0", "1", "2"],
      ["-1", "0", "1"],
      ["1", "2"],
      ["x", "1", "2"],
    ];
    for (const labels of lists) {
      expect(joinedLabels(labels)?.fields ?? [], labels.join(" ")).toEqual(ofLibrary(labels));
      for (const column of ["label", "Stars"])
        expect(areScores(labels, column), labels.join(" ")).toBe(numbersIn(labels, column) !== null);
    }
    for (const names of [
      ["a", "b"],
      ["text 1", "text 2"],
      ["query", "passage"],
      ["title", "text"],
      ["text", "Text_Pair"],
    ]) {
      // prettier-ignore
      const file = [names.join(), ...Array.from({ length: 9 }, (_, i) => `one text ${i},another text ${i}`)].join("\n");
      const { columns } = await readExamples(file, { text: names[0]!, label: names[1]! });
      expect(names[otherHalf(names, 0)] ?? null).toBe(columns.pairedWith);
    }
  });
});
