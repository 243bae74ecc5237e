import { readFile, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { ConfigError, mineHardNegatives, SentenceEncoder } from "../../../ts/index.js";
import {
  type JobEvent,
  memoryStore,
  type MemoryStore,
  type PairsJobSpec,
  runFolds,
  runJob,
} from "../../../ts/jobs/index.js";
import type { JobOptions } from "../../../ts/jobs/run-job.js";
import { lowrank, makeFixture } from "../../cli/fixture.js";
import { schemaProblems } from "../../jobs/report-schema.js";
import { csvOf, results, resumedResults, sourcesOf } from "../../jobs/tiny-job.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";
import { questions } from "../question-rows.js";

const rows = questions.map(({ anchor, positive }) => ({ anchor, positive }));
const files: Record<string, Uint8Array<ArrayBuffer>> = {
  "pairs.csv": csvOf(rows),
  "triplets.csv": csvOf(rows.map((row, i) => ({ ...row, negative: rows[(i + 1) % rows.length]!.positive }))),
  "two.csv": csvOf(rows.slice(0, 2)),
};
const sources = sourcesOf(files);
const spec: PairsJobSpec = {
  task: "pairs",
  model: "tiny",
  data: "pairs.csv",
  steps: 24,
  batchSize: 8,
  learningRate: 0.01,
  rank: 4,
  targetModules: "all-linear",
  evaluateEvery: 12,
  mineNegatives: { numNegatives: 2 },
};
const parts = { validation: "pairs.csv", test: "pairs.csv" };
const run = (given: PairsJobSpec, store: MemoryStore, options: JobOptions = {}) =>
  runJob(given, store, { sources, ...options });
const told = async (given: PairsJobSpec) => {
  const events: JobEvent[] = [];
  const { report } = await run(given, memoryStore(), { onProgress: (event) => void events.push(event) });
  const warnings = events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
  const [ready] = events.flatMap((event) => (event.type === "ready" ? [event.job] : []));
  return { report, warnings, ready: ready! };
};

beforeAll(async () => {
  using encoder = await SentenceEncoder.load(await tinyEncoder());
  const found = await mineHardNegatives(encoder, rows, { numNegatives: 2, outputFormat: "n-tuple" });
  files["mined.csv"] = csvOf(
    found.map((row) => {
      const { anchor, positive, negatives } = row as { anchor: string; positive: string; negatives: string[] };
      return { anchor, positive, negative_1: negatives[0]!, negative_2: negatives[1]! };
    }),
  );
});

describe("mineNegatives of a run on pairs", () => {
  it("trains on what mineHardNegatives finds with the base model among the rows to train on", async () => {
    const { report, ready, warnings } = await told({ ...spec, ...parts });
    expect(ready.data.train).toMatchObject({ examples: 60, negatives: 120 });
    expect(report.data.train).toMatchObject({ examples: 60, negatives: 120 });
    expect(report.data.test).toMatchObject({ examples: 60, negatives: 0 });
    expect(warnings.filter((warning) => warning.includes("left out"))).toEqual([]);
    const columns = { data: "mined.csv", validation: "mined.csv", test: "mined.csv", mineNegatives: null };
    const { report: given } = await run({ ...spec, ...columns }, memoryStore());
    expect(report.steps.map(({ loss }) => loss)).toEqual(given.steps.map(({ loss }) => loss));
    const { report: plain } = await run({ ...spec, ...parts, mineNegatives: null }, memoryStore());
    expect(plain.steps[0]!.loss).not.toBe(report.steps[0]!.loss);
  });

  it("goes on to the same bits after an interruption", async () => {
    const own: PairsJobSpec = { ...spec, validationSplit: 0.2, testSplit: 0.25, dropout: 0.05 };
    const whole = memoryStore();
    await run(own, whole);
    expect(schemaProblems(whole.files())).toEqual([]);
    expect(await resumedResults(run, own, 17)).toEqual(results(whole.files()));
  });

  it("leaves out rows with fewer negatives than asked for, and says so", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const limits = { numNegatives: 2, relativeMargin: 0.02 };
    const found = await mineHardNegatives(encoder, rows, { ...limits, outputFormat: "n-tuple" });
    expect(found.length).toBeGreaterThan(1);
    expect(found.length).toBeLessThan(60);
    const { ready, warnings } = await told({ ...spec, ...parts, mineNegatives: limits });
    expect(ready.data.train).toMatchObject({ examples: found.length, negatives: 2 * found.length });
    const said = `pairs.csv: ${60 - found.length} of 60 rows to train on are left out, since fewer than 2 negatives were found for them`;
    expect(warnings).toContain(said);
  });

  it("is made anew for each fold", async () => {
    const { folds } = await runFolds({ ...spec, steps: 8 }, 3, memoryStore(), { sources });
    expect(folds).toHaveLength(3);
  });

  it.each([
    [
      { data: "triplets.csv" },
      /triplets\.csv: mineNegatives finds negatives for rows.*anchor, positive, negative; omit/,
    ],
    [{ mineNegatives: { numNegatives: 0 } }, /mineNegatives: numNegatives/],
    [{ mineNegatives: { corpus: [] } as object }, /mineNegatives.*corpus/],
    [{ mineNegatives: [] as object }, /mineNegatives.*object of options of mineHardNegatives/],
    [{ mineNegatives: { minScore: 2 } }, /pairs\.csv: mineNegatives leaves 0 of 60 rows with 3 negatives each/],
    [{ data: "two.csv", ...parts }, /two\.csv: mineNegatives leaves 0 of 2 rows/],
  ] as const)("%o is refused", async (own, message) => {
    const error = await run({ ...spec, ...parts, ...own }, memoryStore()).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
  });
});

it("finetune --mine-negatives says how many were found, and the run is evaluated", async () => {
  const { model, path, remove } = await makeFixture();
  try {
    await writeFile(path("pairs.csv"), files["pairs.csv"]!);
    const command = ["finetune", "--task", "pairs", "--data", path("pairs.csv"), "--model", model, "--steps", "3"];
    const trained = await lowrank([...command, "--out", path("run"), "--mine-negatives"]);
    expect(trained.code).toBe(0);
    expect(trained.out).toMatch(/48 examples with 144 mined negatives for training/);
    const { settings } = JSON.parse(await readFile(path("run", "report.json"), "utf8")) as { settings: object };
    expect(settings).toMatchObject({ mineNegatives: {} });
    const measured = await lowrank(["evaluate", "--run", path("run"), "--model", model]);
    expect(measured.out).toMatch(/12 examples[^]*NDCG@10 +[\d.]+ \([\d.]+ to [\d.]+\)\n[^]*\nIn brackets: 95 %/);
    const options = "numNegatives=1,samplingStrategy=random";
    const own = await lowrank([...command, "--out", path("own"), "--mine-negatives", options]);
    expect(own.out).toMatch(/48 examples with 48 mined negatives for training/);
    const wrong = await lowrank([...command, "--out", path("no"), "--mine-negatives", "negatives=1"]);
    expect(wrong.err).toMatch(/--mine-negatives.*negatives.*numNegatives/);
  } finally {
    await remove();
  }
});
