import { writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { ConfigError, CrossEncoder, mineHardNegatives, SentenceEncoder } from "../../../ts/index.js";
import { type JobSources, memoryStore, type MemoryStore, type RankJobSpec, runJob } from "../../../ts/jobs/index.js";
import { modelSource } from "../../../ts/io/model-locator.js";
import type { JobOptions } from "../../../ts/jobs/run-job.js";
import { lowrank, makeFixture } from "../../cli/fixture.js";
import { schemaProblems } from "../../jobs/report-schema.js";
import { csvOf, results, resumedResults, sourcesOf } from "../../jobs/tiny-job.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";
import { questions } from "../question-rows.js";

const rows = questions.map(({ anchor: query, positive }) => ({ query, positive }));
const files: Record<string, Uint8Array<ArrayBuffer>> = {
  "pairs.csv": csvOf(rows),
  "later.csv": csvOf(rows.slice(0, 12)),
  "triplets.csv": csvOf(rows.map((row, i) => ({ ...row, negative: rows[(i + 1) % rows.length]!.positive }))),
};
const sources = sourcesOf(files);
const spec: RankJobSpec = {
  task: "rank",
  model: "tiny",
  data: "pairs.csv",
  steps: 16,
  batchSize: 8,
  learningRate: 0.01,
  rank: 4,
  targetModules: "all-linear",
  evaluateEvery: 8,
  mineNegatives: { numNegatives: 2 },
};
const parts = { validation: "later.csv", test: "later.csv" };
const run = (given: RankJobSpec, store: MemoryStore, options: JobOptions = {}) =>
  runJob(given, store, { sources, ...options });

beforeAll(async () => {
  using encoder = await SentenceEncoder.load(await tinyEncoder());
  const pairs = rows.map(({ query, positive }) => [query, positive] as const);
  const found = await mineHardNegatives(encoder, pairs, { numNegatives: 2, outputFormat: "labeled-list" });
  const lists = found.flatMap((row) => {
    const { query, documents, labels } = row as { query: string; documents: string[]; labels: number[] };
    return documents.map((text, i) => ({ query, text, label: labels[i]! }));
  });
  files["mined.csv"] = csvOf(lists);
});

describe("mineNegatives of a reranker's run", () => {
  it("trains on queries with what fits and what mineHardNegatives finds, and measures such lists", async () => {
    const { report } = await run({ ...spec, ...parts }, memoryStore());
    expect(report.result.loss).toBe("binary-cross-entropy");
    expect(report.data.train).toMatchObject({ examples: 180, negatives: 120 });
    // Negatives of those that are measured are looked for among all texts.
    expect(report.data.test).toMatchObject({ examples: 36, negatives: 24 });
    expect(report.result.yardsticks.cosine!["ndcg@10"]).toBeLessThan(1);
    const columns = { data: "mined.csv", validation: "mined.csv", test: "mined.csv", mineNegatives: null };
    const { report: given } = await run({ ...spec, ...columns }, memoryStore());
    expect(report.steps.map(({ loss }) => loss)).toEqual(given.steps.map(({ loss }) => loss));
  });

  it("makes lists for a loss of lists, and goes on to the same bits after an interruption", async () => {
    const own: RankJobSpec = { ...spec, loss: "list-net", validationSplit: 0.2, testSplit: 0.25 };
    const whole = memoryStore();
    const { report } = await run(own, whole);
    expect(report.data.train).toMatchObject({ examples: 36, negatives: 72 });
    expect(schemaProblems(whole.files())).toEqual([]);
    expect(await resumedResults(run, own, 13)).toEqual(results(whole.files()));
  });

  it.each([
    [
      { data: "triplets.csv" },
      /triplets\.csv: mineNegatives finds negatives for rows.*query, positive, negative; omit/,
    ],
    [{ data: "mined.csv" }, /mined\.csv: mineNegatives finds negatives for rows.*query, text, label; omit/],
    [{ mineNegatives: { minScore: 2 } }, /pairs\.csv: mineNegatives finds no text/],
    [{ mineNegatives: { numNegatives: 0 } }, /mineNegatives: numNegatives/],
    [{ mineNegatives: null }, /pairs\.csv has the columns "query", "positive"/],
  ] as const)("%o is refused", async (own, message) => {
    const error = await run({ ...spec, ...parts, ...own }, memoryStore()).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
  });

  it("is refused for a ready cross-encoder, whose vectors compare no texts", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const files = await CrossEncoder.create(encoder, { labels: 1 }).save({ merged: true });
    const findModel: JobSources["findModel"] = async () => ({ ...(await modelSource(files)), origin: "memory" });
    const own = { sources: { ...sources, findModel } };
    const error = await run({ ...spec, ...parts }, memoryStore(), own).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(/mineNegatives compares vectors of texts, and .* is a cross-encoder/);
  });
});

it("finetune --task rank --mine-negatives, and evaluate with judged texts", async () => {
  const { model, path, remove } = await makeFixture();
  try {
    await writeFile(path("pairs.csv"), files["pairs.csv"]!);
    await writeFile(path("judged.csv"), files["mined.csv"]!);
    const command = ["finetune", "--task", "rank", "--data", path("pairs.csv"), "--model", model, "--steps", "3"];
    const trained = await lowrank([...command, "--out", path("run"), "--mine-negatives"]);
    expect(trained.code).toBe(0);
    expect(trained.out).toMatch(/192 examples with 144 mined negatives for training/);
    const judged = await lowrank(["evaluate", "--run", path("run"), "--model", model, "--data", path("judged.csv")]);
    expect(judged.out).toMatch(/180 examples[^]*NDCG@10 +[\d.]+ \([\d.]+ to [\d.]+\)\n[^]*\nIn brackets: 95 %/);
    // Its own test has no texts that fit no query.
    const again = await lowrank(["evaluate", "--run", path("run"), "--model", model]);
    expect(again.err).toMatch(/pairs\.csv has the columns "query", "positive"/);
  } finally {
    await remove();
  }
});
