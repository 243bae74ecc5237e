// @needs browser
// @rest studio
import { describe, expect, it } from "vitest";
import { guessColumns } from "../../web/src/data/columns.js";
import { findingsIn } from "../../web/src/data/findings.js";
import { guessTarget, labelIn, targetFor } from "../../web/src/data/read-target.js";
import { countLabels } from "../../web/src/data/rows.js";
import { labelsOf, numberIn, withLabels } from "../../web/src/data/target.js";

/** What a table of such rows is read as. */
function opened(columns: readonly string[], row: (i: number) => readonly string[], count = 60) {
  const records = Array.from({ length: count }, (_, i) => row(i));
  const { text, label } = guessColumns({ columns, records });
  const target = guessTarget({ columns, records }, label);
  const rows = records.map((record, id) => ({
    id,
    text: record[text]!,
    label: labelIn(record, label, target, columns),
  }));
  return { text: columns[text], label: columns[label], target, rows, from: { columns, records, text, label } };
}
const said = (i: number) => `what was said in ticket ${i}, at some length`;

describe("the Studio sees what a table says about its texts", () => {
  it("columns of 0 and 1 are several labels", () => {
    const flags = (i: number) => [i % 2, i % 3 === 0 ? 1 : 0, i % 5 === 0 ? 1 : 0].map(String);
    const { text, target, rows } = opened(["id", "billing", "note", "bug", "wish"], (i) => {
      const [billing, bug, wish] = flags(i) as [string, string, string];
      return [`T-${i}`, billing, said(i), bug, wish];
    });
    expect(text).toBe("note");
    expect(target).toEqual({ task: "multi-label", columns: [1, 3, 4], separator: ";" });
    expect(rows[15]!.label).toBe("billing; bug; wish");
    expect(rows[2]!.label).toBe("");
    expect(countLabels(rows, target)).toEqual([["billing", 30], ["bug", 20], ["wish", 12]]); // prettier-ignore
    // A text without labels is one to learn from, and it is said.
    const [without] = findingsIn(rows, null, target);
    expect(without).toMatchObject({ kind: "withoutLabels", stops: false, removable: [] });
    expect(without!.rows).toContain(2);
  });

  it("a column that is called the label is the only one, whatever else is 0 or 1", () => {
    const { label, target } = opened(["text", "label", "read"], (i) => [said(i), String(i % 2), String((i >> 1) % 2)]);
    expect([label, target]).toEqual(["label", { task: "classify" }]);
  });

  it("labels with a separator, and lists, are several labels; equal sets are equal", () => {
    const cells = ["a|b", "b|a", "a", "b", "c | a"];
    const joined = opened(["text", "label"], (i) => [said(i), cells[i % 5]!]);
    expect(joined.target).toEqual({ task: "multi-label", columns: null, separator: "|" });
    expect(joined.rows.slice(0, 5).map(({ label }) => label)).toEqual(["a | b", "a | b", "a", "b", "a | c"]);
    const lists = ['["a, x", "b"]', '["b"]', "[]", "['c', 'b']"];
    const listed = opened(["text", "label"], (i) => [said(i), lists[i % 4]!]);
    expect(listed.target).toMatchObject({ task: "multi-label", columns: null });
    expect(listed.rows.slice(0, 4).map(({ label }) => labelsOf(label, listed.target))).toEqual([
      ["a, x", "b"],
      ["b"],
      [],
      ["b", "c"],
    ]);
  });

  it("a scale is a number, with decimal commas too; row numbers are not", () => {
    const stars = opened(["text", "stars"], (i) => [said(i), String(1 + (i % 5))]);
    expect([stars.label, stars.target]).toEqual(["stars", { task: "regress" }]);
    const decimals = opened(["id", "text", "value"], (i) => [String(i), said(i), `${i % 7},${i % 10}`]);
    expect([decimals.label, decimals.target]).toEqual(["value", { task: "regress" }]);
    expect(["3,5", " -2 ", "\u22121.5", "1e3", "", "n/a", "1.2.3"].map(numberIn)).toEqual([3.5, -2, -1.5, 1000, null, null, null]); // prettier-ignore
  });

  it("thousands may be grouped, as long as it is clear which sign does it", () => {
    const read = ["1.234,5", "1,234.5", "1.234.567", "-1 234,50", "1'000", "1\u202f000,25", "1.234", "1,234", "1.234.56", "12.34,5", "1,234,5"]; // prettier-ignore
    expect(read.map(numberIn)).toEqual([1234.5, 1234.5, 1234567, -1234.5, 1000, 1000.25, 1.234, 1.234, null, null, null]); // prettier-ignore
    const prices = opened(["text", "price"], (i) => [said(i), `${1 + (i % 5)}.${100 + i},50`]);
    expect([prices.label, prices.target]).toEqual(["price", { task: "regress" }]);
    expect(findingsIn(prices.rows, prices.from, prices.target)).toEqual([]);
  });

  it("words are one label", () => {
    const { label, target } = opened(["text", "owner", "priority"], (i) => [said(i), ["a", "b"][i % 2]!, String(i % 3)]); // prettier-ignore
    expect([label, target]).toEqual(["owner", { task: "classify" }]);
  });
});

