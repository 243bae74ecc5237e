import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ConfigError, CrossEncoder } from "../../../ts/index.js";
import { memoryStore, type MemoryStore, type RankJobSpec, runJob } from "../../../ts/jobs/index.js";
import type { JobOptions } from "../../../ts/jobs/run-job.js";
import { lowrank } from "../../cli/fixture.js";
import { schemaProblems } from "../../jobs/report-schema.js";
import { csvOf, results, resumedResults, sourcesOf } from "../../jobs/tiny-job.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";

const good = ["good", "warm", "funny", "fine", "lovely", "bright"];
const bad = ["bad", "cold", "dull", "poor", "awful", "grim"];
const things = ["film", "story", "music", "end", "start"];
const asked = things.flatMap((thing) => [...good, ...bad].map((word, i) => ({ thing, word, i })));

/** A pair of two words of one kind entails, of two kinds contradicts, and says nothing where the second has no such word. */
const pairs = asked.flatMap(({ thing, word, i }) =>
  ["entailment", "contradiction", "neutral"].map((label) => {
    const own = good.includes(word);
    const others = (label === "entailment") === own ? good : bad;
    const second = label === "neutral" ? "and" : others[(i + 1) % 6]!;
    return { premise: `The ${thing} is ${word}.`, hypothesis: `It was ${second}, the ${thing}.`, label };
  }),
);
/** A query, a text that fits, and one that does not. */
const triplets = asked.map(({ thing, word, i }) => ({
  query: `Was the ${thing} ${word}?`,
  positive: `It is ${good[i % 6]!}, the ${thing}.`,
  negative: `It is ${bad[i % 6]!}, the ${thing}.`,
}));
const lists = triplets.map(({ query, positive, negative }, i) => ({
  query,
  texts: i % 2 === 0 ? [positive, negative] : [negative, positive],
  labels: i % 2 === 0 ? [1, 0] : [0, 1],
}));
const files: Record<string, Uint8Array<ArrayBuffer>> = {
  "pairs.csv": csvOf(pairs),
  "numbered.csv": csvOf(
    pairs.map(({ premise, hypothesis, label }) => ({
      sentence1: premise,
      sentence2: hypothesis,
      label: ["contradiction", "entailment", "neutral"].indexOf(label),
    })),
  ),
  "triplets.csv": csvOf(triplets),
  "margins.csv": csvOf(triplets.map((row, i) => ({ ...row, margin: 2 + (i % 3) / 2 }))),
  "scores.csv": csvOf(triplets.map((row, i) => ({ ...row, positive_score: 3 + (i % 3) / 2, negative_score: 1 }))),
  "margins.jsonl": new TextEncoder().encode(
    triplets
      .map(({ query, positive, negative }, i) => {
        const negatives = [negative, triplets[(i + 12) % triplets.length]!.negative];
        return JSON.stringify({ query, positive, negatives, margins: [2, 2.5] });
      })
      .join("\n"),
  ),
  "lists.jsonl": new TextEncoder().encode(lists.map((row) => JSON.stringify(row)).join("\n")),
};
const sources = sourcesOf(files);
const spec: RankJobSpec = {
  task: "rank",
  model: "tiny",
  data: "pairs.csv",
  steps: 150,
  batchSize: 16,
  learningRate: 0.01,
  rank: 4,
  targetModules: "all-linear",
  dropout: 0.05,
  evaluateEvery: 50,
  validationSplit: 0.2,
  testSplit: 0.25,
};
const run = (given: RankJobSpec, store: MemoryStore, options: JobOptions = {}) =>
  runJob(given, store, { sources, ...options });

it("pairs with classes are trained with cross entropy, and measured by accuracy and macro F1", async () => {
  const store = memoryStore();
  const { report } = await run(spec, store);
  const { loss, yardsticks, after, relevantAbove } = report.result;
  expect([loss, relevantAbove]).toEqual(["cross-entropy", null]);
  expect(Object.keys(report.metrics)).toEqual(["accuracy", "macroF1"]);
  expect(yardsticks.cosine).toBeUndefined();
  expect(yardsticks.largestClass!["accuracy"]).toBeLessThan(0.5);
  expect(after["accuracy"]).toBeGreaterThan(yardsticks.largestClass!["accuracy"]! + 0.15);
  expect(report.evaluation!.best.value).toBeGreaterThan(0.5);
  expect(report.data.labels).toEqual(["contradiction", "entailment", "neutral"]);
  expect(schemaProblems(store.files())).toEqual([]);
  const cross = await CrossEncoder.load<number[]>(store.files(), { model: await tinyEncoder() });
  expect(cross.labels).toEqual(["contradiction", "entailment", "neutral"]);
  const rows = await cross.predict(pairs.map(({ premise, hypothesis }) => [premise, hypothesis]));
  const right = rows.filter((row, i) => cross.labels[row.indexOf(Math.max(...row))] === pairs[i]!.label);
  expect(right.length / pairs.length).toBeGreaterThan(0.55);
  cross.dispose();
});

