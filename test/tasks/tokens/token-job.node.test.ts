import { beforeAll, expect, it } from "vitest";
import type { FileMap } from "../../../ts/io/file-access.js";
import { AbortError, ConfigError, FormatError, TokenClassifier } from "../../../ts/index.js";
import {
  type JobEvent,
  memoryStore,
  type MemoryStore,
  runStatus,
  type TokenJobSpec,
  type TokenReport,
  unfinishedSpec,
} from "../../../ts/jobs/index.js";
import { goldenEncoder } from "../../models/golden-encoder.js";
import { afterStep, results } from "../../jobs/tiny-job.js";
import { data, run, sentences, sources, spec } from "./tiny-token-job.js";

let whole: MemoryStore;
let report: TokenReport;
const events: JobEvent[] = [];
beforeAll(async () => {
  whole = memoryStore();
  ({ report } = await run(spec, whole, { onProgress: (event) => events.push(event) }));
});

const ready = (of: readonly JobEvent[]) => of.flatMap((event) => (event.type === "ready" ? [event.job] : []))[0]!;

it("learns labels of words, measures them beside the head on frozen vectors, and leaves what opens again", async () => {
  const { data: used, result, evaluation } = report;
  expect([used.train.examples, used.validation.examples, used.test!.examples]).toEqual([19, 5, 6]);
  expect(used.labels).toEqual(["O", "B-LOC", "B-PER", "I-PER"]);
  expect(result).toMatchObject({ measuredOn: "test", largestClass: 0.4, headWords: 24 * 5 });
  expect(result.after).toMatchObject({ count: 30, cut: 0 });
  expect(evaluation!.measured.map(({ step }) => step)).toEqual([0, 10, 20, 30, 40]);
  const { difference, interval } = result.overHeadAlone!;
  expect(difference).toBeCloseTo(result.after.f1 - result.headOnly!.f1, 12);
  expect(interval[0]).toBeLessThanOrEqual(difference);
  expect(Object.keys(whole.files()).sort()).toEqual([
    "adapter_config.json",
    "adapter_model.safetensors",
    "labels.json",
    "loss.svg",
    "report.json",
  ]);
  const { "report.json": _, "loss.svg": _c, ...files } = whole.files();
  using opened = await TokenClassifier.open(files, { model: await goldenEncoder("bert") });
  const known = sentences.map((words) => ({ words: words.map(([word]) => word), labels: words.map(([, tag]) => tag) }));
  expect((await opened.evaluate(known)).f1).toBeGreaterThan(0.9);
});

it("tells what it is about to do, and how far it is", () => {
  expect(ready(events)).toMatchObject({
    steps: 40,
    evaluateEvery: 10,
    resumedAfter: null,
    data: { train: { examples: 19, words: 95 }, test: { examples: 6, split: true } },
  });
  const phases = events.flatMap((event) => (event.type === "progress" ? [event.phase] : []));
  expect([...new Set(phases)]).toEqual([
    "tokenize",
    "encode-train",
    "head-only",
    "encode-validation",
    "train",
    "validate",
  ]);
  const measured = events.flatMap((event) => (event.type === "evaluation" ? [event] : []));
  expect(measured).toHaveLength(5);
  expect(measured.every(({ task, metrics }) => task === "tokens" && typeof metrics["f1"] === "number")).toBe(true);
});

it("goes on to the same bits, whether it was aborted or killed", async () => {
  const stopped = memoryStore();
  const abort = new AbortController();
  let killed = memoryStore();
  const onProgress = (event: JobEvent) => {
    // What a process that is killed here leaves behind.
    if (afterStep(28)(event)) killed = memoryStore(stopped.files());
    if (afterStep(33)(event)) abort.abort();
  };
  await expect(run(spec, stopped, { signal: abort.signal, onProgress })).rejects.toBeInstanceOf(AbortError);
  expect(await runStatus(stopped)).toMatchObject({ status: "interrupted", step: 33, steps: 40 });
  for (const [store, step] of [
    [stopped, 33],
    [killed, 25],
  ] as const) {
    const own: JobEvent[] = [];
    const again = (await unfinishedSpec(store)) as TokenJobSpec;
    await run(again, store, { onProgress: (event) => own.push(event) });
    expect(ready(own).resumedAfter).toBe(step);
    expect(results(store.files())).toEqual(results(whole.files()));
  }
});

