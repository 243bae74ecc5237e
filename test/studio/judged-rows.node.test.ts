// @needs browser
// @rest studio
import { expect, it } from "vitest";
import { correctedRecords } from "../../web/src/data/corrected-records.js";
import { judgedRows, textsOf } from "../../web/src/data/judged-rows.js";
import { fitIn, judgedTable, withColumn } from "../../web/src/data/judged-table.js";
import { splitJudged } from "../../web/src/engine/rank/split.js";

const tableOf = (columns: readonly string[], ...records: readonly (readonly string[])[]) =>
  judgedTable({ name: "a.csv", columns, records });

it("a field says how well a text fits as a number, or as yes and no", () => {
  expect(["1", "0,5", " Yes ", "nein", "TRUE", "-3"].map(fitIn)).toEqual([1, 0.5, 1, 0, 1, -3]);
  expect(["", "maybe", "1 or 2"].map(fitIn)).toEqual([null, null, null]);
});

it("the three columns are recognised by their names, or by what they hold", () => {
  const placesOf = ({ question, text, value }: ReturnType<typeof judgedTable>) => [question, text, value];
  const row = ["7", "How long?", "Eight minutes in boiling water.", "1"];
  expect(placesOf(tableOf(["id", "question", "passage", "label"], row))).toEqual([1, 2, 3]);
  expect(placesOf(tableOf(["id", "a", "b", "relevance"], row))).toEqual([1, 2, 3]);
  expect(placesOf(tableOf(["nr", "a", "b", "c"], row))).toEqual([1, 2, 3]);
  expect(placesOf(tableOf(["Antwort", "Frage", "passt"], ["In Kürze.", "Wann ist das?", "ja"]))).toEqual([1, 0, 2]);
  expect(placesOf(tableOf(["question", "answer"], ["How?", "So."]))).toEqual([0, 1, null]);
  // A column is one thing only, even if all look like labels.
  expect(placesOf(tableOf(["a", "b", "c"], ["1", "2", "3"]))).toEqual([1, 0, 2]);
  expect(placesOf(tableOf(["a", "b"], ["1", "2"]))).toEqual([1, 0, null]);
});

it("a column that is chosen for another purpose is exchanged", () => {
  const table = tableOf(["question", "text", "label"], ["How?", "So.", "1"]);
  expect(withColumn(table, "question", 1)).toMatchObject({ question: 1, text: 0, value: 2 });
  expect(withColumn(table, "value", null)).toMatchObject({ question: 0, text: 1, value: null });
  expect(withColumn(table, "text", 2)).toMatchObject({ question: 0, text: 2, value: 1 });
  const without = withColumn(table, "value", null);
  expect(withColumn(without, "value", 0)).toMatchObject({ question: 2, text: 1, value: 0 });
  // There is no third column.
  const two = tableOf(["question", "answer"], ["How?", "So."]);
  expect(withColumn(two, "value", 0)).toBe(two);
});

it("rows are read once each, and numbers are between 0 and 1", () => {
  const columns = ["question", "text", "score"];
  const { rows, ordered, middle, incomplete, repeated } = judgedRows(
    tableOf(columns, ["How?", "So.", "4"], ["how? ", "Not so.", "1"], ["How?", "So.", "2"], ["Why?", "", "3"], ["Why?", "So.", "?"], ["Why?", "Because.", "3"]), // prettier-ignore
  );
  expect(rows).toEqual([
    { question: "How?", text: "So.", label: 1 },
    { question: "How?", text: "Not so.", label: 0 },
    { question: "Why?", text: "Because.", label: 2 / 3 },
  ]);
  expect([ordered, middle, incomplete, repeated]).toEqual([["How?"], 0.5, 2, 1]);
  // Shares stay as they are; equal ones have no order.
  const shares = judgedRows(tableOf(columns, ["How?", "So.", "0.2"], ["How?", "Not so.", "0.2"]));
  expect([shares.rows.map(({ label }) => label), shares.ordered]).toEqual([[0.2, 0.2], []]);
  expect(judgedRows(tableOf(columns, ["How?", "So.", "7"])).rows[0]!.label).toBe(0);
  expect(judgedRows(tableOf(["question", "answer"], ["How?", "So."]))).toMatchObject({ rows: [], incomplete: 1 });
  expect(textsOf({ rows, ordered, middle, incomplete, repeated }, "How?", 1)).toEqual([rows[0]]);
});

it("a fifth of the questions with an order is tested with; the rest is trained on", () => {
  const records = Array.from({ length: 50 }, (_, i) => [
    [`Q ${i}`, "right", "1"],
    [`Q ${i}`, i % 2 === 0 ? "wrong" : "also right", i % 2 === 0 ? "0" : "1"],
  ]).flat();
  const judged = judgedRows(tableOf(["question", "text", "label"], ...records));
  expect(judged.ordered).toHaveLength(25);
  const { train, heldOut } = splitJudged(judged);
  expect([train.length, heldOut.length]).toEqual([90, 10]);
  const tested = new Set(heldOut.map(({ question }) => question));
  expect([...tested].every((question) => judged.ordered.includes(question))).toBe(true);
  expect(train.filter(({ question }) => tested.has(question))).toEqual([]);
});

it("a table is offered as the user corrected it", () => {
  const table = tableOf(["question", "text", "label"], ["How?", "So.", "yes"], ["How?", "Not.", "no"], ["Why?", "So.", "1"]); // prettier-ignore
  const rows = [
    { id: 0, text: "So it is.", label: "no" },
    { id: 2, text: "So.", label: "0" },
    { id: 3, text: "A text that was added.", label: "" },
  ];
  const project = { table, text: 1, label: 2, rows };
  const corrected = [["How?", "So it is.", "no"], ["Why?", "So.", "0"]]; // prettier-ignore
  expect(correctedRecords(project, { task: "classify" })).toEqual(corrected);
  expect(correctedRecords(project, { task: "regress" })).toEqual(corrected);
  const several = { task: "multi-label", separator: ";", columns: null } as const;
  expect(correctedRecords(project, several)).toEqual([["How?", "So it is.", "yes"], ["Why?", "So.", "1"]]); // prettier-ignore
});
