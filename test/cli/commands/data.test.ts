import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { examples, type Fixture, lowrank, makeFixture, shortRun } from "../fixture.js";

let fixture: Fixture;
beforeAll(async () => void (fixture = await makeFixture()));
afterAll(() => fixture.remove());

const csv = (rows: readonly { text: string; label: string }[]) =>
  `text,label\n${rows.map(({ text, label }) => `"${text}",${label}\n`).join("")}`;

describe("data", () => {
  it("prints counts with bars, lengths and what is odd", async () => {
    const file = fixture.path("odd.csv");
    await writeFile(file, csv([...examples, ...examples.slice(0, 3), { text: "unheard of", label: "Good" }]));
    const { code, out } = await lowrank(["data", file, "--model", fixture.model, "--max-tokens", "8"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^44 examples for training: 3 labels\n/);
    expect(out).toMatch(/^bad +21 +47\.7 % +█+/m);
    expect(out).toMatch(/^training +tokens +\d+ +\d+ +\d+ +\d+ +\d+ +9\d\.\d % truncated to 8, \d\.\d % unknown$/m);
    expect(out).toMatch(
      /^note +the labels "Good", "good" differ only in case or spaces; if they mean the same, use one name \(--label-names "Good=good"\) \(similar-labels\)$/m,
    );
    expect(out).toMatch(
      /^note +3 training texts repeat another and count more than others; remove them \(--drop-duplicates\) .*\n +training, line 2: good: The films was/m,
    );
    // eslint-disable-next-line no-control-regex -- what must not be there: colours
    expect(out).not.toMatch(/\u001b/);
  });

  it("counts texts of a language model with no encoder's tokenizer", async () => {
    const file = fixture.path("language.csv");
    await writeFile(file, `text\n${"a long text about rivers and stones ".repeat(100)}\nanother one\n`);
    const { code, out } = await lowrank(["data", file, "--task", "text"]);
    expect(code).toBe(0);
    // all-MiniLM-L6-v2, which the tests have, would cut the first one to 256 tokens.
    expect(out).not.toMatch(/truncated to 256/);
    const own = await lowrank(["data", file, "--task", "text", "--model", fixture.model, "--max-tokens", "8"]);
    expect(own.out).toMatch(/truncated to 8/);
  });

  it("a query with several answers is no duplicate, and texts without labels are no class with too few examples", async () => {
    const file = fixture.path("several.csv");
    const rows = ["a", "b"].flatMap((name) => [1, 2].map((i) => `question ${name},answer ${name}${i},${i - 1}`));
    await writeFile(file, `query,text,label\n${rows.join("\n")}\n`);
    for (const task of ["rank", "pairs"]) {
      const { code, out } = await lowrank([
        "data",
        file,
        "--task",
        task,
        ...(task === "pairs" ? ["--fields", "positive=text"] : []),
      ]);
      expect(code).toBe(0);
      expect(out).toMatch(/^4 examples for training: /);
      expect(out).not.toMatch(/drop-duplicates|few-examples/);
    }
  });

  it("refuses what a training would refuse: nothing to tell apart", async () => {
    const file = fixture.path("equal.csv");
    const looked = async (task: string, header: string, row: (i: number) => string) => {
      const rows = Array.from({ length: 30 }, (_, i) => row(i));
      await writeFile(file, `${header}\n${rows.join("\n")}\n`);
      const { code, err } = await lowrank(["data", file, "--task", task]);
      return `${code} ${err}`;
    };
    expect(await looked("rank", "query,text,label", (i) => `question ${i},answer ${i},1`)).toMatch(
      /^1 .*all 30 examples to train on have the same label, so there is nothing to tell apart/,
    );
    expect(await looked("regress", "text,label", (i) => `text ${i},4.5`)).toMatch(/^1 .*the same number in all 30/);
    expect(await looked("pairs", "sentence1,sentence2,score", (i) => `one ${i},other ${i},0.5`)).toMatch(
      /^1 .*have the same score, so there is nothing to tell apart/,
    );
  });

  it("counts all that a model reads of a row", async () => {
    const file = fixture.path("long.csv");
    const long = "word ".repeat(60).trim();
    const lengths = async (task: string, rows: string) => {
      await writeFile(file, rows);
      const { out } = await lowrank(["data", file, "--task", task, "--model", fixture.model, "--json"]);
      const { train } = JSON.parse(out) as { train: { examples: number; characters: { max: number }; tokens: { max: number } } }; // prettier-ignore
      return [train.examples, train.characters.max, train.tokens.max > 60];
    };
    const ranked = `query,text,label\n${["a", "b"].map((name, i) => `ask ${name},${long} ${name},${i}\n`).join("")}`;
    expect(await lengths("rank", ranked)).toEqual([2, long.length + 8, true]);
    const pairs = `anchor,positive\n${["a", "b"].map((name) => `ask ${name},${long} ${name}\n`).join("")}`;
    expect(await lengths("pairs", pairs)).toEqual([2, long.length + 2, true]);
    const preferred = `prompt,chosen,rejected\nask,${long},no\nask more,yes,no\n`;
    expect(await lengths("preferences", preferred)).toEqual([2, long.length + 3, true]);
    const asked = `instruction,output\nask,${long}\nask more,yes\n`;
    expect(await lengths("chat", asked)).toEqual([2, long.length + 4, true]);
  });

  it("gives labels one name where that is asked for, and refuses names of labels that there are not", async () => {
    const file = fixture.path("cases.csv");
    await writeFile(file, csv([...examples, { text: "unheard of", label: "Good" }]));
    const { code, out } = await lowrank(["data", file, "--label-names", "Good=good", "--model", fixture.model]);
    expect(code).toBe(0);
    expect(out).toMatch(/^41 examples for training: 2 labels\n/);
    expect(out).not.toMatch(/similar-labels/);
    expect((await lowrank(["data", file, "--label-names", "0=good"])).err).toMatch(
      /--label-names names \["0"\], which is not a label of any example; the labels are Good, bad, good/,
    );
  });

  it("counts each text once as it goes", async () => {
    const { err } = await lowrank(["data", fixture.data, "--model", fixture.model]);
    expect(err).toMatch(/read texts +40\/40/);
    expect(err).not.toMatch(/80/);
  });

  it("calls what it shows by its kind of file: lines of CSV, items of JSON", async () => {
    const file = fixture.path("repeats.json");
    await writeFile(file, JSON.stringify([...examples, examples[0]]));
    const { out } = await lowrank(["data", file, "--model", fixture.model]);
    expect(out).toMatch(/^ +training, item 1: good: .*\n +training, item 41: good: /m);
    expect(out).not.toMatch(/line \d/);
    await writeFile(fixture.path("strange.json"), JSON.stringify([...examples, { text: "x", label: "odd" }]));
    const run = ["finetune", "--model", fixture.model, "--data", file, "--test", fixture.path("strange.json")];
    expect((await lowrank([...run, "--out", fixture.path("never")])).err).toMatch(
      /strange\.json, item 41: label "odd" is unknown/,
    );
  });

  it("tells a header that is read as an example", async () => {
    const file = fixture.path("numbered.csv");
    await writeFile(file, csv(examples).replace("text,label", "Body,Queue"));
    const found = await lowrank(["data", file, "--text", "0", "--label", "1", "--model", fixture.model]);
    expect(found.err).toMatch(
      /numbered\.csv, line 1: "Body", "Queue" look like a header, but since columns are named by number, it is read as an example: name the columns by these names instead\n/,
    );
    expect(found.out).toMatch(/^41 examples for training: 3 labels/);
    const named = await lowrank(["data", file, "--text", "Body", "--label", "Queue", "--model", fixture.model]);
    expect(named.err).not.toMatch(/header/);
    expect(named.out).toMatch(/^40 examples for training: 2 labels/);
  });

  it("compares a test file, and ends with an error's code where that means nothing", async () => {
    const { code, out } = await lowrank(["data", fixture.data, "--test", fixture.data, "--model", fixture.model]);
    expect(code).toBe(1);
    expect(out).toMatch(/^stop +--test and --data are the same file, so .*\(same-file\)$/m);
    const json = await lowrank(["data", fixture.data, "--test", fixture.data, "--model", fixture.model, "--json"]);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      file: fixture.data,
      train: { examples: 40, tokens: { texts: 40 } },
      test: { inTraining: { same: 40, near: 0 } },
      findings: [{ severity: "stop", code: "same-file" }, {}, {}, {}].slice(0, JSON.parse(json.out).findings.length),
    });
  });

  // Of every task that reads a table of texts: a row of its data, and its columns beside these.
  const tables = {
    classify: { header: "text,label", row: (text: string, i: number) => `${text},${i % 2 === 0 ? "good" : "bad"}` },
    "multi-label": { header: "text,label", row: (text: string, i: number) => `${text},${["a;b", "b", "c"][i % 3]}` },
    regress: { header: "text,label", row: (text: string, i: number) => `${text},${i}` },
    pairs: { header: "sentence1,sentence2,score", row: (text: string, i: number) => `${text},other ${i},0.${i % 7}` },
    rank: { header: "query,text,label", row: (text: string, i: number) => `ask ${i},${text},${i % 2}` },
  };
  const asked = (task: string) => (task === "classify" ? [] : ["--task", task]);

  it.each(Object.entries(tables))("removes empty texts and labels if told to: %s", async (task, { header, row }) => {
    const file = fixture.path("gaps.csv");
    const rows = Array.from({ length: 30 }, (_, i) => row(`words about ${i}`, i));
    const without = async (gap: string, code: string, removed: RegExp) => {
      await writeFile(file, `${[header, ...rows, gap].join("\n")}\n`);
      const refused = await lowrank(["data", file, ...asked(task)]);
      if (task !== "multi-label" || code === "empty-texts") {
        expect(refused.err).toMatch(new RegExp(`gaps\\.csv, line 32: .*--allow ${code}`));
        expect(refused.err).not.toMatch(/emptyTexts|emptyLabels|\n.*\n/);
      }
      const { code: exit, out, err } = await lowrank(["data", file, ...asked(task), "--allow", code, "--json"]);
      expect([exit, err]).toEqual([0, expect.stringMatching(removed)]);
      expect(JSON.parse(out)).toMatchObject({ train: { examples: 30 } });
    };
    await without(row("", 1), "empty-texts", /^.*gaps\.csv: an empty text is removed\n/);
    const label = row("more words", 1).replace(/,[^,]*$/, ",");
    await without(label, "empty-labels", /^.*gaps\.csv: a text with an empty label is removed\n/);
  });

  it("refuses the same column for two uses, before it reads", async () => {
    const refused = async (...args: string[]) => (await lowrank(["data", fixture.path("none.csv"), ...args])).err;
    for (const task of ["classify", "multi-label", "regress"])
      expect(await refused(...asked(task), "--text", "Queue", "--label", "Queue")).toMatch(
        /^error: --text and --label both name column "Queue": two different columns are expected\n$/,
      );
    expect(await refused("--text", "Queue", "--label", "Team", "--group", "Team")).toMatch(
      /--label and --group both name/,
    );
    const fields = { pairs: "anchor=a,positive=a", rank: "query=a,text=a", tokens: "tokens=1,tags=1" };
    for (const [task, pairs] of Object.entries(fields)) {
      const [first, second] = pairs.match(/\w+(?==)/g)!;
      expect(await refused("--task", task, "--fields", pairs)).toMatch(
        new RegExp(
          `^error: --fields names column "." as ${first} and as ${second}: two different columns are expected`,
        ),
      );
    }
  });

  it.each(Object.entries(tables))("names a test file that is the data, once: %s", async (task, { header, row }) => {
    const file = fixture.path("twice.csv");
    const rows = Array.from({ length: 12 }, (_, i) => row(`words about ${i}`, i));
    // A text with another label, and one that repeats.
    await writeFile(file, `${[header, ...rows, row("words about 1", 2), rows[3]].join("\n")}\n`);
    const { code, out } = await lowrank(["data", file, ...asked(task), "--test", file]);
    expect(code).toBe(1);
    expect(out).toMatch(/^stop +--test and --data are the same file, so .*\(same-file\)$/m);
    expect(out).not.toMatch(/\(test-in-training\)|\d test text.* repeat/);
  });

  it("does not advise to remove texts that repeat with another label", async () => {
    const file = fixture.path("contradiction.csv");
    await writeFile(file, csv([...examples, { text: examples[0]!.text, label: "bad" }, examples[1]!]));
    const { out } = await lowrank(["data", file]);
    expect(out).toMatch(/^note +1 training text repeats another .*\(duplicates\)$/m);
    const dropped = await lowrank(["data", file, "--drop-duplicates"]);
    expect(dropped.out).toMatch(/^note +1 text has different labels; which is right\? \(two-labels\)$/m);
    expect(dropped.out).not.toMatch(/repeats another/);
  });

  it("says how to write a number with a decimal comma", async () => {
    const file = fixture.path("comma.csv");
    await writeFile(file, 'text,Stars\none,3\ntwo,"4,5"\n');
    const { err } = await lowrank(["data", file, "--task", "regress", "--label", "Stars"]);
    expect(err).toMatch(/line 3: a number is expected in column "Stars", got "4,5"; write a decimal point: 4\.5\n$/);
  });

  it("counts groups, of both files and of each part of a run", async () => {
    const file = fixture.path("groups.csv");
    const rows = examples.map(({ text, label }, i) => `"${text}",${label},${i < 2 ? "" : `g${i % 9}`}\n`);
    await writeFile(file, `text,label,who\n${rows.join("")}`);
    const args = [file, "--group", "who", "--model", fixture.model];
    expect((await lowrank(["data", ...args])).out).toMatch(/^column "who": 9 groups and 2 texts in none: splits and/m);
    const both = await lowrank(["data", ...args, "--test", file, "--json"]);
    const count = { groups: 9, alone: 2 };
    expect(JSON.parse(both.out).groups).toEqual({ column: "who", train: count, test: count, shared: 9 });
    const run = await lowrank(["finetune", "--data", ...args, "--head-only", "--out", fixture.path("grouped")]);
    expect(run.out).toMatch(/^groups +column "who": \d groups?.* for training, \d groups?.* for testing$/m);
    expect((await lowrank(["inspect", fixture.path("grouped")])).out).toMatch(/labels in label, groups in who$/m);
  });

  it("reads every format, and says what is missing", async () => {
    const file = fixture.path("list.json");
    await writeFile(file, JSON.stringify({ data: examples.map(({ text, label }) => ({ body: text, stars: label })) }));
    const args = ["data", file, "--text", "body", "--label", "stars", "--model", fixture.model];
    expect((await lowrank(args)).out).toMatch(/^40 examples for training: 2 labels\n/);
    expect((await lowrank(["data", file])).err).toMatch(/there is no field "text"; the object has body, stars/);
    expect((await lowrank(["data", fixture.path("none.csv")])).err).toMatch(/there is no such file/);
    const empty = fixture.path("empty.csv");
    await writeFile(empty, csv([...examples, { text: "", label: "bad" }]));
    expect((await lowrank(["data", empty])).err).toMatch(/line 42: the text is empty.*\(--allow empty-texts\)/);
    const left = await lowrank(["data", empty, "--allow", "empty-texts", "--model", fixture.model]);
    expect(left.err).toMatch(/an empty text is removed/);
    expect(left.out).toMatch(/^40 examples for training/);
    await writeFile(empty, csv([...examples, { text: "a", label: "" }, { text: "b", label: " " }]));
    expect((await lowrank(["data", empty])).err).toMatch(
      /2 of 42 labels are empty \(lines 42, 43\): .*\(--allow empty-labels\)/,
    );
    const labelled = await lowrank(["data", empty, "--allow", "empty-labels", "--model", fixture.model]);
    expect(labelled.err).toMatch(/2 texts with empty labels are removed/);
    expect(labelled.out).toMatch(/^40 examples for training/);
  });
});