it("fits the head alone where that is asked for: what was the yardstick is the result", async () => {
  const store = memoryStore();
  const { report: alone } = await run({ ...spec, headOnly: true }, store);
  expect(alone.result.after).toEqual(alone.result.headOnly);
  expect(alone.result).toMatchObject({ overHeadAlone: null, recommended: null });
  expect(Object.keys(store.files()).sort()).toEqual(["head.safetensors", "labels.json", "report.json"]);
});

it("learns spans of a text as it learns words", async () => {
  const store = memoryStore();
  const { report: spans } = await run({ ...spec, data: "names.jsonl" }, store);
  expect(spans.data.labels).toEqual(["O", "B-LOC", "B-PER", "I-LOC", "I-PER"]);
  expect(spans.result.after.f1).toBeGreaterThan(0.5);
});

it.each<[string, string, RegExp, unknown]>([
  ["a row with a column less", "a O\nb\n", /bad\.conll, line 2: 2 columns are expected, .*got 1/, FormatError],
  ["no tag", "a\tO\nb\t\n", /bad\.conll, line 2: a tag is expected after the word "b"/, FormatError],
  ["one label", "a O\nb O\n", /two labels or more are needed/, ConfigError],
  ["nothing", "\n\n", /words with their tags are expected/, FormatError],
])("refuses %s by its line", async (_, text, message, kind) => {
  const files: FileMap = { ...data, "bad.conll": new TextEncoder().encode(text) };
  const own = { ...sources, readData: async (name: string) => ({ name, bytes: files[name]! }) };
  const store = memoryStore();
  const running = run({ ...spec, data: "bad.conll" }, store, { sources: own });
  await expect(running).rejects.toThrow(message);
  await expect(running).rejects.toBeInstanceOf(kind);
  expect(store.files()).toEqual({});
});

it.each<[string, string, RegExp]>([
  ["tags that are numbers", '{"tokens": ["a"], "tags": [1]}', /line 1: tags are names such as "B-PER", or null, got 1/],
  ["other fields", '{"words": ["a"]}', /line 1: \{ tokens, tags \} of two lists, .*got the fields \["words"\]/],
  ["a span outside", '{"text": "a b", "spans": [[2, 9, "X"]]}', /line 1: entity 0 is \{ start, end, label \}/],
  ["too few tags", '{"tokens": ["a", "b"], "tags": ["O"]}', /line 1: a label for each word is expected/],
])("refuses %s by its line", async (_, row, message) => {
  const more = '\n{"tokens": ["a", "b"], "tags": ["O", "B-X"]}\n';
  const bytes = new TextEncoder().encode(row + more);
  const own = { ...sources, readData: async (name: string) => ({ name, bytes }) };
  await expect(run({ ...spec, data: "bad.jsonl" }, memoryStore(), { sources: own })).rejects.toThrow(message);
});

it("reads sentences of a table, and refuses a label that was not learnt", async () => {
  const csv = "sentence,tokens,tags\n1,Ada,B-PER\n,sang,O\n2,Rome,B-LOC\n2,sleeps,O\n";
  const read = (text: string) => async (name: string) => ({
    name,
    bytes: name === "rows.csv" ? new TextEncoder().encode(text) : data["names.conll"]!,
  });
  const own = { ...sources, readData: read(csv) };
  const { report: tested } = await run({ ...spec, test: "rows.csv", testSplit: null, steps: 2 }, memoryStore(), {
    sources: own,
  });
  expect(tested.data.test).toMatchObject({ examples: 2 });
  expect(tested.result.after.count).toBe(4);
  const strange = { ...sources, readData: read(`${csv}3,Acme,B-ORG\n`) };
  await expect(
    run({ ...spec, test: "rows.csv", testSplit: null }, memoryStore(), { sources: strange }),
  ).rejects.toThrow(/rows\.csv, line 6: label "B-ORG" is not one of/);
});
