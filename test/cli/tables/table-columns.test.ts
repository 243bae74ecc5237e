import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fixture, lowrank, makeFixture, shortRun } from "../fixture.js";

let fixture: Fixture;
let run: string;
const texts = ["the film was good", "a very dull story, really"];

beforeAll(async () => {
  fixture = await makeFixture();
  run = fixture.path("run");
  const rows = (head: string, delimiter: string) =>
    `${head.replaceAll(",", delimiter)}\n${texts.map((text, i) => `${i}${delimiter}"${text}"\n`).join("")}`;
  for (const [name, content] of Object.entries({
    "same.csv": rows("id,text", ","),
    "bom.csv": `\ufeff${rows("id,text", ",")}`,
    "same.tsv": rows("id,text", "\t"),
    "same.jsonl": texts.map((text, id) => `${JSON.stringify({ id, text })}\n`).join(""),
    "other.csv": rows("id,body", ","),
    "other.jsonl": texts.map((body, id) => `${JSON.stringify({ id, body })}\n`).join(""),
    "headless.csv": texts.map((text, i) => `${i},"${text}"\n`).join(""),
    "wide.csv": `${Array.from({ length: 15 }, (_, i) => `c${i}`).join(",")}\n`,
    "broken.jsonl": "{\n",
    "lines.txt": `text\n${texts.join("\n")}\n`,
  }))
    await writeFile(fixture.path(name), content);
  expect((await lowrank([...shortRun(fixture, run, 3), "--no-baseline"])).code).toBe(0);
  const numbered = [...shortRun(fixture, fixture.path("numbered"), 3), "--no-baseline"];
  expect((await lowrank([...numbered, "--text", "0", "--label", "label"])).code).toBe(0);
});
afterAll(() => fixture.remove());

const outputs = (out: string) =>
  out
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { text: string }).text);

describe("a table without --text", () => {
  it.each(["same.csv", "bom.csv", "same.tsv", "same.jsonl"])("%s is read by the run's own column", async (file) => {
    const predicted = await lowrank(["predict", "--run", run, "--file", fixture.path(file), "--json"]);
    expect(predicted).toMatchObject({ code: 0, err: "" });
    expect(outputs(predicted.out)).toEqual(texts);
    const embedded = await lowrank(["embed", "--adapter", run, "--file", fixture.path(file)]);
    expect(embedded).toMatchObject({ code: 0, err: "" });
    expect(outputs(embedded.out)).toEqual(texts);
  });

  it.each<[file: string, says: RegExp]>([
    [
      "other.csv",
      /^error: \S*other\.csv is a table: name the column of texts with --text COLUMN: it has "id", "body"; the run's column "text" \(\S*run\) is not among them\n$/,
    ],
    ["other.jsonl", /it has "id", "body"; the run's column "text" \(\S*run\) is not among them\n$/],
    ["headless.csv", /it has "0", "the film was good"; the run's column/],
    ["wide.csv", /"c10", "c11" and 3 more; the run's column/],
    ["broken.jsonl", /name the column of texts with --text COLUMN/],
  ])("%s asks which column is meant, and labels nothing", async (file, says) => {
    for (const command of [
      ["predict", "--run", run],
      ["embed", "--adapter", run],
    ]) {
      const { code, out, err } = await lowrank([...command, "--file", fixture.path(file)]);
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toMatch(says);
    }
  });

  it("asks where there is no run that could say it", async () => {
    const { code, err } = await lowrank(["embed", "--model", fixture.model, "--file", fixture.path("same.csv")]);
    expect(code).toBe(1);
    expect(err).toMatch(/name the column of texts with --text COLUMN: it has "id", "text"\n$/);
  });

  it("is read by a number where the run was", async () => {
    const args = ["predict", "--run", fixture.path("numbered"), "--json", "--file", fixture.path("headless.csv")];
    expect(outputs((await lowrank(args)).out)).toEqual(["0", "1"]);
  });

  it("is no plain text file: that is a text a line", async () => {
    const { out } = await lowrank(["predict", "--run", run, "--json", "--file", fixture.path("lines.txt")]);
    expect(outputs(out)).toEqual(["text", ...texts]);
  });
});

describe("empty texts of a table", () => {
  it.each(["predict", "embed"])("have a row each in what %s gives, and are told of", async (command) => {
    const rows = [texts[0]!, "", texts[1]!, "  "];
    await writeFile(fixture.path("gaps.csv"), `id,text\n${rows.map((text, i) => `${i},"${text}"\n`).join("")}`);
    const run_ = command === "predict" ? ["--run", run, "--json"] : ["--adapter", run];
    const given = ["--file", fixture.path("gaps.csv"), "--text", "text"];
    const { code, out, err } = await lowrank([command, ...run_, ...given]);
    expect(code).toBe(0);
    expect(outputs(out)).toEqual(rows);
    expect(err).toMatch(/gaps\.csv: the texts are empty in lines 3, 5; each still gets a prediction\n$/);
  });
});

describe("a table of one column", () => {
  it.each<[string, string, string[], string]>([
    ["fields in quotes that are empty", 'text\n""\n"  "\nfoo\n""\n', ["", "  ", "foo", ""], "lines 2, 3, 5"],
    ["blank lines", "text\r\nhello world\r\n\r\nfoo\r\n\r\n", ["hello world", "", "foo"], "line 3"],
  ])("has a row for each in what predict and embed give: %s", async (_, table, rows, lines) => {
    await writeFile(fixture.path("one.csv"), table);
    for (const command of [
      ["predict", "--run", run, "--json"],
      ["embed", "--adapter", run],
    ]) {
      const { code, out, err } = await lowrank([...command, "--file", fixture.path("one.csv")]);
      expect(code).toBe(0);
      expect(outputs(out)).toEqual(rows);
      expect(err).toMatch(
        new RegExp(`one\\.csv: the texts? (is|are) empty in ${lines}; (it|each) still gets a prediction`),
      );
    }
  });
});

describe("blank lines of a file without columns", () => {
  const lines = ["", texts[0]!, "  ", texts[1]!, ""];

  it.each(["predict", "embed"])("%s gives a row for each line, and says which are blank", async (command) => {
    await writeFile(fixture.path("gaps.txt"), `${lines.join("\r\n")}\r\n`);
    const run_ = command === "predict" ? ["--run", run, "--json"] : ["--adapter", run];
    const { code, out, err } = await lowrank([command, ...run_, "--file", fixture.path("gaps.txt")]);
    expect(code).toBe(0);
    // Nothing stands behind those at the end.
    expect(outputs(out)).toEqual(lines.slice(0, -1));
    expect(err).toMatch(
      /gaps\.txt: lines 1, 3 are blank and count as empty texts: the output has a row for each line\n$/,
    );
  });
});
