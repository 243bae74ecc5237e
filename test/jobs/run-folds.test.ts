import { expect, it } from "vitest";
import { AbortError, ConfigError, engineInfo } from "../../ts/index.js";
import { type JobEvent, type JobSpec, memoryStore, runFolds } from "../../ts/jobs/index.js";
import { sources, spec } from "./tiny-job.js";

const short: JobSpec = { ...spec, recipe: "peft", steps: 20, baseline: true };
const used = () => engineInfo().memory.used;

it("each example is tested once, by a classifier that has not seen it; the report stands in the store", async () => {
  const events: JobEvent[] = [];
  const before = used();
  const store = memoryStore();
  const onProgress = (event: JobEvent) => void events.push(event);
  const report = await runFolds(short, 4, store, { sources, onProgress });
  expect(used()).toBe(before);
  expect(events.filter(({ type }) => type === "fold")).toEqual(
    [1, 2, 3, 4].map((fold) => ({ type: "fold", fold, folds: 4 })),
  );
  expect(report.folds.map(({ after }) => after.count)).toEqual([10, 10, 10, 10]);
  expect(report.pooled.perClass.map(({ support }) => support)).toEqual([20, 20]);
  const accuracies = report.folds.map(({ after }) => after.accuracy);
  const mean = accuracies.reduce((sum, one) => sum + one, 0) / 4;
  expect(report.accuracy.mean).toBeCloseTo(mean, 12);
  expect(report.accuracy.deviation).toBeCloseTo(Math.hypot(...accuracies.map((one) => one - mean)) / Math.sqrt(3), 12);
  expect(report.pooled.accuracy).toBeCloseTo(mean, 12);
  expect(report.headOnly).not.toBeNull();
  const files = store.files();
  expect(Object.keys(files)).toEqual(["folds.json"]);
  expect(JSON.parse(new TextDecoder().decode(files["folds.json"]))).toEqual(JSON.parse(JSON.stringify(report)));
  const again = await runFolds(short, 4, memoryStore(), { sources });
  expect(again.folds).toEqual(report.folds);
});

it("leaves nothing of a fold but the room that the largest step took", async () => {
  const inUse: number[] = [];
  const onProgress = (event: JobEvent) => {
    if (event.type === "fold") inUse.push(used());
  };
  await runFolds({ ...short, baseline: false }, 20, memoryStore(), { sources, onProgress });
  // An adapter of six layers has 4,608 bytes of matrices alone.
  expect(new Set(inUse.slice(-10)).size).toBe(1);
});

it("holds a part of each training part out where the step is chosen", async () => {
  const { folds } = await runFolds({ ...short, evaluateEvery: 5, baseline: false }, 2, memoryStore(), { sources });
  for (const { evaluation, headOnly } of folds) {
    expect(evaluation!.measured.map(({ step }) => step)).toEqual([0, 5, 10, 15, 20]);
    expect(headOnly).toBeNull();
  }
});

it("is cancelled within a step, and leaves nothing", async () => {
  const before = used();
  const abort = new AbortController();
  const store = memoryStore();
  const onProgress = (event: JobEvent) => {
    if (event.type === "progress" && event.phase === "train" && event.done === 7) abort.abort();
  };
  await expect(runFolds(short, 3, store, { sources, signal: abort.signal, onProgress })).rejects.toThrow(AbortError);
  expect(used()).toBe(before);
  expect(store.files()).toEqual({});
  const release = await store.claim();
  await release();
});

it("that is cancelled leaves the folds that are done, which another call replaces", async () => {
  const abort = new AbortController();
  const store = memoryStore();
  const onProgress = (event: JobEvent) => {
    if (event.type === "fold" && event.fold === 3) abort.abort();
  };
  await expect(runFolds(short, 3, store, { sources, signal: abort.signal, onProgress })).rejects.toThrow(AbortError);
  expect(Object.keys(store.files())).toEqual(["folds.partial.json"]);
  const { folds, count } = JSON.parse(new TextDecoder().decode(store.files()["folds.partial.json"]));
  expect([folds.length, count]).toEqual([2, 3]);
  const report = await runFolds(short, 3, store, { sources });
  expect(folds).toEqual(JSON.parse(JSON.stringify(report.folds.slice(0, 2))));
  expect(Object.keys(store.files())).toEqual(["folds.json"]);
});

it.each([
  [{ validation: "others.csv" }, 3, /leave validation out/],
  [{ test: "others.csv" }, 3, /leave test out/],
  [{ testSplit: 0.5 }, 3, /leave testSplit out/],
  [{}, 1, /folds is a whole number from 2/],
  [{}, 41, /41 folds need as many examples, got 40/],
])("refuses %o in %d folds", async (more, folds, message) => {
  const running = runFolds({ ...short, ...more }, folds, memoryStore(), { sources });
  await expect(running).rejects.toThrow(ConfigError);
  await expect(running).rejects.toThrow(message);
});