describe("finetune", () => {
  it("says where to see texts with different labels", async () => {
    const file = fixture.path("two-labels.csv");
    await writeFile(file, csv([...examples, { text: examples[0]!.text, label: "bad" }]));
    const { out } = await lowrank([...shortRun(fixture, fixture.path("two"), 2), "--no-baseline", "--data", file]);
    expect(out).toMatch(/1 text has different labels; which is right\? `lowrank data` shows them \(two-labels\)$/m);
  });

  it("says of every task that a test is small, or the training file", async () => {
    const file = fixture.path("stars.csv");
    await writeFile(file, `text,label\n${examples.map(({ text }, i) => `"${text}",${i}\n`).join("")}`);
    const tags = fixture.path("tags.csv");
    await writeFile(
      tags,
      `text,label\n${examples.map(({ text }, i) => `"${text}",${["a;b", "b", "a"][i % 3]}\n`).join("")}`,
    );
    const run = async (task: string, data: string, ...more: string[]) => {
      const args = ["finetune", "--task", task, "--data", data, "--model", fixture.model, "--head-only"];
      const { code, err } = await lowrank([...args, "--out", fixture.path(`small-${task}-${more.length}`), ...more]);
      expect([task, code, err]).toEqual([task, 0, expect.anything()]);
      return err;
    };
    for (const [task, data] of [
      ["regress", file],
      ["multi-label", tags],
    ] as const) {
      expect(await run(task, data)).toMatch(
        /: 8 examples to measure on are few: each counts 13 %; cross-validation \(--folds\) tests every one once \(small-test\)\n/,
      );
      const same = await run(task, data, "--test", data);
      expect(same).toMatch(/^--test and --data are the same file, so .* \(same-file\)\n/m);
      expect(same).not.toMatch(/measured examples are also in/);
    }
  });

  it("tells what it found in the data, and refuses what means nothing unless it is told to go on", async () => {
    const args = [...shortRun(fixture, fixture.path("same"), 2), "--no-baseline", "--validation", fixture.data];
    const refused = await lowrank(args);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(
      /the validation examples are the training examples.*\(to train all the same: --allow same-file\)/,
    );
    const { code, out, err } = await lowrank([...args, "--allow", "same-file"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^stop +the validation examples are the training examples/m);
    const unknown = await lowrank([...args, "--allow", "everything"]);
    expect(unknown.code).toBe(2);
    expect(unknown.err).toMatch(
      /One or more of empty-texts, empty-labels, id-labels, number-texts, same-file, test-in-training are expected/,
    );
  });
});
