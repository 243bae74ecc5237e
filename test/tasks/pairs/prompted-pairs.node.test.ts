import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { SentenceEncoder } from "../../../ts/index.js";
import { memoryStore, type PairsJobSpec, runJob } from "../../../ts/jobs/index.js";
import { lowrank } from "../../cli/fixture.js";
import { csvOf, sourcesOf } from "../../jobs/tiny-job.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";
import { things, words } from "../question-rows.js";

/** A text and its opposite; both are anchor and positive, so that a text has another vector as a query. */
const rows = things.slice(0, 4).flatMap((thing) =>
  words.map((word, i) => ({
    anchor: `The ${thing} is ${word}.`,
    positive: `The ${thing} is ${words[(i + 6) % 12]!}.`,
  })),
);
const files = {
  "pairs.csv": csvOf(rows),
  "scores.csv": csvOf(
    rows.map(({ anchor, positive }, i) => ({ sentence1: anchor, sentence2: positive, score: i % 2 })),
  ),
};
const sources = sourcesOf(files);
const spec: PairsJobSpec = {
  task: "pairs",
  model: "tiny",
  data: "pairs.csv",
  steps: 60,
  batchSize: 8,
  learningRate: 0.01,
  rank: 4,
  targetModules: "all-linear",
  evaluateEvery: 20,
  validationSplit: 0.2,
  testSplit: 0.25,
  queryPrompt: "good: ",
  documentPrompt: "bad: ",
};

it("prompts are put before anchors and documents, in training and in what is measured, and are saved", async () => {
  const store = memoryStore();
  const { report } = await runJob({ ...spec, validationSplit: null, validation: "pairs.csv", testSplit: null }, store, {
    sources,
  });
  const saved = store.files();
  const settings = JSON.parse(new TextDecoder().decode(saved["config_sentence_transformers.json"])) as object;
  expect(settings).toMatchObject({ prompts: { query: "good: ", document: "bad: " }, default_prompt_name: null });
  // The folder's own prompts give the vectors that were measured.
  using encoder = await SentenceEncoder.load(saved, { model: await tinyEncoder() });
  const options = { normalize: true };
  const queries = await encoder.encodeQuery(
    rows.map(({ anchor }) => anchor),
    options,
  );
  const [withPrompt] = await encoder.encode([`good: ${rows[0]!.anchor}`], options);
  expect(queries[0]).toEqual(withPrompt);
  const texts = [...new Set(rows.map(({ positive }) => positive))];
  const documents = await encoder.encodeDocument(texts, options);
  const first = queries.map((query, i) => {
    const scores = documents.map((vector) => vector.reduce((dot, x, k) => dot + x * query[k]!, 0));
    const others = scores.map((score, k) => (texts[k] === rows[i]!.anchor ? -Infinity : score));
    return texts[others.indexOf(Math.max(...others))] === rows[i]!.positive ? 1 : 0;
  });
  const found = first.reduce((sum: number, one) => sum + one, 0) / rows.length;
  expect(report.result.after["recall@1"]).toBeCloseTo(found, 12);
  // Without prompts the same adapter finds others.
  const bare = await encoder.encode([rows[0]!.anchor], options);
  expect(bare[0]).not.toEqual(queries[0]);
});

it("a run with prompts differs from one without", async () => {
  const losses = async (own: Partial<PairsJobSpec>) =>
    (await runJob({ ...spec, ...own, steps: 2 }, memoryStore(), { sources })).report.steps.map(({ loss }) => loss);
  const [with_, without, onlyQuery] = [
    await losses({}),
    await losses({ queryPrompt: null, documentPrompt: null }),
    await losses({ documentPrompt: null }),
  ];
  expect(with_).not.toEqual(without);
  expect(onlyQuery).not.toEqual(with_);
  expect(onlyQuery).not.toEqual(without);
});

it("prompts for rows without an anchor are refused", async () => {
  const running = runJob({ ...spec, data: "scores.csv" }, memoryStore(), { sources });
  await expect(running).rejects.toThrow(
    /queryPrompt is for rows with an anchor and a positive, and these have sentence1, sentence2/,
  );
});

it("a model that does not pool prompts is refused", async () => {
  const base = await tinyEncoder();
  const json = (value: object) => new TextEncoder().encode(JSON.stringify(value));
  const files = {
    ...base,
    "modules.json": json([
      { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" },
      { idx: 1, name: "1", path: "1_Pooling", type: "sentence_transformers.models.Pooling" },
    ]),
    "1_Pooling/config.json": json({
      word_embedding_dimension: 32,
      pooling_mode_mean_tokens: true,
      include_prompt: false,
    }),
  };
  const { modelSource } = await import("../../../ts/io/model-locator.js");
  const { name, open } = await modelSource(files);
  const running = runJob(spec, memoryStore(), {
    sources: { ...sources, findModel: async () => ({ name, open, origin: "memory" }) },
  });
  await expect(running).rejects.toThrow(/leaves a prompt's tokens out of its vectors/);
});

it("the command line trains with prompts, and searches with them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-prompts-"));
  try {
    const at = (name: string) => join(folder, name);
    await writeFile(at("pairs.csv"), files["pairs.csv"]);
    for (const [name, bytes] of Object.entries(await tinyEncoder())) await writeFile(at(name), bytes);
    const command = ["finetune", "--task", "pairs", "--model", folder, "--data", at("pairs.csv"), "--steps", "10"];
    command.push("--query-prompt", "good: ", "--document-prompt", "bad: ", "--out", at("run"));
    expect(await lowrank(command)).toMatchObject({ code: 0 });
    const report = JSON.parse(await readFile(at("run/report.json"), "utf8")) as {
      metrics: Record<string, { value: number }>;
    };
    const measured = await lowrank(["evaluate", "--run", at("run"), "--model", folder, "--json"]);
    const found = JSON.parse(measured.out) as Record<string, number>;
    expect(found["ndcg@10"]).toBeCloseTo(report.metrics["ndcg@10"]!.value, 6);
    const adapter = ["--adapter", at("run"), "--model", folder];
    const vector = async (...more: string[]) => (await lowrank(["embed", ...adapter, ...more])).out;
    expect(await vector("--prompt-name", "query", "a film")).toBe(await vector("--prompt", "good: ", "a film"));
    expect(await vector("--prompt-name", "query", "a film")).not.toBe(await vector("a film"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
