import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fixture, interruptedRun, lowrank, makeFixture, shortRun } from "../fixture.js";
import { lowrankProcess } from "../process.js";

let fixture: Fixture;
beforeAll(async () => void (fixture = await makeFixture()));
afterAll(() => fixture.remove());

const inspect = async (path: string) => {
  const [text, json] = [await lowrank(["inspect", path]), await lowrank(["inspect", path, "--json"])];
  expect([text.code, json.code, text.err]).toEqual([0, 0, ""]);
  return { out: text.out, json: JSON.parse(json.out) };
};

const headRun = (out: string) => [
  "finetune",
  "--model",
  fixture.model,
  "--data",
  fixture.data,
  "--near-duplicates",
  "apart",
  "--out",
  out,
  "--head-only",
];

describe("inspect", () => {
  it("explains an interrupted run and says how to go on", async () => {
    const run = await interruptedRun(fixture, 40, 6, ["--no-baseline"]);
    const { out, json } = await inspect(run);
    expect(out).toMatch(/^run +interrupted after step 6 of 40\nbegan +20/);
    expect(out).toMatch(/data +\S*data\.csv, texts in column text, labels in label\n/);
    expect(out).toMatch(
      /settings +40 steps of 8, learning rate 0\.01, rank 8, alpha 16 on query, key, value, seed 0\n/,
    );
    expect(out).toMatch(/to continue +lowrank finetune --resume \S*halves\n/);
    expect(json).toMatchObject({ run: { status: "interrupted", step: 6, steps: 40, gone: false }, tensors: [] });
  });

  it("shows what it knows of a report of another version, and finds the result of a queue's job", async () => {
    const result = fixture.path("job/result");
    await mkdir(result, { recursive: true });
    await writeFile(join(result, "labels.json"), "{}");
    const unknown = /^run +finished\n(?:.+\n)*report\.json +has fields that this version does not know/;
    for (const report of [
      { task: "dance", settings: { task: "dance" }, data: null, result: null, metrics: null },
      { task: "regress", settings: { task: "regress", data: "a.csv", model: "b" }, metrics: null },
      { task: "classify", settings: { data: "a.csv", model: "b" }, data: { train: 1 }, result: { after: 1 } },
    ]) {
      await writeFile(join(result, "report.json"), JSON.stringify(report));
      expect((await inspect(result)).out, report.task).toMatch(unknown);
      expect((await inspect(fixture.path("job"))).out).toMatch(unknown);
    }
  });

  it("explains a run that has failed", async () => {
    const run = fixture.path("failed");
    const args = [...shortRun(fixture, run), "--learning-rate", "1e30", "--max-grad-norm", "0", "--no-baseline"];
    expect((await lowrank(args)).code).toBe(1);
    const { out, json } = await inspect(run);
    expect(out).toMatch(/^run +failed; it has no checkpoint\n/);
    expect(out).toMatch(/error +training diverged: the loss of step \d+ is NaN/);
    expect(json.run).toMatchObject({ status: "failed", step: null, steps: 12 });
  });

  it("explains a run whose process was killed, and one that goes on", async () => {
    let seen = "";
    let asked = false;
    const args = [...shortRun(fixture, "killed", 4000), "--no-baseline", "--threads", "1"];
    const { signal } = await lowrankProcess(args, fixture.folder, (text, child) => {
      if (!/train +\d+\/4000/.test(text) || asked) return;
      asked = true;
      // The first step is reported before the first checkpoint is written.
      const look = async () => {
        do seen = (await lowrank(["inspect", fixture.path("killed")])).out;
        while (seen.includes("without a checkpoint yet"));
        child.kill("SIGKILL");
      };
      void look();
    });
    expect(signal).toBe("SIGKILL");
    expect(seen).toMatch(/^run +is training; its last checkpoint is after step \d+ of 4,000\n/);
    expect(seen).not.toMatch(/to go on/);
    const { out, json } = await inspect(fixture.path("killed"));
    expect(out).toMatch(/^run +was killed after step [\d,]+ of 4,000: its process no longer exists\n/);
    expect(json.run).toMatchObject({ status: "training", gone: true });
  });

  it("shows a finished run's results and settings before its adapter", async () => {
    const run = fixture.path("finished");
    expect((await lowrank(shortRun(fixture, run))).code).toBe(0);
    const { out, json } = await inspect(run);
    expect(out).toMatch(/^run +finished, 20\d\d-/);
    expect(out).toMatch(/labels +bad, good\n/);
    expect(out).toMatch(
      /accuracy +\d+\.\d % untrained head, \d+\.\d % head-only baseline, \d+\.\d % \(.*\) trained, on 8 test texts\n/,
    );
    expect(out).toMatch(/training +12 steps in .* build\n/);
    expect(out).toMatch(/\n\n\S*adapter_model\.safetensors[^]*rank +8\n/);
    expect(json.run.report.result.after.count).toBe(8);
    expect(json.adapter).toMatchObject({ ranks: [8] });
  });

  it("tells a whole model from an adapter", async () => {
    const merged = fixture.path("merged");
    expect((await lowrank(["merge", fixture.path("finished"), "--out", merged])).code).toBe(0);
    const { out, json } = await inspect(merged);
    expect(out).toMatch(/model +bert, 2 layers of 32, whole: no adapter is needed\n/);
    expect(json).toMatchObject({ run: null, adapter: null, model: { architecture: "bert", layers: 2 } });
  });

  it("says of a head-only run that there is no adapter, and nothing of ranks and steps", async () => {
    const run = fixture.path("head");
    expect((await lowrank(headRun(run))).code).toBe(0);
    const { out } = await inspect(run);
    expect(out).toMatch(/^adapter +none, only a head: there is nothing to merge/m);
    expect(out).toMatch(/^settings +logistic regression on the base's vectors, seed 0$/m);
    expect(out).toMatch(/^accuracy +\d+\.\d % \(.*\) head only, \d+\.\d % majority-class baseline, on 8 test texts$/m);
    expect(out).not.toMatch(/\brank \d|steps/);
  });

  it("explains folds, and other commands refuse them as no model", async () => {
    const run = fixture.path("folds");
    const partial = fixture.path("folds", "folds.partial.json");
    const interrupt = new AbortController();
    const stop = (text: string) => /^Fold 2 of 2$/m.test(text) && interrupt.abort();
    const args = [...headRun(run), "--folds", "2"];
    expect((await lowrank(args, { signal: interrupt.signal, onOutput: stop })).code).toBe(130);
    const begun = await readFile(partial);
    const half = await inspect(run);
    expect(half.out).toMatch(/^folds +cross-validation, 1 of 2 folds done\ndata /);
    expect(half.out).toMatch(
      /^model +none: .*the same options without --folds trains one\nto continue +lowrank finetune --resume /m,
    );
    expect(half.out).toMatch(
      /^results +accuracy +texts +majority class +head only\n +fold 1 +20 +50\.0 % +\d+\.\d %\nmodel/m,
    );
    expect(half.json).toMatchObject({ run: null, folds: { count: 2, done: 1, report: null }, tensors: [] });
    const said =
      /has the folds of a cross-validation, which keep no model \(to continue them: `lowrank finetune --resume/;
    expect((await lowrank(["predict", "--run", run, "good"])).err).toMatch(said);

    expect((await lowrank(["finetune", "--resume", run])).code).toBe(0);
    const whole = await inspect(run);
    expect(whole.out).toMatch(/^folds +cross-validation, all 2 folds done, 20/);
    expect(whole.out).toMatch(/^ +head only +\d+\.\d % ± \d.*\naccuracy +all 40 texts together \d+\.\d % \(.*\)$/m);
    expect(whole.json).toMatchObject({ run: null, folds: { count: 2, done: 2, report: { labels: ["bad", "good"] } } });
    const commands = [
      ["predict", "--run", run, "good"],
      ["predict", "--run", run, "--file", fixture.data],
      ["evaluate", "--run", run],
      ["merge", run, "--out", fixture.path("m")],
      ["embed", "--adapter", run, "good"],
    ];
    for (const command of commands) {
      const { code, err } = await lowrank(command);
      expect([code, err]).toEqual([1, expect.stringMatching(/which keep no model: train one with `lowrank finetune`/)]);
    }
    // What led to the report may stand beside it where its removal was interrupted.
    await writeFile(partial, begun);
    expect((await inspect(run)).json).toEqual(whole.json);
    await writeFile(partial, begun.subarray(0, 100));
    await rm(join(run, "folds.json"));
    expect((await lowrank(["inspect", run])).err).toMatch(/folds\.partial\.json: .*remove it to start again/);
  });

  describe("folds.json that somebody wrote", () => {
    let report: Record<string, unknown>;
    let folder: string;
    beforeAll(async () => {
      folder = fixture.path("written-folds");
      const trained = await lowrank([...shortRun(fixture, folder), "--folds", "2"]);
      expect(trained.code).toBe(0);
      report = JSON.parse(await readFile(join(folder, "folds.json"), "utf8"));
    });
    const written = (change: (report: ReturnType<typeof JSON.parse>) => unknown) => {
      const copy = structuredClone(report);
      change(copy);
      return writeFile(join(folder, "folds.json"), JSON.stringify(copy));
    };

    it.each<[string, (report: ReturnType<typeof JSON.parse>) => unknown, RegExp]>([
      ["no settings", (r) => (r.settings = null), /settings is an object, got null/],
      ["no pooled", (r) => (r.pooled = null), /pooled is an object/],
      ["labels of numbers", (r) => (r.labels = [1, 2]), /labels is a list of two labels or more/],
      ["labels as text", (r) => (r.labels = "bad"), /labels is a list of two labels or more/],
      ["three labels", (r) => r.labels.push("more"), /folds\[0\]\.after is measured on the 3 labels, got 2/],
      ["no spread", (r) => (r.accuracy = 0.5), /accuracy is an object/],
      ["no deviation", (r) => (r.macroF1.deviation = "1"), /macroF1\.deviation is a number from 0/],
      ["an empty fold", (r) => (r.folds[1] = null), /folds\[1\] is an object/],
      ["a head that is a text", (r) => (r.headOnly = "x"), /headOnly is an object/],
      ["other sums", (r) => r.folds.push(r.folds[0]), /pooled\.count is the 60 examples of all folds, got 40/],
      [
        "accuracy of its own",
        (r) => (r.pooled.accuracy = 0.123),
        /pooled\.accuracy is the value from the confusion matrix/,
      ],
      ["another difference", (r) => (r.overHeadAlone.accuracy = {}), /overHeadAlone\.accuracy\.difference is a finite/],
      ["a strange recommendation", (r) => (r.recommended = 7), /recommended is one of "adapter", "head-only"/],
    ])("is refused by name with %s", async (_name, change, message) => {
      await written(change);
      const { code, out, err } = await lowrank(["inspect", folder]);
      expect([code, out]).toEqual([1, ""]);
      expect(err).toMatch(/folds\.json: folds: /);
      expect(err).toMatch(message);
      expect(err).not.toMatch(/unexpected error/);
    });

    it("moves no cursor, and fills no screen", async () => {
      const hostile = "\u001b]0;title\u0007\u001b[2J\u009b31m\r\nforged  row";
      await written((r) => {
        r.labels = [`a${hostile}`, "b".repeat(5000)];
        r.created = `${hostile}${"c".repeat(5000)}`;
        Object.assign(r.settings, { data: hostile, model: `m${hostile}`, label: hostile });
      });
      for (const isTTY of [false, true]) {
        const { code, out } = await lowrank(["inspect", folder], { isTTY });
        expect(code).toBe(0);
        // eslint-disable-next-line no-control-regex -- they are looked for
        expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
        expect(out).toMatch(/^base +m\\u001b\]0;title\\u0007\\u001b\[2J\\u009b31m forged row$/m);
        expect(out).not.toMatch(/^forged/m);
        expect(out.length).toBeLessThan(3000);
      }
      const json = JSON.parse((await lowrank(["inspect", folder, "--json"])).out);
      expect(json.folds.settings.model).toBe(`m${hostile}`);
    });
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ["data.csv", "text,label\n", /expected a safetensors file; it has examples: `lowrank finetune --data`/],
    ["weights.bin", "PK\u0003\u0004rest of an archive", /it looks like PyTorch's own format/],
    ["model.gguf", "GGUFxxxx and so on", /model\.gguf: it is of GGUF version \d+; versions 2 and 3 are read/],
    ["pointer.safetensors", "version https://git-lfs.github.com/spec/v1\n", /Git LFS pointer; `git lfs pull`/],
    ["report.json", '\ufeff{ "a": 1 }', /it is JSON; `lowrank inspect` of its folder/],
    ["noise.xyz", "0123456789 and nothing that anybody knows", /expected a safetensors file/],
  ])("says what %s is instead of a safetensors file", async (name, content, says) => {
    await writeFile(fixture.path(name), content);
    const { code, err } = await lowrank(["inspect", fixture.path(name)]);
    expect(code).toBe(1);
    expect(err).toMatch(says);
  });
});
