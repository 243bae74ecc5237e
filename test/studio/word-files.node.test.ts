// @needs browser
// @rest studio
import { describe, expect, it } from "vitest";
import { readTokens } from "../../ts/io/examples/tokens/read-tokens.js";
import { readTable } from "../../web/src/data/read-table.js";
import { markedColumns, markedRow } from "../../web/src/data/words/marked-columns.js";
import { markedExample, marksOf, remarked } from "../../web/src/data/words/marked-text.js";
import { markNames, marksIn, renamedMarks } from "../../web/src/data/words/marks.js";

const fileOf = (name: string, text: string) => new File([text], name);

/** The rows of a file as the Studio opens them; null if it sees no labelled words. */
async function opened(name: string, text: string) {
  const table = await readTable(fileOf(name, text));
  const columns = markedColumns(table);
  if (columns === null) return null;
  const rows = table.records.map((record) => markedRow(record[columns.text]!, record[columns.label]!));
  return { table, columns: [table.columns[columns.text], table.columns[columns.label]], rows };
}

/** Its examples as JSON Lines, which a run reads, beside those that the library reads from the file itself. */
async function bothWays(name: string, text: string) {
  const reading = { fields: {}, onWarning: (message: string) => expect.fail(message) };
  const { rows } = (await opened(name, text))!;
  const lines = rows.map((row) => `${JSON.stringify(markedExample(row))}\n`).join("");
  const bytes = (of: string) => new TextEncoder().encode(of);
  const examples = async (file: string, given: string) =>
    (await readTokens(bytes(given), { file, ...reading })).map(({ example }) => example);
  return [await examples("rows.jsonl", lines), await examples(name, text)] as const;
}

const conll = "Ada B-PER\nLovelace I-PER\nlived O\nin O\nLondon B-LOC\n. O\n\nRome B-LOC\nsleeps O\n";

describe("the Studio reads labelled words as the library does", () => {
  it.each([
    ["words.conll", conll],
    ["words.txt", conll],
    ["words.tsv", `-DOCSTART-\tO\n\n${conll.replaceAll(" ", "\t")}`],
    ["four.txt", "# id 7 x\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\n# id 8\nPeter NNP B-NP B-PER\n"],
    ["rows.csv", "sentence,tokens,tags\n1,Ada,B-PER\n,wrote,O\n2,Rome,B-LOC\n2,sleeps,O\n"],
    ["lists.jsonl", '{"tokens":["Ada","wrote",","],"tags":["B-PER","O",null]}\n{"tokens":["so"],"tags":["O"]}\n'],
    ["list.json", '[{"tokens":["a","b"],"tags":["NOUN","VERB"]},{"tokens":["c"],"tags":["NOUN"]}]'],
    ["spans.jsonl", '{"text":"Ada wrote.","spans":[{"start":0,"end":3,"label":"PER"}]}\n{"text":"So?","spans":[]}\n'],
    ["triples.jsonl", '{"text":"In Rome","spans":[[3,7,"LOC"]]}\n{"text":"Ada","spans":[[0,3,"PER"]]}\n'],
  ])("%s", async (name, text) => {
    const [own, library] = await bothWays(name, text);
    expect(own).toEqual(library);
  });

  it("says how it was read, and counts words without a tag", async () => {
    const { table, columns, rows } = (await opened("names.bio", `${conll}and\n`))!;
    expect(table.how).toMatchObject({ format: "conll", encoding: "utf-8", uneven: 1 });
    expect([columns, rows.length]).toEqual([["1", "2"], 2]);
    expect(rows[1]).toEqual({ text: "Rome sleeps and", label: '["B-LOC","O",null]' });
    const turned = '{"ner":["B-PER","O"],"pos":["NNP","VBZ"],"words":["Ada","wrote"]}';
    const more = '{"ner":["O","B-LOC"],"pos":["VBZ","NNP"],"words":["near","Rome"]}';
    expect((await opened("turned.jsonl", `${turned}\n${more}\n`))!.columns).toEqual(["words", "ner"]);
    const pos = await opened("four.conll", "EU NNP B-NP B-ORG\n. . O O\n");
    expect([pos!.table.columns, pos!.columns]).toEqual([["1", "2", "3", "4"], ["1", "4"]]); // prettier-ignore
  });

  it("white space in a word does not separate words", async () => {
    const { rows } = (await opened("a.jsonl", '{"tokens":["New York","is"],"tags":["B-LOC","O"]}\n'))!;
    expect(rows[0]!.text).toBe("New\u00a0York is");
    expect(marksOf(rows[0]!.text, rows[0]!.label)).toMatchObject([{ start: 0, end: 8, label: "LOC" }]);
  });
});

