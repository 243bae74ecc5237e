import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { CrossEncoder, SentenceEncoder, writeFilesAtomically } from "../../../ts/entry/node.js";
import type { FileMap } from "../../../ts/io/file-access.js";
import { modelSource } from "../../../ts/io/model-locator.js";
import {
  type JobEvent,
  type JobSources,
  memoryStore,
  type RankJobSpec,
  runFolds,
  runJob,
} from "../../../ts/jobs/index.js";
import { lowrank } from "../../cli/fixture.js";
import { csvOf, sourcesOf } from "../../jobs/tiny-job.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";

const good = ["good", "warm", "funny", "fine", "lovely", "bright"];
const bad = ["bad", "cold", "dull", "poor", "awful", "grim"];
const rows = ["film", "story", "music", "end"].flatMap((thing) =>
  [...good, ...bad].flatMap((word, i) =>
    [good[i % 6]!, bad[i % 6]!].map((other, place) => ({
      query: `Was the ${thing} ${word}?`,
      text: `It is ${other}, the ${thing}.`,
      label: 1 - place,
    })),
  ),
);
const named = rows.map(({ query, text, label }) => ({
  premise: query,
  hypothesis: text,
  label: label === 1 ? "yes" : "no",
}));
const files = {
  "rows.csv": csvOf(rows),
  "named.csv": csvOf(named),
  "numbered.csv": csvOf(named.map((row) => ({ ...row, label: row.label === "yes" ? 0 : 1 }))),
};

/** A trained reranker, merged, as a folder of transformers. */
async function trained(labels: 1 | readonly string[]): Promise<FileMap> {
  const encoder = await SentenceEncoder.load(await tinyEncoder(), { seed: 1 });
  const cross = CrossEncoder.create(encoder, { labels, lora: { rank: 4, targetModules: "all-linear" } });
  const examples = rows.map((row) => (labels === 1 ? row : { ...row, label: row.label === 1 ? 0 : 1 }));
  // A new head on an untrained encoder may first stay where it is: it is trained until it tells the texts apart.
  for (let round = 0, right = 0; right < rows.length * 0.95; round++) {
    expect(round).toBeLessThan(8);
    await cross.fit(examples, { steps: 100, batchSize: 16, learningRate: 0.005, seed: round });
    const logits = await cross.logits(rows.map(({ query, text }) => [query, text]));
    const isYes = logits.map((own) => (own.length === 1 ? own[0]! > 0 : own[0]! > own[1]!));
    right = isYes.filter((yes, i) => yes === (rows[i]!.label === 1)).length;
  }
  const saved = await cross.save({ merged: true });
  cross.dispose();
  encoder.dispose();
  return saved;
}

const sources = (model: FileMap): JobSources => ({
  ...sourcesOf(files),
  async findModel() {
    const { name, open } = await modelSource(model);
    return { name, open, origin: "memory" };
  },
});

const spec: RankJobSpec = {
  task: "rank",
  model: "ready",
  data: "rows.csv",
  steps: 20,
  batchSize: 16,
  learningRate: 1e-3,
  rank: 4,
  evaluateEvery: 10,
  validationSplit: 0.25,
  testSplit: 0.25,
};

let ready: FileMap;
let classes: FileMap;
beforeAll(async () => {
  ready = await trained(1);
  classes = await trained(["yes", "no"]);
});

it("a run starts from a ready reranker, whose order is the yardstick", async () => {
  const evaluations: JobEvent[] = [];
  const onProgress = (event: JobEvent) => void (event.type === "evaluation" && evaluations.push(event));
  const store = memoryStore();
  const { report } = await runJob(spec, store, { sources: sources(ready), onProgress });
  const { yardsticks, after } = report.result;
  expect(Object.keys(yardsticks)).toEqual(["start"]);
  // A new head is near 0.8 here, the order of chance.
  expect(yardsticks.start!["ndcg@10"]).toBeGreaterThan(0.95);
  expect(after["ndcg@10"]).toBeGreaterThanOrEqual(0.95);
  const [first] = evaluations as Extract<JobEvent, { type: "evaluation" }>[];
  expect(first!.step).toBe(0);
  expect(first!.loss).toBeLessThan(0.3);
  const cross = await CrossEncoder.load(store.files(), { model: ready });
  const [right, wrong] = await cross.predict([
    [rows[0]!.query, rows[0]!.text],
    [rows[1]!.query, rows[1]!.text],
  ]);
  expect(right).toBeGreaterThan(wrong!);
  cross.dispose();
});

it("folds each start from the ready head", async () => {
  const { testSplit: _, ...own } = spec;
  const { metrics } = await runFolds({ ...own, steps: 2, evaluateEvery: 2 }, 3, memoryStore(), {
    sources: sources(ready),
  });
  expect(metrics["ndcg@10"]!.mean).toBeGreaterThan(0.95);
});

it.each([
  ["named.csv", ["no", "yes"]],
  ["numbered.csv", ["0", "1"]],
] as const)("a head with classes gives them in the order of the data: %s", async (data, labels) => {
  const model = data === "named.csv" ? classes : { ...classes, "config.json": numbered(classes["config.json"]!) };
  const store = memoryStore();
  const given: RankJobSpec = { ...spec, data, loss: "cross-entropy" };
  const { report } = await runJob(given, store, { sources: sources(model) });
  expect(report.data.labels).toEqual(labels);
  const { start, largestClass } = report.result.yardsticks;
  expect(start!["accuracy"]).toBeGreaterThan(0.9);
  expect(largestClass!["accuracy"]).toBe(0.5);
});

/** config.json without names of classes. */
function numbered(bytes: Uint8Array): Uint8Array {
  const config = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  const id2label = { 0: "LABEL_0", 1: "LABEL_1" };
  return new TextEncoder().encode(JSON.stringify({ ...config, id2label }));
}

it("a head with other labels is not used, and a warning says so", async () => {
  const told: string[] = [];
  const onProgress = (event: JobEvent) => void (event.type === "warning" && told.push(event.message));
  const { report } = await runJob(spec, memoryStore(), { sources: sources(classes), onProgress });
  expect(report.result.yardsticks.start).toBeUndefined();
  expect(told).toContain(
    'the model\'s head has the classes "yes", "no", and the data have one score: a new head is trained',
  );
});

it("the command line trains a ready reranker on", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-ready-"));
  try {
    const at = (name: string) => join(folder, name);
    await writeFilesAtomically(at("ready"), ready);
    await writeFile(at("rows.csv"), files["rows.csv"]);
    const command = ["finetune", "--task", "rank", "--model", at("ready"), "--data", at("rows.csv"), "--steps", "5"];
    const found = await lowrank([
      ...command,
      "--learning-rate",
      "1e-4",
      "--validation-split",
      "0.2",
      "--out",
      at("run"),
    ]);
    expect({ code: found.code, err: found.err }).toEqual({
      code: 0,
      err: expect.stringMatching(/^.*: 18 examples to measure on are few: [^\n]*\(small-test\)\n$/),
    });
    expect(found.out).toMatch(/the cross-encoder before training +(1|0\.9)/);
    const measured = await lowrank(["evaluate", "--run", at("run"), "--json"]);
    expect((JSON.parse(measured.out) as Record<string, number>)["ndcg@10"]).toBeGreaterThan(0.9);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
