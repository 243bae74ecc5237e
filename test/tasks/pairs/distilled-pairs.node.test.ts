import { beforeAll, expect, it } from "vitest";
import { SentenceEncoder } from "../../../ts/index.js";
import { type JobEvent, memoryStore, type PairsJobSpec, runJob } from "../../../ts/jobs/index.js";
import { csvOf, results, resumedResults, sourcesOf } from "../../jobs/tiny-job.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";
import { questions } from "../question-rows.js";

const rows = questions.slice(0, 48);
const json = (lines: readonly object[]) => new TextEncoder().encode(lines.map((row) => JSON.stringify(row)).join("\n"));
const files: Record<string, Uint8Array<ArrayBuffer>> = {
  "margins.csv": csvOf(rows.map((row, i) => ({ ...row, margin: 8 + (i % 3) }))),
  "scores.csv": csvOf(rows.map((row, i) => ({ ...row, positive_score: 9 + (i % 3), negative_score: 1 }))),
  "several.jsonl": json(
    rows.map(({ anchor, positive, negative }, i) => ({
      anchor,
      positive,
      negatives: [negative, rows[(i + 12) % rows.length]!.negative],
      margins: [8, 10],
    })),
  ),
};
const sources = sourcesOf(files);
const spec: PairsJobSpec = {
  task: "pairs",
  model: "tiny",
  data: "margins.csv",
  steps: 100,
  batchSize: 12,
  learningRate: 0.01,
  rank: 4,
  targetModules: "all-linear",
  evaluateEvery: 25,
  validationSplit: 0.2,
  testSplit: 0.25,
};
const run = (own: Partial<PairsJobSpec>, onProgress: (event: JobEvent) => void = () => undefined) =>
  runJob({ ...spec, ...own }, memoryStore(), { sources, onProgress });

const texts = rows.flatMap(({ anchor, positive }) => [anchor, positive]);
let vectors: readonly Float32Array[];
beforeAll(async () => {
  // A teacher with other weights: the same model with an adapter of random numbers.
  using teacher = await SentenceEncoder.load(await tinyEncoder(), { seed: 3 });
  teacher.addAdapter("teacher", { rank: 4, targetModules: "all-linear", initLoraWeights: "gaussian" });
  await teacher.fit(rows, { adapter: "teacher", steps: 30, batchSize: 12, learningRate: 0.01 });
  vectors = await teacher.encode(texts, { adapter: "teacher", normalize: false });
  files["vectors.jsonl"] = json(texts.map((text, i) => ({ text, vector: [...vectors[i]!] })));
  files["vectors.csv"] = csvOf(texts.map((text, i) => ({ text, vector: `[${[...vectors[i]!].join(", ")}]` })));
});

it.each(["margins.csv", "scores.csv", "several.jsonl"])(
  "margins of a teacher are trained with margin-mse, and measured by a search: %s",
  async (data) => {
    // The last step is kept: so few rows do not make a search among all documents better.
    const { report } = await run({ data, validationSplit: 0, evaluateEvery: null });
    const { loss, form, yardsticks, after } = report.result;
    expect([loss, form]).toEqual(["margin-mse", "margins"]);
    expect(Object.keys(after)).toContain("ndcg@10");
    expect(after["accuracy"]).toBeGreaterThan(yardsticks.base["accuracy"]!);
    const losses = report.steps.map((step) => step.loss);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  },
);

it.each(["vectors.jsonl", "vectors.csv"])(
  "vectors of a teacher are trained with mse, and measured by cosine: %s",
  async (data) => {
    const evaluations: JobEvent[] = [];
    const { report } = await run({ data }, (event) => void (event.type === "evaluation" && evaluations.push(event)));
    const { loss, form, yardsticks, after, documents } = report.result;
    expect([loss, form, documents]).toEqual(["mse", "vectors", null]);
    expect(Object.keys(report.metrics)).toEqual(["cosine"]);
    expect(yardsticks.bm25).toBeNull();
    expect(after["cosine"]).toBeGreaterThan(yardsticks.base["cosine"]!);
    const [first] = evaluations as Extract<JobEvent, { type: "evaluation" }>[];
    // Before the first step the loss is the base's distance from the teacher.
    expect(first!.loss).toBeGreaterThan((evaluations.at(-1) as typeof first)!.loss);
  },
);

it("a run on vectors goes on to the same bits after an interruption", async () => {
  const store = memoryStore();
  const given: PairsJobSpec = { ...spec, data: "vectors.jsonl", steps: 40 };
  await runJob(given, store, { sources });
  const again = (next: PairsJobSpec, to: Parameters<typeof runJob>[1], options = {}) =>
    runJob(next, to, { sources, ...options });
  expect(await resumedResults(again, given, 30)).toEqual(results(store.files()));
});

it.each([
  [
    "a vector of another length",
    "jsonl",
    '{"text":"a","vector":[1,2]}\n{"text":"b","vector":[1,2]}',
    /line 1: a vector of 32 numbers is expected, as this model has them, got 2/,
  ],
  [
    "a vector with a text in it",
    "jsonl",
    '{"text":"a","vector":[1,"2"]}',
    /line 1: a list of numbers, the teacher's vector, is expected in column "vector"/,
  ],
  [
    "a vector that is none",
    "csv",
    "text,vector\na,much\n",
    /line 2: a list of numbers, the teacher's vector, is expected/,
  ],
  [
    "a margin that is none",
    "csv",
    "anchor,positive,negative,margin\na,b,c,\n",
    /line 2: a number is expected in column "margin"/,
  ],
  [
    "fewer margins than negatives",
    "csv",
    "anchor,positive,negative_1,negative_2,margin_1\na,b,c,d,1\n",
    /2 columns of negatives and 1 of margins/,
  ],
] as const)("%s: refused by its place", async (_, format, table, message) => {
  const data = `bad.${format}`;
  files[data] = new TextEncoder().encode(table + (table.includes("1,2]") ? `\n${table}`.repeat(5) : ""));
  await expect(run({ data, testSplit: null, validation: data, validationSplit: null })).rejects.toThrow(message);
});
