import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ConfigError, SentenceEncoder, similarityMetrics } from "../../../ts/index.js";
import {
  type JobEvent,
  memoryStore,
  type MemoryStore,
  type PairsJobSpec,
  runFolds,
  runJob,
} from "../../../ts/jobs/index.js";
import type { JobOptions } from "../../../ts/jobs/run-job.js";
import { lowrank } from "../../cli/fixture.js";
import { schemaProblems } from "../../jobs/report-schema.js";
import { csvOf, results, resumedResults, sourcesOf } from "../../jobs/tiny-job.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";
import { questions as rows } from "../question-rows.js";

const scored = rows.map(({ anchor, positive, negative }, i) => ({
  sentence1: anchor,
  sentence2: i % 2 === 0 ? positive : negative,
  score: i % 2 === 0 ? 4 + (i % 3) / 2 : (i % 5) / 5,
}));
const files: Record<string, Uint8Array<ArrayBuffer>> = {
  "pairs.csv": csvOf(rows.map(({ anchor, positive }) => ({ anchor, positive }))),
  "triplets.csv": csvOf(rows),
  "scores.csv": csvOf(scored),
  "labels.csv": csvOf(
    scored.map(({ sentence1, sentence2, score }) => ({ sentence1, sentence2, label: score > 3 ? 1 : 0 })),
  ),
  "classes.csv": csvOf(rows.map(({ anchor }) => ({ text: anchor, label: anchor.split(" ").at(-1)! }))),
};
const sources = sourcesOf(files);
const spec: PairsJobSpec = {
  task: "pairs",
  model: "tiny",
  data: "pairs.csv",
  steps: 120,
  batchSize: 12,
  learningRate: 0.01,
  rank: 4,
  targetModules: "all-linear",
  dropout: 0.05,
  evaluateEvery: 30,
  validationSplit: 0.2,
  testSplit: 0.25,
};
const run = (given: PairsJobSpec, store: MemoryStore, options: JobOptions = {}) =>
  runJob(given, store, { sources, ...options });
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

let whole: MemoryStore;
let report: Awaited<ReturnType<typeof run>>["report"];
const events: JobEvent[] = [];
beforeAll(async () => {
  whole = memoryStore();
  ({ report } = await run(spec, whole, { onProgress: (event) => events.push(event) }));
});

describe("a run on pairs", () => {
  it("finds more than the base and than words, and says so in its report", () => {
    const { yardsticks, after, measuredOn, form, loss, documents, dimensions } = report.result;
    expect([measuredOn, form, loss, documents, dimensions]).toEqual([
      "test",
      "search",
      "multiple-negatives-ranking",
      60,
      null,
    ]);
    expect(after["ndcg@10"]).toBeGreaterThan(yardsticks.base["ndcg@10"]! + 0.1);
    expect(after["ndcg@10"]).toBeGreaterThan(yardsticks.bm25!["ndcg@10"]!);
    const names = ["ndcg@10", "mrr@10", "recall@1", "recall@10", "map@100"];
    expect(Object.keys(report.metrics)).toEqual(names);
    expect(names.map((name) => report.metrics[name]!.value)).toEqual(names.map((name) => after[name]));
    const { value, interval } = report.metrics["ndcg@10"]!;
    expect(interval![0]).toBeLessThan(value);
    expect(interval![1]).toBeGreaterThan(value);
    expect(schemaProblems(whole.files())).toEqual([]);
    const [ready] = events.flatMap((event) => (event.type === "ready" ? [event.job] : []));
    expect(ready).toMatchObject({ task: "pairs", chosenBy: "ndcg@10", parameters: { head: 0 } });
    const told = events.flatMap((event) => (event.type === "evaluation" ? [event] : []));
    expect(told.map(({ step }) => step)).toEqual([0, 30, 60, 90, 120]);
    // The step with the best search is kept, not the one with the lowest loss.
    const best = Math.max(...told.map(({ metrics }) => metrics["ndcg@10"]!));
    expect(report.evaluation!.best.value).toBe(best);
    expect(told.every(({ loss: own }) => own > 0)).toBe(true);
  });

  it("leaves a folder of sentence-transformers, whose vectors are those that were measured", async () => {
    const saved = whole.files();
    for (const name of ["modules.json", "1_Pooling/config.json", "config_sentence_transformers.json", "README.md"])
      expect(saved).toHaveProperty([name]);
    expect(JSON.parse(text(saved["adapter_config.json"]))).toMatchObject({ r: 4, task_type: "FEATURE_EXTRACTION" });
    expect(text(saved["README.md"])).toMatch(/\n\| ndcg@10 \| [01](\.\d{1,4})? \|\n/);
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    encoder.loadAdapter("search", saved);
    const find = async (adapter: string | null) => {
      const queries = await encoder.encode(
        rows.map(({ anchor }) => anchor),
        { adapter, normalize: true },
      );
      const documents = await encoder.encode(
        rows.map(({ positive }) => positive),
        { adapter, normalize: true },
      );
      const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
      return queries.filter((query, i) => documents.every((other) => dot(query, other) <= dot(query, documents[i]!)))
        .length;
    };
    expect(await find("search")).toBeGreaterThan((await find(null)) + 20);
  });

  it("takes the steps that SentenceEncoder.fit takes", async () => {
    const { validationSplit: _, testSplit: __, ...own } = spec;
    const given = { ...own, validation: "pairs.csv", test: "pairs.csv", steps: 20, dropout: 0, scale: 10 };
    const { report: found } = await run(given, memoryStore());
    using encoder = await SentenceEncoder.load(await tinyEncoder(), { seed: 0 });
    encoder.addAdapter("own", { rank: 4, alpha: 16, targetModules: "all-linear" });
    const options = {
      adapter: "own",
      steps: 20,
      batchSize: 12,
      learningRate: 0.01,
      seed: 0,
      lossOptions: { scale: 10 },
    };
    const { steps } = await encoder.fit(
      rows.map(({ anchor, positive }) => ({ anchor, positive })),
      options,
    );
    expect(found.steps.map(({ loss }) => loss)).toEqual(steps.map(({ loss }) => loss));
  });

  it("goes on to the same bits after an interruption", async () => {
    expect(await resumedResults(run, spec, 77)).toEqual(results(whole.files()));
  });

  it("folds measure each fold's own search", async () => {
    const { testSplit: _, ...own } = spec;
    const { metrics, folds } = await runFolds({ ...own, steps: 40 }, 3, memoryStore(), { sources });
    expect(folds).toHaveLength(3);
    expect(Object.keys(metrics)).toEqual(["ndcg@10", "mrr@10", "recall@1", "recall@10", "map@100"]);
    expect(metrics["ndcg@10"]!.mean).toBeGreaterThan(0);
  });
});