it("a run on classes goes on to the same bits after an interruption", async () => {
  const short: RankJobSpec = { ...spec, steps: 40, evaluateEvery: 20 };
  const whole = memoryStore();
  await run(short, whole);
  expect(await resumedResults(run, short, 30)).toEqual(results(whole.files()));
});

it.each([
  ["numbered.csv", { loss: "cross-entropy" }, "cross-entropy", 45],
  ["margins.csv", {}, "margin-mse", 15],
  ["scores.csv", {}, "margin-mse", 15],
  ["margins.jsonl", {}, "margin-mse", 15],
  ["triplets.csv", {}, "binary-cross-entropy", 30],
  ["triplets.csv", { loss: "list-net" }, "list-net", 15],
  ["lists.jsonl", {}, "lambda", 15],
  ["lists.jsonl", { loss: "binary-cross-entropy" }, "binary-cross-entropy", 30],
] as const)("%s with %o is trained with %s", async (data, own, loss, tested) => {
  const { report } = await run({ ...spec, ...own, data, steps: 100 }, memoryStore());
  expect(report.result.loss).toBe(loss);
  expect(report.data.test!.examples).toBe(tested);
  const { chosenBy, yardstick } =
    loss === "cross-entropy"
      ? { chosenBy: "accuracy", yardstick: report.result.yardsticks.largestClass! }
      : { chosenBy: "ndcg@10", yardstick: report.result.yardsticks.cosine! };
  expect(report.result.after[chosenBy]).toBeGreaterThan(yardstick[chosenBy]!);
});

it.each(["margins.csv", "margins.jsonl"])(
  "the loss on the validation is the mean squared error of margins: %s",
  async (data) => {
    const store = memoryStore();
    const losses = new Map<number, number>();
    const onProgress: JobOptions["onProgress"] = (event) =>
      void (event.type === "evaluation" && losses.set(event.step, event.loss));
    const short = {
      ...spec,
      data,
      validation: data,
      validationSplit: null,
      testSplit: null,
      steps: 20,
      evaluateEvery: 20,
    };
    const { report } = await run(short, store, { onProgress });
    const cross = await CrossEncoder.load(store.files(), { model: await tinyEncoder() });
    const rows = data.endsWith("csv")
      ? triplets.map((row, i) => ({ ...row, negatives: [row.negative], margins: [2 + (i % 3) / 2] }))
      : new TextDecoder()
          .decode(files[data])
          .split("\n")
          .map((line) => JSON.parse(line) as MarginRow);
    const errors: number[] = [];
    for (const { query, positive, negatives, margins } of rows) {
      const [own, ...others] = await cross.predict([positive, ...negatives].map((text) => [query, text]));
      others.forEach((score, i) => errors.push((own! - score - margins[i]!) ** 2));
    }
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    expect(losses.get(report.evaluation!.best.step)).toBeCloseTo(mean, 4);
    cross.dispose();
  },
);

interface MarginRow {
  readonly query: string;
  readonly positive: string;
  readonly negatives: readonly string[];
  readonly margins: readonly number[];
}

const bad3 = "query,positive,negative,margin\na,b,c,1\nd,e,f,";
it.each([
  [
    "a class among numbers",
    "query,text,label\na,b,1\nc,d,neutral\n",
    {},
    /line 3: a number .* got "neutral"; names of classes need the loss "cross-entropy"/,
  ],
  [
    "a class that is empty",
    'premise,hypothesis,label\na,b,yes\nc,d,""\n',
    {},
    /line 3: the name of a class is expected in column "label"/,
  ],
  ["a margin that is none", `${bad3}much\n`, {}, /line 3: a number is expected in column "margin", got "much"/],
  [
    "an empty negative",
    "query,positive,negative,margin\na,b,c,1\nd,e,,1\n",
    {},
    /line 3: a text that is not empty .* column "negative"/,
  ],
  [
    "fewer margins than negatives",
    "query,positive,negative_1,negative_2,margin_1\na,b,c,d,1\n",
    {},
    /2 columns of negatives and 1 of margins/,
  ],
  [
    "a loss for other rows",
    `${bad3}1\n`,
    { loss: "lambda" },
    /the loss "lambda" is not for the columns query, positive, negative, margin: margin-mse is/,
  ],
  [
    "margins that are missing",
    "query,text,label\na,b,1\n",
    { loss: "margin-mse" },
    /the loss "margin-mse" is not for the columns query, text, label: binary-cross-entropy, mse, cross-entropy/,
  ],
  ["one class", `premise,hypothesis,label\n${"abcdefgh".replace(/./g, "$&,b,yes\n")}`, {}, /have the same label/],
] as [string, string, Partial<RankJobSpec>, RegExp][])("%s: refused by its place", async (_, table, own, message) => {
  files["bad.csv"] = new TextEncoder().encode(table);
  const running = run({ ...spec, data: "bad.csv", ...own }, memoryStore());
  await expect(running).rejects.toThrow(message);
  await expect(running).rejects.toBeInstanceOf(ConfigError);
});

