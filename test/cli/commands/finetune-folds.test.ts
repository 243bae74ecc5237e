import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { foldLines } from "../../../ts/cli/reports/fold-lines.js";
import type { FoldsReport } from "../../../ts/jobs/index.js";
import { textFields } from "../../../ts/tasks/classify/settings.js";
import { defaultsOf } from "../../../ts/training/spec/field.js";
import { type Fixture, lowrank, makeFixture, shortRun } from "../fixture.js";

let fixture: Fixture;
beforeAll(async () => void (fixture = await makeFixture()));
afterAll(() => fixture.remove());

it("finetune --folds prints each fold, mean and deviation, and writes folds.json", async () => {
  const folder = fixture.path("folds");
  const { code, out } = await lowrank([...shortRun(fixture, folder), "--folds", "2"]);
  expect(code).toBe(0);
  expect(out).toMatch(
    /^model .*\ndata .*: 20 examples for training in the first of the folds[^]*\ntest .*: 20 examples, a seeded split of 50\.0 %\n/m,
  );
  expect(out).toMatch(/^training +12 steps of .*[^]*^estimate +about .* \(2 folds, each: [^]*\n\nFold 1 of 2\n/m);
  expect(out).toMatch(/fold 2 +20 +50\.0 % +\d+\.\d % +\d+\.\d %/);
  const spread = "\\d+\\.\\d % ± \\d+\\.\\d";
  expect(out).toMatch(
    new RegExp(`mean ± deviation +accuracy.*\nmajority class +50\\.0 % ± 0\\.0\nhead only +${spread} +${spread} `),
  );
  expect(out).toMatch(new RegExp(`head and adapter +${spread} +${spread} +\\d`));
  expect(out).toMatch(/all 40 texts: accuracy \d+\.\d % \(/);
  expect(out).toMatch(/^[+−]\d+\.\d points over the head-only baseline \(/m);
  expect(readdirSync(folder)).toEqual(["folds.json"]);
  const resized = await lowrank(["resize", folder, "--rank", "1", "--out", fixture.path("resized")]);
  expect(resized.err).toMatch(/folds has the folds of a cross-validation, which keep no model: train one/);
  expect(JSON.parse(readFileSync(fixture.path("folds", "folds.json"), "utf8")).folds).toHaveLength(2);
});

it("finetune --folds that is interrupted says how to go on, and does", async () => {
  const interrupt = new AbortController();
  const folder = fixture.path("stopped");
  const args = [...shortRun(fixture, folder), "--folds", "3"];
  const onOutput = (text: string) => /^Fold 2 of 3$/m.test(text) && interrupt.abort();
  const stopped = await lowrank(args, { signal: interrupt.signal, onOutput });
  expect(stopped.code).toBe(130);
  expect(stopped.err).toContain(`Stopped after fold 1 of 3; the finished folds are in ${folder}. To continue:`);
  expect(stopped.err).toContain(`lowrank finetune --resume ${folder}`);
  expect((await lowrank(["finetune", "--resume", folder, "--rank", "2"])).err).toMatch(/got --rank 2, the run has 8/);
  const resumed = await lowrank(["finetune", "--resume", folder]);
  expect(resumed.code).toBe(0);
  expect(resumed.out).toMatch(/^estimate .* \(2 folds, each: [^]*^Continuing after fold 1 of 3\nFold 2 of 3$/m);
  expect(resumed.out).toMatch(/fold 3 +1[34] /);
  expect((await lowrank(["finetune", "--resume", folder])).err).toMatch(
    /these folds are finished, there is nothing to resume; `lowrank inspect /,
  );
  expect(readdirSync(folder)).toEqual(["folds.json"]);
});

it("finetune --folds recommends the head-only baseline where the adapter is no better", () => {
  const plain = (text: unknown) => String(text);
  const colors = { green: plain, red: plain, cyan: plain } as unknown as Parameters<typeof foldLines>[3];
  const spread = { mean: 0.8, deviation: 0.1 };
  const metrics = { count: 40, accuracy: 0.8, loss: 0.5, confusion: [], perClass: [], macroF1: 0.8, intervals: null };
  const settings: FoldsReport["settings"] = { ...defaultsOf(textFields), data: "a.csv" };
  const lines = (interval: readonly [number, number], recommended: "adapter" | "head-only") =>
    foldLines(
      {
        lowrank: "1",
        created: "",
        task: "classify",
        settings,
        metrics: {},
        labels: ["a", "b"],
        folds: [],
        accuracy: spread,
        macroF1: spread,
        loss: spread,
        headOnly: spread,
        pooled: metrics,
        recommended,
        overHeadAlone: {
          count: 40,
          accuracy: { difference: 0.02, interval },
          macroF1: { difference: 0.02, interval },
        },
      },
      "folds.json",
      "lowrank",
      colors,
    ).join("\n");
  expect(lines([-0.01, 0.05], "head-only")).toMatch(
    /\+2\.0 points over the head-only baseline \(−1\.0 to 5\.0\)\nThe adapter is not significantly better than the head-only baseline\..*\n +lowrank finetune --data a.csv --head-only\n/,
  );
  expect(lines([0.01, 0.05], "adapter")).not.toMatch(/--head-only/);
});

it("finetune with --evaluate-every and --patience says which step was kept", async () => {
  const options = ["--evaluate-every", "4", "--patience", "3", "--class-weights", "good=2"];
  const { code, out } = await lowrank([
    ...shortRun(fixture, fixture.path("kept")),
    ...options,
    "--sampling",
    "balanced",
  ]);
  expect(code).toBe(0);
  expect(out).toMatch(/Kept: step (0|4|8|12), with the lowest validation loss, \d\.\d{3}/);
  expect(out).not.toMatch(/so this result is too good/);
  const { settings, result } = JSON.parse(readFileSync(fixture.path("kept", "report.json"), "utf8"));
  expect(settings).toMatchObject({ patience: 3, classWeights: { good: 2 }, sampling: "balanced" });
  expect(result.measuredOn).toBe("test");
});

it("finetune with --lora-plus-ratio trains B at its own rate, keeps the ratio in the report, and refuses what is none", async () => {
  const run = async (name: string, ...options: string[]) => {
    const { code } = await lowrank([...shortRun(fixture, fixture.path(name)), ...options]);
    expect(code).toBe(0);
    const { settings } = JSON.parse(readFileSync(fixture.path(name, "report.json"), "utf8"));
    return { settings, adapter: readFileSync(fixture.path(name, "adapter_model.safetensors")) };
  };
  const [plain, same, own] = [
    // LoRA+ does not decay biases.
    await run("plain", "--weight-decay", "0"),
    await run("one", "--weight-decay", "0", "--lora-plus-ratio", "1"),
    await run("own", "--lora-plus-ratio", "4"),
  ];
  expect(plain.settings.loraPlusRatio).toBeNull();
  expect(own.settings.loraPlusRatio).toBe(4);
  expect(same.adapter.equals(plain.adapter)).toBe(true);
  expect(own.adapter.equals(plain.adapter)).toBe(false);
  const short = shortRun(fixture, fixture.path("wrong"));
  const headOnly = ["finetune", "--data", fixture.data, "--model", fixture.model, "--head-only"];
  for (const wrong of [
    [...short, "--lora-plus-ratio", "0"],
    [...short, "--lora-plus-ratio", "x"],
    [...headOnly, "--lora-plus-ratio", "4"],
  ]) {
    const { code, err } = await lowrank(wrong);
    expect(code).not.toBe(0);
    expect(err).toMatch(/lora-plus-ratio/);
  }
});