describe("rows of other forms", () => {
  it.each([
    ["triplets.csv", { loss: "triplet" }, "search", "accuracy"],
    ["triplets.csv", { loss: "multiple-negatives-symmetric-ranking", scale: 10 }, "search", "ndcg@10"],
    ["scores.csv", {}, "scores", "spearman"],
    ["labels.csv", {}, "labels", "ap"],
    ["labels.csv", { loss: "cosine-similarity" }, "scores", "spearman"],
    ["labels.csv", { loss: "online-contrastive" }, "labels", "ap"],
    ["classes.csv", {}, "classes", "ndcg@10"],
  ] as const)("%s with %o are measured as %s by %s", async (data, own, form, chosen) => {
    const told: JobEvent[] = [];
    const store = memoryStore();
    const given: PairsJobSpec = { ...spec, ...own, data, steps: 60 };
    const { report: found } = await run(given, store, { onProgress: (event) => told.push(event) });
    const { result, metrics } = found;
    expect(result.form).toBe(form);
    expect(told.find((event) => event.type === "ready")).toMatchObject({ job: { chosenBy: chosen } });
    expect(metrics[chosen]!.value).toBeGreaterThan(result.yardsticks.base[chosen]!);
    expect(found.evaluation!.best.step).toBeGreaterThan(0);
    expect(result.yardsticks.bm25 === null).toBe(form === "scores" || form === "labels");
    if (data === "triplets.csv") expect(result.yardsticks.bm25!["accuracy"]).toBe(0);
  });

  it("classes of which the validation has one text each are measured as 0, and the test among all texts", async () => {
    const lone = rows.map(({ anchor }, i) => ({ text: anchor, label: `class ${i >> 1}` }));
    files["lone.csv"] = csvOf(lone.slice(0, 40));
    files["ones.csv"] = csvOf(lone.filter((_, i) => i < 40 && i % 2 === 0));
    const own = { data: "lone.csv", validation: "ones.csv", test: "ones.csv", validationSplit: null, testSplit: null };
    const { report: found } = await run({ ...spec, ...own, steps: 2 }, memoryStore());
    expect(found.evaluation!.measured.map(({ value }) => value)).toEqual([0, 0]);
    expect(found.result.after["ndcg@10"]).toBeGreaterThan(0);
  });

  it("scores are compared with cosines, as similarityMetrics does", async () => {
    const store = memoryStore();
    const { report: found } = await run({ ...spec, data: "scores.csv", test: "scores.csv", testSplit: null }, store);
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    encoder.loadAdapter("scores", store.files());
    const vectors = async (side: "sentence1" | "sentence2") =>
      encoder.encode(
        scored.map((row) => row[side]),
        { normalize: true },
      );
    const [a, b] = [await vectors("sentence1"), await vectors("sentence2")];
    const cosines = a.map((vector, i) => vector.reduce((sum, x, j) => sum + x * b[i]![j]!, 0));
    const expected = similarityMetrics(
      cosines,
      scored.map(({ score }) => score),
    );
    expect(found.metrics["spearman"]!.value).toBeCloseTo(expected.spearman!, 2);
    expect(found.metrics["pearson"]!.value).toBeCloseTo(expected.pearson!, 4);
  });
});

