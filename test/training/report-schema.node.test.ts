import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { engine } from "../../ts/engine/engine.js";
import { memoryStore, runJob } from "../../ts/jobs/index.js";
import { tasks } from "../../ts/tasks/index.js";
import { goldenJson } from "../golden.js";
import { oldRuns } from "../jobs/old-runs.js";

const schema = JSON.parse(readFileSync(join(root, "docs/report.schema.json"), "utf8")) as object;
const validate = new Ajv({ allErrors: true }).compile(schema);
const problems = (report: unknown) => (validate(report) ? [] : validate.errors);

/** Each kind of run, with nothing held out too, and the head alone. */
const kinds = Object.entries(oldRuns).flatMap(([kind, { spec, sources }]) => {
  const { build: _, ...own } = { ...spec, steps: 2, evaluateEvery: 1 } as typeof spec;
  const alone = { ...own, ...(kind === "text" || kind === "chat" ? { validationSplit: 0 } : { headOnly: true }) };
  return [own, alone].map((given, i) => ({ name: `${kind}, ${i === 0 ? "whole" : "alone"}`, kind, given, sources }));
});

it.each(kinds)("a report of $name is as docs/report.schema.json says", async ({ kind, given, sources }) => {
  const store = memoryStore();
  const { report } = await runJob({ ...given, threads: engine().info.threads }, store, { sources });
  const file = JSON.parse(new TextDecoder().decode(store.files()["report.json"])) as object;
  expect(file).toEqual(JSON.parse(JSON.stringify(report)));
  expect(problems(file)).toEqual([]);
  expect(report.task).toBe(kind);
  const known = Object.keys(tasks[kind as keyof typeof tasks].metrics);
  expect(Object.keys(report.metrics)).toEqual(kind === "text" || kind === "chat" ? expect.any(Array) : known);
  for (const name of Object.keys(report.metrics)) expect(known).toContain(name);
});

it.each(Object.keys(oldRuns))(
  "a report of %s from an earlier version lacks nothing but what came later",
  async (kind) => {
    const report = await goldenJson<{ training: object; parameters: object; data: object }>(
      `runs-before/${kind}/finished/report.json`,
    );
    expect(problems(report)).not.toEqual([]);
    const later = {
      task: kind,
      metrics: {},
      training: { diverged: false, ...report.training },
      parameters: { head: 0, ...report.parameters },
      data: { test: null, labels: [], ...report.data },
    };
    expect(problems({ ...report, ...later })).toEqual([]);
  },
);

it("what is none is refused", async () => {
  const report = await goldenJson<object>("runs-before/tokens/finished/report.json");
  const whole = { ...report, task: "tokens", metrics: {} };
  expect(problems(whole)).toEqual([]);
  for (const wrong of [{ metrics: { f1: 1 } }, { task: "" }, { steps: [{}] }, { more: 1 }, { engine: {} }])
    expect(problems({ ...whole, ...wrong })).not.toEqual([]);
});
