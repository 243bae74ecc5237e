import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readExamples } from "../../../ts/index.js";
import { type Fixture, lowrank, makeFixture } from "../fixture.js";

let fixture: Fixture;
let run: string;
beforeAll(async () => {
  fixture = await makeFixture();
  run = fixture.path("run");
  const trained = ["finetune", "--model", fixture.model, "--data", fixture.data, "--head-only", "--out", run];
  expect((await lowrank(trained)).code).toBe(0);
});
afterAll(() => fixture.remove());

const predict = (...args: string[]) => lowrank(["predict", "--run", run, ...args]);
const lines = (text: string) => text.trimEnd().split("\n");
/** Ends of a table's lines: what was said. */
const SAID = /[,\t](bad|good)[,\t][01]\.\d{4}$/;

describe("predict --out", () => {
  it("keeps the columns and rows of a CSV, whatever stands in them", async () => {
    const file = fixture.path("mails.csv");
    await writeFile(
      file,
      'id;text;who;probability\n1;"good; very\n""good""";a, b;x\n2;;;\n3;a dull story;"=1+1";\n3;a dull story;c;d\n',
    );
    const out = fixture.path("labelled.csv");
    const { code, err, out: printed } = await predict("--file", file, "--out", out);
    expect([code, printed]).toEqual([0, ""]);
    expect(err).toMatch(/the text is empty in line 4; it still gets a prediction\n/);
    expect(err).toContain(`4 predictions written to ${out}\n`);
    const text = await readFile(out, "utf8");
    expect(lines(text)[0]).toBe("id,text,who,probability,predicted,lowrank_probability");
    const { examples } = await readExamples(text, { text: "id", label: "predicted", group: "text" });
    expect(examples.map(({ text: id }) => id)).toEqual(["1", "2", "3", "3"]);
    expect(examples.map(({ group }) => group)).toEqual([
      'good; very\n"good"',
      undefined,
      "a dull story",
      "a dull story",
    ]);
    const said = lines((await predict("--file", file, "--json")).out).map((line) => JSON.parse(line));
    expect(examples.map(({ label }) => label)).toEqual(said.map(({ label }) => label));
    expect(said.map(({ empty }) => empty)).toEqual([undefined, true, undefined, undefined]);
    expect(text).toContain(`3,a dull story,=1+1,,${said[2].label},${said[2].probability.toFixed(4)}\n`);
    expect(lines((await predict("--file", file)).out)[1]).toMatch(/^(bad|good) +[01]\.\d\d {2}\(empty\)$/);
  });

  it("numbers columns without names, and texts that are in no table", async () => {
    const [file, out] = [fixture.path("headless.tsv"), fixture.path("headless-out.tsv")];
    await writeFile(file, "7\ta good film\n8\ta dull one\n");
    expect((await predict("--file", file, "--text", "1", "--out", out)).code).toBe(0);
    const table = lines(await readFile(out, "utf8"));
    expect(table[0]).toBe("0\t1\tpredicted\tprobability");
    expect(table[2]).toMatch(/^8\ta dull one\t/);
    for (const line of table.slice(1)) expect(line).toMatch(SAID);
    const listed = fixture.path("listed.jsonl");
    await writeFile(listed, '{"text":"a good film","x":[1]}\n{"text":"a dull one"}\n');
    const written = fixture.path("listed.csv");
    expect((await predict("--file", listed, "--out", written)).code).toBe(0);
    const rows = lines(await readFile(written, "utf8"));
    expect(rows[0]).toBe("row,text,predicted,probability");
    expect(rows[2]).toMatch(/^2,a dull one,/);
    expect((await predict("a good film", "", "--out", written)).err).toMatch(
      /^the arguments: text 2 is blank and counts as an empty text: the output has a row for each text\n2 predictions written to/,
    );
    expect(lines(await readFile(written, "utf8"))[2]).toMatch(/^2,,/);
  });

  it("is a table's name, not that of the file that is read, and not --json", async () => {
    const refused = async (...args: string[]) => (await predict("--file", fixture.data, ...args)).err;
    expect(await refused("--out", fixture.path("x.xlsx"))).toMatch(/a name that ends in \.csv or \.tsv is expected/);
    expect(await refused("--out", fixture.data)).toMatch(/is also the input file: name another file/);
    expect(await refused("--out", fixture.path("x.csv"), "--json")).toMatch(/'--json'|--json/);
    expect(await refused("--out", fixture.folder)).toMatch(/a name that ends in/);
  });
});

it("predict gives whole texts where it is no terminal that shows them", async () => {
  const long = `a good ${"very ".repeat(60)}long film`;
  expect((await predict(long)).out).toContain(long);
  expect((await lowrank(["predict", "--run", run, long], { isTTY: true })).out).toContain("…");
});

it("predict says which run answered where none was named, and what newer folder could not", async () => {
  const before = process.cwd();
  process.chdir(fixture.folder);
  try {
    const trained = ["finetune", "--model", fixture.model, "--data", fixture.data, "--head-only", "--out", "runs/one"];
    expect((await lowrank(trained)).code).toBe(0);
    const said = "using runs/one, the newest finished run under runs/ (choose another with --run FOLDER)";
    expect((await lowrank(["predict", "good"])).err).toBe(`${said}\n`);
    expect((await lowrank([...trained.slice(0, -1), "runs/folds", "--folds", "2"])).code).toBe(0);
    expect((await lowrank(["predict", "good"])).err).toBe(`${said}; runs/folds is newer, but has no finished run\n`);
    expect((await lowrank(["predict", "--run", "runs/one", "good"])).err).toBe("");
  } finally {
    process.chdir(before);
  }
});
