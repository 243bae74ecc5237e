import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fixture, lowrank, makeFixture, shortRun } from "./fixture.js";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await makeFixture();
  const rows = Array.from({ length: 12 }, (_, i) => `${100 + i},a film of number ${i},${i % 2 ? "good" : "bad"}\n`);
  await writeFile(fixture.path("ids.csv"), `id,text,label\n${rows.join("")}`);
});
afterAll(() => fixture.remove());

const tune = (...options: string[]) => lowrank([...shortRun(fixture, fixture.path("out"), 30), ...options]);

describe("finetune says what was meant", () => {
  it("where a column of numbers is taken for the labels", async () => {
    const { code, err } = await tune("--data", fixture.path("ids.csv"), "--label", "id");
    expect(code).toBe(1);
    expect(err).toMatch(
      /ids\.csv: --test-split 0\.2 leaves no examples to test on: column "id" has 12 labels in 12 examples \(100: 1, 101: 1, .*\), too few of each to hold one out\. If these are not the labels, name their column with --label; otherwise .* a file with --test\n$/,
    );
    expect(err).not.toMatch(/splitExamples/);
  });

  it("where names are given to labels that there are not", async () => {
    const { code, err } = await tune("--label-names", "0=bad,good=fine");
    expect(code).toBe(1);
    expect(err).toMatch(
      /--label-names names \["0"\], which is not a label of any example; the labels are bad, good\n$/,
    );
  });

  it("where training was thrown off without an infinite number: exit code 1, and a report", async () => {
    const { code, err } = await tune(
      "--learning-rate",
      "30",
      "--max-grad-norm",
      "0",
      "--warmup",
      "0",
      "--schedule",
      "constant",
    );
    expect(err).toMatch(
      /training diverged: the final loss is [\d.e+]+, guessing has 0\.693; try a lower --learning-rate, a longer --warmup or a lower --max-grad-norm\n/,
    );
    expect(code).toBe(1);
    const report = JSON.parse(readFileSync(fixture.path("out", "report.json"), "utf8"));
    expect(report.training).toMatchObject({ steps: 30, diverged: true });
  });
});

describe("evaluate says what was meant", () => {
  it("where there is no such run", async () => {
    const { code, err } = await lowrank(["evaluate", "--run", fixture.path("nowhere")]);
    expect(code).toBe(1);
    expect(err).toMatch(/nowhere: expected a run's folder, but it does not exist\n$/);
  });

  it("where texts are empty, by an option that it has", async () => {
    const run = fixture.path("head");
    const trained = ["finetune", "--model", fixture.model, "--data", fixture.data, "--head-only", "--out", run];
    expect((await lowrank(trained)).code).toBe(0);
    const file = fixture.path("empty.csv");
    await writeFile(file, "text,label\nthe film was good,good\n,bad\na very dull story,bad\n");
    const { code, err } = await lowrank(["evaluate", "--run", run, "--data", file]);
    expect(code).toBe(1);
    expect(err).toMatch(/empty\.csv, line 3: the text is empty: .* \(--allow empty-texts\)\n$/);
    const left = await lowrank(["evaluate", "--run", run, "--data", file, "--allow", "empty-texts", "--json"]);
    expect(JSON.parse(left.out).count).toBe(2);
  });
});

describe("an option of another name", () => {
  it.each([
    ["--lr", "--learning-rate"],
    ["--wd", "--weight-decay"],
    ["--batchsize", "--batch-size"],
  ])("%s", async (given, meant) => {
    const { code, err } = await lowrank(["finetune", given, "0.001"]);
    expect(code).toBe(2);
    expect(err).toContain(`unknown option '${given}'\n(Did you mean ${meant}?)`);
  });
});

it("a missing folder of a run is answered with the runs that exist", async () => {
  await mkdir(fixture.path("runs", "topics"), { recursive: true });
  await writeFile(fixture.path("runs", "topics", "labels.json"), "{}");
  const before = process.cwd();
  process.chdir(fixture.folder);
  try {
    const commands = [
      ["serve", "--classifier", "topics=runs/nope"],
      ["serve", "--rerank-model", "runs/nope"],
      ["predict", "--run", "runs/nope", "a text"],
      ["finetune", "--model", "runs/nope", "--data", fixture.data],
    ];
    for (const command of commands) {
      const { code, err } = await lowrank(command);
      expect(code).toBe(1);
      expect(err).toMatch(/error: there is no folder runs\/nope\nThe finished runs, the newest first: runs\/topics\n$/);
    }
  } finally {
    process.chdir(before);
  }
});
