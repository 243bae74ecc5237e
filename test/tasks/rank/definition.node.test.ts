import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { ConfigError, CrossEncoder } from "../../../ts/index.js";
import {
  type JobEvent,
  memoryStore,
  type MemoryStore,
  type RankJobSpec,
  runFolds,
  runJob,
} from "../../../ts/jobs/index.js";
import type { JobOptions } from "../../../ts/jobs/run-job.js";
import { judgedQueries, rankMetrics } from "../../../ts/tasks/rank/rank-quality.js";
import { lowrank } from "../../cli/fixture.js";
import { schemaProblems } from "../../jobs/report-schema.js";
import { csvOf, results, resumedResults, sourcesOf } from "../../jobs/tiny-job.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";
import { things, words } from "../question-rows.js";

/** A query with four texts of which the one with a good word is right, whatever the query says: cosines do not know that. */
const rows = things.flatMap((thing) =>
  words.flatMap((word, i) =>
    [0, 6, 8, 10].map((place) => ({
      query: `Was the ${thing} ${word}?`,
      text: `It is ${words[place === 0 ? i % 6 : 6 + ((place + i) % 6)]!}, the ${thing}.`,
      label: place === 0 ? 1 : 0,
    })),
  ),
);
const files: Record<string, Uint8Array<ArrayBuffer>> = {
  "rows.csv": csvOf(rows),
  "scores.csv": csvOf(
    rows.map(({ query, text, label }, i) => ({ query, text, score: label === 1 ? 4 + (i % 2) : (i % 3) / 2 })),
  ),
  "grades.csv": csvOf(rows.map(({ label, ...row }, i) => ({ ...row, label: label === 1 ? 3 : i % 2 }))),
};
const sources = sourcesOf(files);
const spec: RankJobSpec = {
  task: "rank",
  model: "tiny",
  data: "rows.csv",
  steps: 120,
  batchSize: 16,
  learningRate: 0.01,
  rank: 4,
  targetModules: "all-linear",
  dropout: 0.05,
  evaluateEvery: 40,
  validationSplit: 0.2,
  testSplit: 0.25,
};
const run = (given: RankJobSpec, store: MemoryStore, options: JobOptions = {}) =>
  runJob(given, store, { sources, ...options });

let whole: MemoryStore;
let report: Awaited<ReturnType<typeof run>>["report"];
const events: JobEvent[] = [];
beforeAll(async () => {
  whole = memoryStore();
  ({ report } = await run(spec, whole, { onProgress: (event) => events.push(event) }));
});

it("orders texts better than cosines of the base, and leaves a cross-encoder that gives the same order", async () => {
  const { yardsticks, after, measuredOn, loss, queries, relevantAbove } = report.result;
  expect([measuredOn, loss, queries, relevantAbove]).toEqual(["test", "binary-cross-entropy", 15, 0.5]);
  expect(Object.keys(report.metrics)).toEqual(["ndcg@10", "mrr@10", "map"]);
  expect(after["ndcg@10"]).toBeGreaterThan(yardsticks.cosine!["ndcg@10"]!);
  // One right text of four in any order: 1 + 0.63 + 0.5 + 0.43, by four.
  expect(after["ndcg@10"]).toBeGreaterThan(0.75);
  const { value, interval } = report.metrics["ndcg@10"]!;
  expect(interval![0]).toBeLessThanOrEqual(value);
  expect(interval![1]).toBeGreaterThanOrEqual(value);
  const saved = whole.files();
  expect(schemaProblems(whole.files())).toEqual([]);
  const told = events.flatMap((event) => (event.type === "evaluation" ? [event] : []));
  expect(told.map(({ step }) => step)).toEqual([0, 40, 80, 120]);
  expect(report.evaluation!.best.value).toBe(Math.max(...told.map(({ metrics }) => metrics["ndcg@10"]!)));
  const cross = await CrossEncoder.load(saved, { model: await tinyEncoder() });
  const scores = await cross.predict(rows.map(({ query, text }) => [query, text]));
  expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
  const judged = judgedQueries(
    rows.map(({ query, text, label }) => ({ text: query, texts: [text], labels: [label] })),
    scores.map((score) => [score]),
    0.5,
  );
  const all = rankMetrics(judged, 0.5);
  expect(all["ndcg@10"]).toBeGreaterThan(0.8);
  cross.dispose();
});