it.each([
  [
    '{"query":"a","texts":["b","c"],"labels":[1]}',
    /line 1: a list of 2, one for each text, is expected in column "labels"/,
  ],
  ['{"query":"a","texts":"b","labels":[1]}', /line 1: a list that is not empty is expected in column "texts"/],
  ['{"query":"a","texts":["b",""],"labels":[1,0]}', /line 1: a text that is not empty is expected in column "texts"/],
  ['{"query":"a","texts":["b","c"],"labels":[1,"x"]}', /line 1: a number is expected in column "labels", got "x"/],
])("a list that is wrong is refused by its place: %s", async (line, message) => {
  files["bad.jsonl"] = new TextEncoder().encode(line);
  await expect(run({ ...spec, data: "bad.jsonl" }, memoryStore())).rejects.toThrow(message);
});

it("a validation file with an unknown class is refused by its place", async () => {
  files["other.csv"] = new TextEncoder().encode("premise,hypothesis,label\na,b,neutral\nc,d,perhaps\n");
  const running = run({ ...spec, validation: "other.csv", validationSplit: null, testSplit: null }, memoryStore());
  await expect(running).rejects.toThrow(/other\.csv, line 3: one of contradiction, entailment, neutral is expected/);
});

it("the command line looks at, trains, measures and predicts classes of pairs", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-nli-"));
  try {
    const at = (name: string) => join(folder, name);
    await writeFile(at("pairs.csv"), files["pairs.csv"]!);
    for (const [name, bytes] of Object.entries(await tinyEncoder())) await writeFile(at(name), bytes);
    const looked = await lowrank(["data", at("pairs.csv"), "--task", "rank"]);
    expect(looked.out).toMatch(/180 examples for training: 3 classes, 60 different first texts/);
    const command = ["finetune", "--task", "rank", "--model", folder, "--data", at("pairs.csv"), "--steps", "30"];
    command.push("--learning-rate", "0.01", "--validation-split", "0.2", "--out", at("run"));
    const trained = await lowrank(command);
    expect({ code: trained.code, err: trained.err }).toEqual({ code: 0, err: "" });
    expect(trained.out).toMatch(/keeps +the step with the highest validation accuracy, measured every \d+ steps/);
    expect(trained.out).toMatch(
      /accuracy +macro F1\n.*always the largest class +[\d.]+ %.*\n.*head and adapter +[\d.]+ %/,
    );
    expect((await lowrank(["inspect", at("run")])).out).toMatch(/pairs\.csv, task rank[^]*accuracy +[\d.]+ %/);
    const base = ["--run", at("run"), "--model", folder];
    const measured = JSON.parse((await lowrank(["evaluate", ...base, "--json"])).out) as Record<string, number>;
    expect(measured).toMatchObject({ accuracy: expect.any(Number) as number, macroF1: expect.any(Number) as number });
    const told = await lowrank(["predict", ...base, "The film is good.", "It was bad, the film.", "--json"]);
    const { probabilities, ...rest } = JSON.parse(told.out) as { probabilities: Record<string, number> };
    expect(rest).toMatchObject({ query: "The film is good.", text: "It was bad, the film." });
    expect(Object.keys(probabilities)).toEqual(["contradiction", "entailment", "neutral"]);
    expect(Object.values(probabilities).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
    await writeFile(at("numbers.csv"), "premise,hypothesis,score\na,b,1\nc,d,0\n");
    const wrong = await lowrank(["evaluate", ...base, "--data", at("numbers.csv")]);
    expect(wrong.err).toMatch(/knows the classes contradiction, entailment, neutral, and these rows have no classes/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