describe("settings", () => {
  it("vectors cut to Matryoshka's lengths are measured too, and a mini-batch gives the same training", async () => {
    const own: PairsJobSpec = { ...spec, dropout: 0, steps: 30, matryoshka: [32, 8] };
    const { report: atOnce } = await run(own, memoryStore());
    const { report: inPieces } = await run({ ...own, miniBatch: 5 }, memoryStore());
    const { dimensions, after } = atOnce.result;
    expect(dimensions!["32"]).toEqual(after);
    expect(dimensions!["8"]!["ndcg@10"]).toBeGreaterThan(0);
    expect(dimensions!["8"]).not.toEqual(after);
    atOnce.steps.forEach(({ loss }, i) => expect(inPieces.steps[i]!.loss).toBeCloseTo(loss, 3));
    const wide = run({ ...own, matryoshka: [64] }, memoryStore());
    await expect(wide).rejects.toThrow(/matryoshka: vectors have 32 numbers, so they cannot be cut to 64/);
  });

  it("the rows of an anchor are on one side of every split", async () => {
    files["many.csv"] = csvOf(
      rows.flatMap(({ anchor, positive, negative }) => [positive, negative].map((one) => ({ anchor, positive: one }))),
    );
    const { report: found } = await run({ ...spec, data: "many.csv", steps: 2 }, memoryStore());
    // A quarter of the anchors, with both of their rows.
    expect(found.data.test!.examples).toBe(30);
  });

  it("names of columns are given by fields, and negatives are a list in JSON", async () => {
    files["named.csv"] = csvOf(rows.map(({ anchor, positive }) => ({ ask: anchor, reply: positive })));
    const { fields, ...rest } = { fields: { anchor: "ask", positive: "reply" }, ...spec, steps: 2 };
    await run({ ...rest, fields, data: "named.csv" }, memoryStore());
    const lines = rows.map(({ anchor, positive, negative }) =>
      JSON.stringify({ query: anchor, positive, negatives: [negative, `bad ${anchor}`] }),
    );
    files["lists.jsonl"] = new TextEncoder().encode(lines.join("\n"));
    const { report: found } = await run({ ...rest, data: "lists.jsonl" }, memoryStore());
    expect(found.result.documents).toBe(120);
    expect(found.metrics).toHaveProperty("accuracy");
  });

  it.each([
    [
      "columns",
      "x,y\na,b\n",
      {},
      /bad\.csv: these columns are no pairs: it has "x", "y"; expected are the columns anchor/,
    ],
    [
      "judged texts of a search",
      "query,text,label\na,b,1\na,c,0\n",
      {},
      /bad\.csv: "query" would not be used; task "rank" trains on judged texts of a query: it has "query", "text", "label"/,
    ],
    [
      "an empty text",
      'anchor,positive\na,b\nc,""\n',
      {},
      /bad\.csv, line 3: a text that is not empty .* column "positive"/,
    ],
    ["NaN as a score", "a,b,score\na,b,1\na,c,NaN\n", {}, /line 3: a number is expected in column "score", got "NaN"/],
    [
      "a label that is none",
      "a,b,label\na,b,1\na,c,2\n",
      {},
      /line 3: 1 \(the texts belong together\) or 0 is expected/,
    ],
    [
      "another loss",
      "a,b,label\na,b,1\nc,c,0\n",
      { loss: "triplet" },
      /"triplet" is not for the columns a, b, label: contrastive, online/,
    ],
    ["a triplet of two", "anchor,positive\na,b\nc,d\n", { loss: "triplet" }, /needs anchor, positive and one negative/],
    ["equal rows", `anchor,positive\n${"a,b\n".repeat(9)}`, { testSplit: 0 }, /cannot be held out/],
    [
      "a text in every row",
      `anchor,positive\n${"abcdefgh".replace(/./g, "$&,b\n")}`,
      {},
      /any two rows have a text in common among those to train on, so the loss/,
    ],
    [
      "one class",
      `text,label\n${"abcdefgh".replace(/./g, "$&,b\n")}`,
      {},
      /all \d rows to train on have the same label/,
    ],
    [
      "one score",
      `a,b,score\n${"abcdefgh".replace(/./g, "$&,b,2\n")}`,
      {},
      /all \d rows to train on have the same score/,
    ],
    ["one row", "anchor,positive\na,b\n", {}, /one example cannot be held out/],
    [
      "a field that is not there",
      "anchor,positive\na,b\n",
      { fields: { positive: "no" } },
      /fields name "no" as "positive"/,
    ],
  ] as [string, string, Partial<PairsJobSpec>, RegExp][])(
    "%s: refused by its place",
    async (_, table, own, message) => {
      files["bad.csv"] = new TextEncoder().encode(table);
      const store = memoryStore();
      const running = run({ ...spec, data: "bad.csv", ...own }, store);
      await expect(running).rejects.toThrow(message);
      await expect(running).rejects.toBeInstanceOf(ConfigError);
      expect(store.files()).toEqual({});
    },
  );
});