it("goes on to the same bits after an interruption", async () => {
  expect(await resumedResults(run, spec, 77)).toEqual(results(whole.files()));
});

it("folds keep the texts of a query together", async () => {
  const { testSplit: _, ...own } = spec;
  const { metrics, folds } = await runFolds({ ...own, steps: 20 }, 3, memoryStore(), { sources });
  expect(folds).toHaveLength(3);
  expect(metrics["ndcg@10"]!.mean).toBeGreaterThan(0.5);
});

it("warns where cosines of the base order the texts better", async () => {
  // The right text has the query's word, which vectors of an untrained encoder show already.
  const alike = rows.map(({ query }, i) => {
    const [thing, word] = /the (\w+) (\w+)/.exec(query)!.slice(1) as [string, string];
    const place = (words.indexOf(word) + [0, 1, 3, 6][i % 4]!) % 12;
    return { query, text: `It is ${words[place]!}, the ${thing}.`, label: i % 4 === 0 ? 1 : 0 };
  });
  files["alike.csv"] = csvOf(alike);
  const told: string[] = [];
  const onProgress = (event: JobEvent) => void (event.type === "warning" && told.push(event.message));
  const { report: found } = await run({ ...spec, data: "alike.csv", steps: 2 }, memoryStore(), { onProgress });
  expect(found.result.after["ndcg@10"]).toBeLessThan(found.result.yardsticks.cosine!["ndcg@10"]!);
  expect(told).toEqual([expect.stringMatching(/^the cosines of the base model's vectors order the texts better/)]);
});

it.each([
  ["scores.csv", {}, "mse"],
  ["grades.csv", {}, "lambda"],
  ["grades.csv", { loss: "list-net" }, "list-net"],
  ["rows.csv", { loss: "rank-net" }, "rank-net"],
] as const)("%s with %o is trained with %s", async (data, own, loss) => {
  const { report: found } = await run({ ...spec, ...own, data, steps: 80 }, memoryStore());
  expect(found.result.loss).toBe(loss);
  expect(found.result.after["ndcg@10"]).toBeGreaterThan(found.result.yardsticks.cosine!["ndcg@10"]!);
  // An example of a loss of lists is a query with its texts.
  expect(found.data.test!.examples).toBe(loss === "mse" ? 60 : 15);
});

it.each([
  ["columns", "x,y\na,b\n", {}, /bad\.csv has the columns "x", "y"; expected are query and text .*with label or score/],
  [
    "an empty text",
    'query,text,label\na,b,1\nc,"",0\n',
    {},
    /bad\.csv, line 3: a text that is not empty .* column "text"/,
  ],
  ["NaN", "query,text,label\na,b,1\nc,d,NaN\n", {}, /line 3: a number is expected in column "label", got "NaN"/],
  [
    "a label for another loss",
    "query,text,label\na,b,1\nc,d,2\n",
    { loss: "binary-cross-entropy" },
    /line 3: for the loss "binary-cross-entropy" 0 to 1/,
  ],
  [
    "a negative grade",
    "query,text,label\na,b,1\na,d,-2\n",
    {},
    /line 3: for the loss "lambda" a grade from 0 to \d+ is expected/,
  ],
  ["equal labels", `query,text,label\n${"abcdefgh".replace(/./g, "$&,b,1\n")}`, {}, /have the same label/],
  [
    "lists of one",
    `query,text,label\n${"abcdefgh".replace(/./g, "$&,b,3\n")}`,
    {},
    /each query to train on has one text/,
  ],
] as [string, string, Partial<RankJobSpec>, RegExp][])("%s: refused by its place", async (_, table, own, message) => {
  files["bad.csv"] = new TextEncoder().encode(table);
  const store = memoryStore();
  const running = run({ ...spec, data: "bad.csv", ...own }, store);
  await expect(running).rejects.toThrow(message);
  await expect(running).rejects.toBeInstanceOf(ConfigError);
  expect(store.files()).toEqual({});
});

// scikit-learn: ndcg_score([labels], [scores], k=10).
it("NDCG of grades is scikit-learn's, and queries without a relevant text do not count", () => {
  const of = (labels: number[], scores: number[]) => ({
    row: { text: `${labels}`, texts: labels.map(String), labels },
    scores,
  });
  const [graded, tied, none] = [
    of([3, 2, 3, 0, 1, 2], [6, 5, 4, 3, 2, 1]),
    of([0, 1, 2, 3], [1, 1, 1, 1]),
    of([0, 1], [1, 2]),
  ];
  const ndcg = (...queries: (typeof graded)[]) => {
    const judged = judgedQueries(
      queries.map(({ row }) => row),
      queries.map(({ scores }) => scores),
      1.5,
    );
    return rankMetrics(judged, 1.5)["ndcg@10"];
  };
  expect(ndcg(graded)).toBeCloseTo(0.9608081943360616, 12);
  expect(ndcg(tied, none)).toBeCloseTo(0.8069136566720543, 12);
  expect(ndcg(none)).toBe(0);
});

it("the command line trains, inspects and measures it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-rank-"));
  try {
    const at = (name: string) => join(folder, name);
    await writeFile(at("rows.csv"), files["rows.csv"]!);
    for (const [name, bytes] of Object.entries(await tinyEncoder())) await writeFile(at(name), bytes);
    const command = ["finetune", "--task", "rank", "--model", folder, "--data", at("rows.csv"), "--steps", "40"];
    command.push("--learning-rate", "0.01", "--target-modules", "all-linear", "--validation-split", "0.2");
    const trained = await lowrank([...command, "--out", at("run")]);
    expect({ code: trained.code, err: trained.err }).toEqual({ code: 0, err: "" });
    expect(trained.out).toMatch(/keeps +the step with the highest validation NDCG@10, measured every \d+ steps/);
    expect(trained.out).toMatch(
      /NDCG@10 +MRR@10 +average precision\n.*cosines of the base model's vectors +[\d.]+.*\n.*head and adapter +[\d.]+/,
    );
    expect((await lowrank(["inspect", at("run")])).out).toMatch(/rows\.csv, task rank[^]*NDCG@10 +[\d.]+/);
    const measured = await lowrank(["evaluate", "--run", at("run"), "--model", folder, "--json"]);
    const { metrics } = JSON.parse(readFileSync(at("run/report.json"), "utf8")) as typeof report;
    const found = JSON.parse(measured.out) as Record<string, number>;
    expect(found["ndcg@10"]).toBeCloseTo(metrics["ndcg@10"]!.value, 6);
    expect((await lowrank(["predict", "--run", at("run"), "a text"])).err).toMatch(
      /is a cross-encoder.* pass a query and at least one text/,
    );
    const base = ["--run", at("run"), "--model", folder];
    const scored = await lowrank(["predict", ...base, "Was the film good?", "It is good, the film.", "It is bad."]);
    expect(scored.out).toMatch(/^0?\.\d+ +It is good, the film\.\n0?\.\d+ +It is bad\.\n$/);
    const written = await lowrank(["predict", ...base, "--file", at("rows.csv"), "--out", at("scored.csv")]);
    expect(written).toMatchObject({ code: 0, err: expect.stringMatching(/240 predictions written/) as string });
    expect(readFileSync(at("scored.csv"), "utf8")).toMatch(
      /^query,text,label,score\n"?Was the film good\?"?,.*,1,0\.\d+\n/,
    );
    const looked = await lowrank(["data", at("rows.csv"), "--task", "rank"]);
    expect(looked.out).toMatch(
      /240 examples for training: 60 queries, 240 texts, labels from 0 to 1, median 0, mean 0\.25/,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