describe("the Studio finds what is odd about", () => {
  it("numbers", () => {
    const { rows, from } = opened(["text", "score"], (i) => [said(i % 58), ["n/a", "", "900"][i] ?? String(1 + (i % 5))]); // prettier-ignore
    const found = findingsIn(rows, from, { task: "regress" });
    expect(found.map(({ kind, rows: ids }) => [kind, ids])).toEqual([
      ["emptyLabel", [1]],
      ["notNumbers", [0]],
      ["farNumbers", [2]],
    ]);
    const same = rows.map((row) => ({ ...row, label: "3" }));
    expect(findingsIn(same, from, { task: "regress" })[0]).toMatchObject({ kind: "oneNumber", stops: true });
  });

  it("texts: many rows of few different ones cannot be parted into rows to train on and to test", () => {
    const repeated = (different: number) =>
      findingsIn(Array.from({ length: 60 }, (_, i) => ({ id: i, text: said(i % different), label: String(i % 2) })));
    expect(repeated(19)[0]).toMatchObject({ kind: "fewRows", stops: true });
    expect(repeated(20).filter(({ stops }) => stops)).toEqual([]);
  });

  it("several labels", () => {
    const cells = ["a; b", "A; b", "a", "b"];
    const records = Array.from({ length: 60 }, (_, i) => [said(i), cells[i % 4]!]);
    const target = targetFor("multi-label", { columns: ["text", "label"], records }, 1);
    const rows = records.map((record, id) => ({ id, text: record[0]!, label: labelIn(record, 1, target, []) }));
    const found = findingsIn(rows, null, target);
    expect(found.map(({ kind, labels }) => [kind, labels])).toEqual([["similarLabels", ["a", "A"]]]);
    expect(withLabels(["b", "a", "b"], target)).toBe("a; b");
    const single = rows.map((row, i) => ({ ...row, label: i % 2 ? "a" : "b" }));
    expect(findingsIn(single, null, target)).toMatchObject([{ kind: "singleLabels", better: "classify" }]);
    // Many labels a text are no column of texts.
    const tags = rows.map((row, i) => ({ ...row, label: [0, 1, 2, 3].map((k) => `tag ${(7 * i + k) % 30}`).join("; ") })); // prettier-ignore
    expect(findingsIn(tags, null, target).map(({ kind }) => kind)).toEqual(["smallClass"]);
    const own = rows.map((row, i) => ({ ...row, label: `this is text ${i}` }));
    expect(findingsIn(own, null, target)[0]).toMatchObject({ kind: "manyLabels", stops: true });
    const one = rows.map((row) => ({ ...row, label: "a" }));
    expect(findingsIn(one, null, target)[0]).toMatchObject({ kind: "fewLabels", stops: true });
  });

  it("labels to merge are not removed with the rare ones, and contradict each other only after that", () => {
    const counts = { Delivery: 40, delivery: 5, Delivrey: 3, Billing: 30, billing: 4, Refund: 6 };
    const rows = Object.entries(counts).flatMap(([label, count]) =>
      Array.from({ length: count }, (_, i) => ({ id: 0, text: `${said(i)} about ${label.toLowerCase()}`, label })),
    );
    rows.forEach((row, id) => Object.assign(row, { id }));
    const found = findingsIn(rows);
    const labelsOfKind = (kind: string) => found.filter((one) => one.kind === kind).map(({ labels }) => labels);
    expect(labelsOfKind("similarLabels")).toEqual([["Delivery", "delivery"], ["Billing", "billing"]]); // prettier-ignore
    expect(labelsOfKind("misspelt")).toEqual([["Delivrey", "Delivery"]]);
    const [rare] = found.filter(({ kind }) => kind === "smallClass");
    expect(rare).toMatchObject({ labels: ["Refund"], rows: rare!.removable });
    expect(rare!.removable.map((id) => rows[id]!.label)).toEqual(Array.from({ length: 6 }, () => "Refund"));
    // The same text as "Billing" and "billing" is no contradiction.
    expect(labelsOfKind("contradictions")).toEqual([]);
    // Without the rare label, one label would be left once the others are merged.
    const two = rows.filter(({ label }) => /^billing$|Refund/i.test(label));
    expect(findingsIn(two).filter(({ kind }) => kind === "smallClass")).toMatchObject([
      { labels: ["Refund"], removable: [] },
    ]);
  });
});