describe("other tables are what they were", () => {
  it.each([
    ["reviews.csv", "text,label\na warm film,good\na cold film,bad\n"],
    ["classes.tsv", "a warm film\tB-1\na cold film\tO\n"],
    ["joined.jsonl", '{"text":"a film","label":["a","b"]}\n{"text":"a story","label":["a"]}\n'],
    ["empty.jsonl", '{"text":"a film","label":[]}\n{"text":"a story","label":[]}\n'],
    ["ids.jsonl", '{"tokens":["a","b"],"tags":[0,1]}\n{"tokens":["c"],"tags":[2]}\n'],
    ["words.csv", "word,tag\nAda,B-PER\nwrote,O\n"],
    ["counts.csv", "sentence,label,words\na warm film,good,3\na very cold film,bad,4\na warm film,good,3\n"],
  ])("%s", async (name, text) => {
    expect(await opened(name, text)).toBeNull();
  });

  it("sentences with a number of words stay, with their columns", async () => {
    const text = (columns: string, ...more: string[]) => [columns, "a warm film,3", "a very cold film,4", ...more].join("\n"); // prettier-ignore
    const { columns, records } = await readTable(fileOf("counts.csv", text("sentence,words", ",5", "a,1")));
    expect(columns).toEqual(["sentence", "words"]);
    expect(records).toEqual([["a warm film", "3"], ["a very cold film", "4"], ["", "5"], ["a", "1"]]); // prettier-ignore
  });
});

describe("marks of a row", () => {
  const text = "Ada Lovelace met Grace in New York";
  const label = JSON.stringify(["B-PER", "I-PER", "O", "B-PER", "O", "B-LOC", "I-LOC"]);
  const shown = (of: string) => marksOf(text, of).map(({ start, end, label }) => `${label} ${text.slice(start, end)}`);

  it("are stretches of words with their labels", () => {
    expect(shown(label)).toEqual(["PER Ada Lovelace", "PER Grace", "LOC New York"]);
    expect(markNames(label)).toEqual(["PER", "LOC"]);
    const ends = JSON.stringify(["B-PER", "E-PER", "S-X", "S-X", "O", "LOC", "LOC"]);
    expect(shown(ends)).toEqual(["PER Ada Lovelace", "X met", "X Grace", "LOC New York"]);
  });

  it("get another label or none, and labels another name", () => {
    expect(JSON.parse(remarked(text, label, 0, "LOC"))).toEqual(["B-LOC", "I-LOC", "O", "B-PER", "O", "B-LOC", "I-LOC"]); // prettier-ignore
    expect(shown(remarked(text, label, 2, null))).toEqual(["PER Ada Lovelace", "PER Grace"]);
    expect(markNames(renamedMarks(label, (name) => (name === "PER" ? "NAME" : name)))).toEqual(["NAME", "LOC"]);
    const spans = JSON.stringify([{ start: 26, end: 34, label: "LOC" }, { start: 0, end: 12, label: "PER" }]); // prettier-ignore
    expect(shown(spans)).toEqual(["PER Ada Lovelace", "LOC New York"]);
    expect(shown(remarked(text, spans, 0, "X"))).toEqual(["X Ada Lovelace", "LOC New York"]);
    expect(shown(remarked(text, spans, 1, null))).toEqual(["PER Ada Lovelace"]);
    expect(markNames(renamedMarks(spans, () => "Y"))).toEqual(["Y"]);
  });

  it("that do not fit the text are none", () => {
    const row = (spans: unknown) => markedRow("Ada wrote", JSON.stringify(spans)).label;
    expect(row([[0, 3, "PER"]])).not.toBe("");
    expect([[[0, 30, "PER"]], [[3, 4, "PER"]], [[0, 5, "A"], [4, 9, "B"]], [[-1, 3, "PER"]], [[0, 3]], [{ start: "0" }], ["O"]].map(row)).toEqual(Array(7).fill("")); // prettier-ignore
    expect(markedRow('["Ada","wrote"]', '["O"]').label).toBe("");
    expect(["", "a label", "[1]", "[null]", '["O", 1]', "{}"].map(marksIn)).toEqual(Array(6).fill(null));
  });
});
