import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resultText } from "../../../packages/queue/src/cli/result-text.js";
import { takeTraining } from "../../../packages/queue/src/jobs/queued-training.js";
import { runAttempt } from "../../../packages/queue/src/run-attempt.js";
import { type AnyJobSpec, memoryStore, type MemoryStore } from "../../../ts/jobs/index.js";
import { type JobOptions, runJob } from "../../../ts/jobs/run-job.js";
import { flagGroups } from "../../../ts/cli/options/setting-flags.js";
import { tasks } from "../../../ts/tasks/index.js";
import type { TaskEntry } from "../../../ts/training/task-definition.js";
import { runJob as runInWorker, type LowrankWorker } from "../../../ts/worker/index.js";
import { lowrank } from "../../cli/fixture.js";
import { schemaProblems } from "../../jobs/report-schema.js";
import { results, resumedResults } from "../../jobs/tiny-job.js";
import { taskNames, tinyRun, tinyRuns, tinyTasks } from "../../tasks/tiny-tasks.js";
import { start } from "../../worker/in-worker.js";

it("the tiny runs are of every task in the table", () => {
  expect(taskNames.toSorted()).toEqual(Object.keys(tasks).toSorted());
});

/** Options of `lowrank finetune` that give a spec's settings. */
function optionsOf(spec: object): string[] {
  const flags = Object.assign({}, ...Object.values(flagGroups)) as Readonly<Record<string, { readonly flags: string }>>;
  return Object.entries(spec).flatMap(([name, value]) => {
    const option = flags[name]!.flags.split(" ")[0]!;
    return value === true ? [option] : [option, String(value)];
  });
}

const reportOf = (files: { readonly "report.json"?: Uint8Array }) =>
  JSON.parse(new TextDecoder().decode(files["report.json"])) as {
    readonly task: string;
    readonly metrics: Readonly<Record<string, { readonly value: number }>>;
    readonly training: { readonly diverged: boolean };
    /** A classifier's last training, on all rows. */
    readonly finalFit?: { readonly metrics: Readonly<Record<string, number>> } | null;
  };

/** The adapter's file in a folder. */
const bytesOf = async (folder: string) => new Uint8Array(await readFile(join(folder, "adapter_model.safetensors")));

let worker: LowrankWorker;
beforeAll(async () => void (worker = await start()));
afterAll(() => worker?.terminate());

describe.each(tinyRuns)("$title", ({ task, model }) => {
  const entry: TaskEntry = tasks[task];
  const { spec: settings, file, data, predicts } = tinyTasks[task];
  const { spec, sources } = tinyRun(task, model);
  const run = (given: AnyJobSpec, store: MemoryStore, options: JobOptions = {}) =>
    runJob(given, store, { sources, ...options });
  // A reranker scores texts for a query.
  const query = task === "rank" ? ["Was the film good?"] : [];
  const whole = memoryStore();
  let folder: string;
  const at = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lowrank-task-"));
    await writeFile(at(file), data);
    for (const [name, bytes] of Object.entries(await model())) {
      await mkdir(dirname(at(name)), { recursive: true });
      await writeFile(at(name), bytes);
    }
    await run(spec, whole);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("a job in this thread reports the task and its metrics by the schema", () => {
    const { task: reported, metrics } = reportOf(whole.files());
    expect(reported).toBe(task);
    expect(Object.keys(metrics).length).toBeGreaterThan(0);
    for (const [name, { value }] of Object.entries(metrics))
      expect([name in entry.metrics, value]).toEqual([true, expect.any(Number)]);
    expect(schemaProblems(whole.files())).toEqual([]);
  });

  it("an interrupted job resumes to the same bytes", async () => {
    expect(await resumedResults(run, spec, 2)).toEqual(results(whole.files()));
  });

  it("a worker leaves the same bytes", async () => {
    const store = memoryStore();
    await runInWorker(spec, store, { worker, sources });
    expect(results(store.files())).toEqual(results(whole.files()));
  });

  it("an attempt at a queue's job leaves the same bytes, and names the main metric", async () => {
    const out = at("queued");
    const named = { ...settings, model: folder, data: at(file) } as AnyJobSpec;
    const outcome = await runAttempt(takeTraining("a test", { spec: named, out }, null), "first", {
      worker,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onBegin: () => undefined,
      onFound: () => expect.unreachable(),
    });
    const [main, { value }] = Object.entries(reportOf(whole.files()).metrics)[0]!;
    expect(outcome).toMatchObject({ out, finished: true, steps: 4, metric: { task, name: main, value } });
    expect(resultText(outcome)).toMatch(task === "classify" ? /% right$/ : `${entry.metrics[main]!.title} `);
    expect(await bytesOf(join(out, "result"))).toEqual(new Uint8Array(whole.files()["adapter_model.safetensors"]!));
    // The folder of the job stands for its result.
    if (predicts)
      expect((await lowrank(["predict", "--run", out, "--model", folder, ...query, "a text"])).code).toBe(0);
  });

  it("the command line trains, inspects, measures, predicts, or says what does", async () => {
    const out = at("run");
    const named = ["--task", task, "--model", folder, "--data", at(file), "--out", out];
    const { task: _, multiLabel: __, ...rest } = settings;
    const trained = await lowrank(["finetune", ...named, ...optionsOf(rest)]);
    const { metrics, training, finalFit } = reportOf(whole.files());
    expect([trained.code, trained.err]).toEqual([Number(training.diverged), expect.not.stringContaining("error")]);
    expect(await bytesOf(out)).toEqual(new Uint8Array(whole.files()["adapter_model.safetensors"]!));
    const [main, { value }] = Object.entries(metrics)[0]!;
    const inspected = await lowrank(["inspect", out]);
    expect([inspected.code, inspected.out]).toEqual([0, expect.stringContaining(entry.metrics[main]!.title)]);
    const isOfLanguage = !predicts && task !== "pairs";
    const measured = await lowrank(["evaluate", "--run", out, "--model", folder, "--json"]);
    if (isOfLanguage) expect(measured.err).toMatch(/lowrank generate --adapter/);
    else {
      expect(measured.code).toBe(0);
      expect((JSON.parse(measured.out) as Record<string, number>)[main]).toBeCloseTo(
        finalFit?.metrics[main] ?? value,
        5,
      );
    }
    const predicted = await lowrank([
      "predict",
      "--run",
      out,
      "--model",
      folder,
      "--json",
      ...query,
      "the film was good",
    ]);
    if (predicts)
      expect([predicted.code, JSON.parse(predicted.out)]).toEqual([
        0,
        expect.objectContaining({ text: "the film was good" }),
      ]);
    else {
      const { makes, usedBy } = await entry.load();
      expect([predicted.code, predicted.err]).toEqual([1, `error: ${out} is ${makes}: ${usedBy!(out)}\n`]);
    }
  });

  it("data are shown before anything is trained with them", async () => {
    const columns = typeof settings["label"] === "string" ? ["--label", settings["label"]] : [];
    const named = task === "classify" ? [] : ["--task", task];
    const { code, out, err } = await lowrank(["data", at(file), ...named, ...columns]);
    expect([code, err]).toEqual([0, expect.not.stringContaining("error")]);
    expect(out).toMatch(/48 |96 /);
    // That a query has several texts is no finding.
    expect(out).not.toMatch(/\(duplicates\)/);
  });
});
