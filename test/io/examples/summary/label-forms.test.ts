import { describe, expect, it } from "vitest";
import { readExamples, summariseExamples } from "../../../../ts/index.js";
import { projectFile } from "../../../setup/files.js";

const findings = async (labels: readonly string[], column?: string) => {
  const examples = Array.from({ length: 30 * labels.length }, (_, i) => {
    const words = [i, i * 7, i * 31].map((n) => ["river", "stone", "window", "garden", "paper"][n % 5]).join(" ");
    return { text: `${words} number ${i}`, label: labels[i % labels.length]! };
  });
  const columns = column === undefined ? {} : { columns: { text: "text", label: column, pairedWith: null } };
  return (await summariseExamples(examples, columns)).findings;
};
const message = async (code: string, labels: readonly string[], column?: string) =>
  (await findings(labels, column)).find((finding) => finding.code === code)?.message ?? null;

describe("labels that are several in one", () => {
  it.each([
    [["billing", "bug", "billing|bug"], ["billing|bug"]],
    [
      ["a", "b", "c", "a; b", "a;b;c"],
      ["a; b", "a;b;c"],
    ],
    [
      ["27", "2", "3", "3,2", "2,3,27"],
      ["2,3,27", "3,2"],
    ],
    [
      ["joy,love", "love,joy", "fear"],
      ["joy,love", "love,joy"],
    ],
    [["['joy']", "['love']", "['joy', 'love']"], ["['joy', 'love']"]],
    [['["joy"]', '["love"]', '["joy", "love"]', "[]"], ['["joy", "love"]']],
    [["drama", "comedy", "drama/comedy", "war"], ["drama/comedy"]],
  ])("%j: the finding names the option for several labels", async (labels, joined) => {
    const found = await message("joined-labels", labels);
    for (const label of joined) expect(found).toContain(JSON.stringify(label));
    expect(found).toMatch(new RegExp(`^${joined.length} labels? (is|are) several in one`));
    expect(found).toContain(`${30 * joined.length} training texts`);
    expect(found).toMatch(/With --multi-label \(multiLabel\) a text has several labels$/);
  });

  it.each([
    [["Billing, payments", "Shipping, delivery", "Other"]],
    [["Sales", "Sales/Europe", "Sales/Asia", "Support/Europe", "Support/Asia"]],
    [["R&B", "Rock & Roll", "Rock", "AC/DC"]],
    [["1,5", "1", "5", "2,5", "2"]],
    [["C", "C++", "C/C++ headers"]],
    [["yes", "no"]],
    [["a|", "a", "|b", "b"]],
  ])("%j: they are not", async (labels) => {
    expect(await message("joined-labels", labels)).toBe(null);
  });
});

describe("labels that are numbers", () => {
  it.each([
    [["1", "2", "3", "4", "5"], undefined],
    [["-1", "0", "1"], undefined],
    [["0", "10", "50", "90"], undefined],
    [["0", "1", "2", "3"], "Stars"],
  ])("%j in column %s: it is said that a scale is lost", async (labels, column) => {
    expect(await message("score-labels", labels, column)).toMatch(
      new RegExp(`^the ${labels.length} labels are whole numbers .*the task "regress" predicts numbers`),
    );
  });

  it.each([
    [["0", "1"], "stars"],
    [["0", "1", "2", "3"], "label"],
    [["0", "1", "2", "3"], undefined],
    [["1", "2", "3", "4 or more"], undefined],
    [["1.1", "1.2", "2.0.1"], undefined],
    [["good", "bad", "5"], undefined],
  ])("%j in column %s: nothing is said of whole numbers", async (labels, column) => {
    expect((await message("score-labels", labels, column)) ?? "").not.toContain("whole numbers");
  });

  it("with decimal commas are a scale too", async () => {
    for (const labels of [
      ["1,5", "2,5", "3"],
      ["1", "2", "3", "3.5"],
    ])
      expect(await message("score-labels", labels)).toMatch(/^the \d labels are numbers with decimals/);
  });
});

it("says nothing of the example's labels, and that its ratings are a scale", async () => {
  const bytes = await projectFile("examples/movie/movie_train.tsv");
  const codes = async (label: number, name: (label: string) => string) => {
    const { examples, columns } = await readExamples(bytes, { file: "movie_train.tsv", text: 2, label });
    const named = examples.slice(0, 1000).map((example) => ({ ...example, label: name(example.label) }));
    const { findings } = await summariseExamples(named, { columns });
    return findings.map(({ code }) => code).filter((code) => /labels|pairs/.test(code));
  };
  expect(await codes(0, (label) => label)).toEqual([]);
  expect(await codes(1, (score) => String(Math.round(Number(score))))).toEqual(["score-labels"]);
});

it("a rare label that looks like a frequent one with a mistake is told with its texts and the frequent one; others are not", async () => {
  const examples = ["transfer", "refund"].flatMap((label) =>
    Array.from({ length: 30 }, (_, i) => ({ text: `${label} of number ${i * 17}`, label })),
  );
  const told = async (label: string) => {
    const more = [...examples, { text: "money to another account", label }];
    const { findings: all } = await summariseExamples(more, {});
    return all.filter(({ code }) => code === "similar-labels").map((finding) => finding.message);
  };
  expect(await told("transfr")).toEqual([
    'the label "transfr" (1 text) may be a misspelt "transfer" (30); if they mean the same, use one name',
  ]);
  expect(await told("tranfsers")).toHaveLength(1);
  expect(await told("trains")).toEqual([]);
});