it("the command line trains, inspects, cross-validates and measures it, and searches with it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-pairs-"));
  try {
    const at = (name: string) => join(folder, name);
    await writeFile(at("pairs.csv"), files["pairs.csv"]!);
    await writeFile(at("texts.txt"), rows.map(({ positive }) => positive).join("\n"));
    for (const [name, bytes] of Object.entries(await tinyEncoder())) await writeFile(at(name), bytes);
    const command = [
      "finetune",
      "--task",
      "pairs",
      "--model",
      folder,
      "--data",
      at("pairs.csv"),
      "--steps",
      "60",
      "--validation-split",
      "0.2",
    ];
    command.push(
      "--batch-size",
      "12",
      "--learning-rate",
      "0.01",
      "--target-modules",
      "all-linear",
      "--matryoshka",
      "32,16",
    );
    const trained = await lowrank([...command, "--out", at("run")]);
    expect({ code: trained.code, err: trained.err }).toEqual({
      code: 0,
      err: expect.stringMatching(/^.*: 12 examples to measure on are few: [^\n]*\(small-test\)\n$/),
    });
    expect(trained.out).toMatch(/keeps +the step with the highest validation NDCG@10, measured every \d+ steps/);
    expect(trained.out).toMatch(
      /NDCG@10 +MRR@10 +recall@1 +recall@10 +MAP@100\n.*vectors of the base model +[\d.]+.*\n.*BM25, a search by words.*\n.*adapter +[\d.]+/,
    );
    const inspected = await lowrank(["inspect", at("run")]);
    expect(inspected.out).toMatch(/pairs\.csv, task pairs[^]*NDCG@10 +[\d.]+/);
    const folds = await lowrank([...command, "--folds", "2", "--out", at("folds")]);
    expect(folds.out).toMatch(
      /mean ± deviation +NDCG@10 [^]*\nvectors of the base model +[\d.]+ ± [\d.]+[^]*\nafter training +[\d.]+ ± [\d.]+/,
    );
    const strange = await lowrank([...command, "--class-weights", "balanced", "--out", at("no")]);
    expect(strange.err).toMatch(/--class-weights is not an option of --task pairs/);
    expect((await lowrank([...command, "--loss", "nonsense", "--out", at("no")])).err).toMatch(/loss/);
    const measured = await lowrank(["evaluate", "--run", at("run"), "--model", folder, "--json"]);
    const { metrics } = JSON.parse(readFileSync(at("run/report.json"), "utf8")) as typeof report;
    const found = JSON.parse(measured.out) as Record<string, number>;
    expect(found["ndcg@10"]).toBeCloseTo(metrics["ndcg@10"]!.value, 6);
    const refused = await lowrank(["predict", "--run", at("run"), "a text"]);
    expect(refused.err).toMatch(/is an adapter for sentence vectors: `lowrank embed --adapter .*` makes vectors/);
    const looked = await lowrank(["data", at("pairs.csv"), "--task", "pairs"]);
    expect(looked.out).toMatch(/60 examples for training: 60 anchors, 60 documents, 0 negatives a row/);
    const encoder = ["--model", folder, "--adapter", at("run")];
    const made = await lowrank(["index", ...encoder, "--data", at("texts.txt"), "--out", at("texts.index")]);
    expect(made.code).toBe(0);
    const searched = await lowrank(["search", "--index", at("texts.index"), ...encoder, "--json", rows[0]!.anchor]);
    const { hits } = JSON.parse(searched.out) as { hits: { text: string }[] };
    expect(hits.map((hit) => hit.text)).toContain(rows[0]!.positive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
