import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { FileMap } from "../../../ts/io/file-access.js";
import { initialized } from "../../../ts/engine/engine.js";
import {
  ConfigError,
  regressionMetrics,
  SentenceEncoder,
  StaleNodeError,
  TextClassifier,
  TextRegressor,
} from "../../../ts/index.js";
import {
  type JobEvent,
  memoryStore,
  type MemoryStore,
  type RegressJobSpec,
  runFolds,
  runJob,
  type TaskReport,
} from "../../../ts/jobs/index.js";
import type { JobOptions } from "../../../ts/jobs/run-job.js";
import { scoreDifference } from "../../../ts/train/metrics/paired-difference.js";
import { fitRidge } from "../../../ts/tasks/regress/ridge.js";
import { lowrank } from "../../cli/fixture.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";
import { schemaProblems } from "../../jobs/report-schema.js";
import { results, resumedResults, sourcesOf } from "../../jobs/tiny-job.js";

const good = ["good", "warm", "funny", "fine", "lovely", "bright"];
const words = [...good, "bad", "cold", "dull", "poor", "awful", "grim"];
/** Texts of a word each, and a number far from 0 that no linear function of the words gives exactly: "very" doubles what the word says. */
const rows = Array.from({ length: 96 }, (_, i) => {
  const [word, very] = [words[i % 12]!, (i + Math.floor(i / 12)) % 2 === 0];
  const thing = ["film", "story", "music", "end"][Math.floor(i / 24)]!;
  const text = `The ${thing} was ${very ? "very" : "quite"} ${word}, it is ${word}.`;
  return { text, stars: 2000 + (good.includes(word) ? 300 : -300) * (very ? 2 : 0.5) };
});
const csv = (lines: readonly (readonly [string, unknown])[]) =>
  new TextEncoder().encode(`text,stars\n${lines.map(([text, stars]) => `"${text}",${stars}\n`).join("")}`);
const files: Record<string, Uint8Array<ArrayBuffer>> = {
  "stars.csv": csv(rows.map(({ text, stars }) => [text, stars])),
};
const sources = sourcesOf(files);
const spec: RegressJobSpec = {
  task: "regress",
  model: "tiny",
  data: "stars.csv",
  label: "stars",
  steps: 120,
  batchSize: 8,
  learningRate: 0.01,
  rank: 4,
  dropout: 0.1,
  evaluateEvery: 30,
  validationSplit: 0.2,
  testSplit: 0.25,
};
const run = (given: RegressJobSpec, store: MemoryStore, options: JobOptions = {}) =>
  runJob(given, store, { sources, ...options });

let whole: MemoryStore;
let report: Awaited<ReturnType<typeof run>>["report"];
let predictions: Awaited<ReturnType<typeof run>>["predictions"];
let headFiles: FileMap;
const events: JobEvent[] = [];
beforeAll(async () => {
  whole = memoryStore();
  ({ report, predictions } = await run(spec, whole, {
    onProgress: (event) => events.push(event),
    onHeadOnly: async (given) => void (headFiles = given),
  }));
});

it("predicts numbers far better than their mean, and leaves what loads again", async () => {
  const { yardsticks, after, measuredOn } = report.result;
  expect(measuredOn).toBe("test");
  expect(predictions).toHaveLength(report.data.test!.examples);
  const numbers = new Map(rows.map(({ text, stars }) => [text, stars]));
  expect(predictions.map(({ text }) => numbers.get(text))).toEqual(predictions.map(({ target }) => target));
  const [said, wanted] = [predictions.map(({ predicted }) => predicted), predictions.map(({ target }) => target)];
  expect(regressionMetrics(said, wanted)).toEqual(after);
  expect(yardsticks.mean.r2).toBeLessThanOrEqual(0);
  expect(after.rmse).toBeLessThan(yardsticks.mean.rmse / 2);
  expect(after.rmse).toBeLessThan(yardsticks.headOnly!.rmse);
  expect(Object.keys(report.metrics)).toEqual(["spearman", "pearson", "rmse", "mae", "r2"]);
  const { value, interval } = report.metrics["rmse"]!;
  expect(value).toBe(after.rmse);
  expect(interval![0]).toBeLessThan(value);
  expect(interval![1]).toBeGreaterThan(value);
  expect(schemaProblems(whole.files())).toEqual([]);
  const told = events.flatMap((event) => (event.type === "evaluation" ? [event] : []));
  expect(told.map(({ step }) => step)).toEqual([0, 30, 60, 90, 120]);
  expect(told.every(({ task, metrics }) => task === "regress" && typeof metrics["rmse"] === "number")).toBe(true);
  // The step with the highest rank correlation is kept, not the one with the lowest loss.
  const highest = Math.max(...told.map(({ metrics }) => metrics["spearman"]!));
  expect(report.evaluation!.best).toMatchObject({ value: highest });
  expect(told.filter(({ best }) => best).at(-1)!.step).toBe(report.evaluation!.best.step);
  using encoder = await SentenceEncoder.load(await tinyEncoder());
  const regressor = TextRegressor.load(encoder, whole.files());
  const predicted = await regressor.predict(rows.map(({ text }) => text));
  const targets = rows.map(({ stars }) => stars);
  const measured = regressionMetrics(predicted, targets);
  expect(measured.r2).toBeGreaterThan(0.8);
  expect(await regressor.evaluate(rows.map(({ text, stars }) => ({ text, target: stars })))).toEqual(measured);
  using opened = await TextRegressor.open(whole.files(), { model: await tinyEncoder() });
  expect([opened.name, await opened.predict(rows.map(({ text }) => text))]).toEqual(["stars", predicted]);
  await expect(TextRegressor.open(whole.files(), { labels: ["a"] } as never)).rejects.toThrow(ConfigError);
  const peft = JSON.parse(new TextDecoder().decode(whole.files()["adapter_config.json"])) as object;
  expect(peft).toMatchObject({ peft_type: "LORA", r: 4, lora_alpha: 16 });
  expect(() => TextClassifier.load(encoder, whole.files())).toThrow(
    /this is a regressor; open it with TextRegressor.open/,
  );
  const labelled = TextClassifier.create(encoder, { labels: ["a", "b"], lora: null });
  expect(() => TextRegressor.load(encoder, labelled.save())).toThrow(/this is a classifier of whole texts/);
  labelled.dispose();
  regressor.dispose();
  // By now the graph has the chunks that a call needs.
  const before = encoder.graph.engine.info.memory.used;
  using again = TextRegressor.load(encoder, whole.files());
  expect(await again.predict([rows[0]!.text])).toEqual(predicted.slice(0, 1));
  again.dispose();
  expect(encoder.graph.engine.info.memory.used).toBe(before);
  await expect(regressor.predict(["a"])).rejects.toThrow(StaleNodeError);
});

it("predicts in the unit of the data also where an early step is kept, at which the head is near the mean", async () => {
  const store = memoryStore();
  const { report: early } = await run({ ...spec, recipe: "peft", learningRate: 1e-3 }, store);
  const { after, yardsticks } = early.result;
  expect(early.evaluation!.best.step).toBeLessThan(120);
  expect(after.spearman).toBeGreaterThan(0.6);
  expect(after.rmse).toBeLessThan(0.9 * yardsticks.mean.rmse);
  // So does what is saved.
  using encoder = await SentenceEncoder.load(await tinyEncoder());
  using regressor = TextRegressor.load(encoder, store.files());
  const saved = await regressor.evaluate(rows.map(({ text, stars }) => ({ text, target: stars })));
  expect(saved.rmse).toBeLessThan(0.9 * yardsticks.mean.rmse);
});

it("says by how much its error is smaller than that of the head alone, text by text, and recommends by that", async () => {
  const { overHeadAlone, recommended, yardsticks, after } = report.result;
  // The head alone, as its folder beside the run's files opens.
  using simple = await TextRegressor.open(headFiles, { model: await tinyEncoder() });
  expect([simple.name, Object.keys(headFiles).sort()]).toEqual(["stars", ["head.safetensors", "labels.json"]]);
  const alone = await simple.predict(predictions.map(({ text }) => text));
  const targets = predictions.map(({ target }) => target);
  for (const [name, value] of Object.entries(regressionMetrics(alone, targets)))
    expect(value).toBeCloseTo(yardsticks.headOnly![name as "mae"], 2);
  const scores = (of: readonly number[]) => of.map((number, i) => -Math.abs(number - targets[i]!));
  const trained = scores(predictions.map(({ predicted }) => predicted));
  const difference = await scoreDifference(trained, scores(alone), undefined);
  expect(overHeadAlone!.difference).toBeCloseTo(difference.difference, 2);
  overHeadAlone!.interval.forEach((end, i) => expect(end).toBeCloseTo(difference.interval[i]!, 2));
  expect(overHeadAlone!.difference).toBeCloseTo(yardsticks.headOnly!.mae - after.mae, 9);
  expect(difference.interval[0]).toBeLessThan(difference.difference);
  expect(recommended).toBe(difference.interval[0] > 0 ? "adapter" : "head-only");
});

it("goes on to the same bits after an interruption", async () => {
  expect(await resumedResults(run, spec, 77)).toEqual(results(whole.files()));
});

it("folds test each example once, with an error below the deviation of the numbers, 464", async () => {
  const { testSplit: _, ...own } = spec;
  const { metrics, folds } = await runFolds({ ...own, steps: 40 }, 3, memoryStore(), { sources });
  expect(folds).toHaveLength(3);
  expect(Object.keys(metrics)).toEqual(["spearman", "pearson", "rmse", "mae", "r2"]);
  expect(metrics["rmse"]!.mean).toBeLessThan(400);
});

it("fits the head alone, keeps within limits, and starts from a random head on request", async () => {
  const head = memoryStore();
  const limited = { ...spec, headOnly: true, min: 1500, max: 2300, evaluateEvery: null };
  files["limited.csv"] = csv(rows.map(({ text, stars }) => [text, Math.min(Math.max(stars, 1500), 2300)]));
  const { report: fitted } = await run({ ...limited, data: "limited.csv" }, head);
  expect(fitted.result.after).toEqual(fitted.result.yardsticks.headOnly);
  expect(fitted.result).toMatchObject({ overHeadAlone: null, recommended: null });
  expect(fitted.steps).toEqual([]);
  expect(Object.keys(head.files()).sort()).toEqual(["head.safetensors", "labels.json", "report.json"]);
  using encoder = await SentenceEncoder.load(await tinyEncoder());
  using regressor = TextRegressor.load(encoder, head.files());
  const predicted = await regressor.predict(rows.map(({ text }) => text));
  expect(Math.min(...predicted)).toBeGreaterThanOrEqual(1500);
  expect(Math.max(...predicted)).toBe(2300);
  expect(TextRegressor.load(encoder, regressor.save(), { adapter: "again" }).scale).toEqual(regressor.scale);
  const random = { ...spec, recipe: "peft", baseline: false, steps: 2, evaluateEvery: null } as const;
  const { report: begun } = await run(random, memoryStore());
  expect(begun.result).toMatchObject({ yardsticks: { headOnly: null }, overHeadAlone: null, recommended: null });
  await expect(run({ ...spec, recipe: "few-shot" }, memoryStore())).rejects.toThrow(/recipe/);
  await expect(run({ ...spec, min: 3, max: 2 }, memoryStore())).rejects.toThrow(/min is below max, got 3 and 2/);
  await expect(run({ ...spec, max: 2000 }, memoryStore())).rejects.toThrow(/line \d+: a number up to 2000 is expected/);
});

it.each([
  [
    "a word",
    [
      ["a", 1],
      ["b", 2],
      ["c", "good"],
    ],
    /bad\.csv, line 4: a number is expected in column "stars", got "good"; label names/,
  ],
  [
    "infinity",
    [
      ["a", 1],
      ["b", "Infinity"],
    ],
    /bad\.csv, line 3: a number is expected/,
  ],
  ["more than float32 has", [["a", "1e39"]], /bad\.csv, line 2: a number is expected/],
  [
    "equal numbers",
    "abcdefgh".split("").map((text) => [text, 2]),
    /has the same number in all \d examples to train on/,
  ],
] as [string, [string, unknown][], RegExp][])("refuses %s by its place", async (_, lines, message) => {
  files["bad.csv"] = csv(lines);
  const store = memoryStore();
  const { validationSplit: __, evaluateEvery: ___, ...own } = spec;
  const running = run({ ...own, data: "bad.csv" }, store);
  await expect(running).rejects.toThrow(message);
  await expect(running).rejects.toBeInstanceOf(ConfigError);
  expect(store.files()).toEqual({});
});

// Computed by scikit-learn's Ridge in float64.
it("ridge regression is scikit-learn's", async () => {
  const vectors = Array.from({ length: 12 }, (_, i) =>
    Float32Array.from({ length: 4 }, (__, j) => ((7 * i * (j + 1) + i * i * (j + 2)) % 11) / 4 - 1),
  );
  const targets = vectors.map((_, i) => ((5 * i + i * i) % 9) / 2);
  const engine = await initialized({});
  for (const [alpha, coefficients, intercept] of [
    [0.3, [0.9086016804964159, -0.18760630175956322, -0.8431234528030295, 0.33792469170083206], 1.565654091174352],
    [30, [0.1004907754049108, -0.016797303438060938, -0.04391714515353427, 0.03504762077748041], 1.8085077798407683],
  ] as const) {
    const { weight, bias } = await fitRidge(engine, vectors, targets, { alpha, seed: 0 });
    expect(weight.shape).toEqual([4, 1]);
    coefficients.forEach((value, i) => expect(weight.data[i]).toBeCloseTo(value, 6));
    expect(bias.data[0]).toBeCloseTo(intercept, 6);
  }
  const chosen = await fitRidge(engine, vectors, targets, { seed: 0 });
  const again = await fitRidge(engine, vectors, targets, { seed: 0, alpha: chosen.alpha });
  again.weight.data.forEach((value, i) => expect(value).toBeCloseTo(chosen.weight.data[i]!, 6));
});

it("the command line trains, inspects and cross-validates it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-numbers-"));
  try {
    const at = (name: string) => join(folder, name);
    await writeFile(at("stars.csv"), files["stars.csv"]!);
    for (const [name, bytes] of Object.entries(await tinyEncoder())) await writeFile(at(name), bytes);
    const command = [
      "finetune",
      "--task",
      "regress",
      "--model",
      folder,
      "--data",
      at("stars.csv"),
      "--label",
      "stars",
      "--steps",
      "20",
      "--validation-split",
      "0.2",
    ];
    const trained = await lowrank([...command, "--out", at("run")]);
    expect({ code: trained.code, err: trained.err }).toEqual({
      code: 0,
      err: expect.stringMatching(/^.*: 19 examples to measure on are few: [^\n]*\(small-test\)\n$/),
    });
    expect(trained.out).toMatch(
      /Spearman +Pearson +RMSE +MAE +R²\n.*mean of what was trained on +0\.0+ .*\n.*head only +[\d.]+.*\n.*head and adapter +[\d.]+.*\nhead only: a ridge regression on the vectors of the unchanged encoder\n/,
    );
    expect(trained.out).toMatch(
      /\nCompared with the head-only baseline: MAE [+−][\d.]+ \(95 %: [+−][\d.]+ to [+−][\d.]+\)(\n\n|; .*\n {2}.* finetune .*--label stars .*--task regress --head-only\n)/,
    );
    expect(trained.out).toMatch(
      /\n95 % intervals *\nSpearman +[\d.-]+ \([\d.-]+ to [\d.-]+\)\n[^]*\nR² +[\d.-]+ \([\d.-]+ to [\d.-]+\)\n/,
    );
    expect(trained.out).toMatch(/^ +head-only +the head-only model: `predict --run` uses this folder too$/m);
    const simple = await lowrank(["predict", "--run", at("run/head-only"), "--model", folder, "The film was good."]);
    expect([simple.code, simple.out]).toEqual([0, expect.stringMatching(/The film was good\.\n$/)]);
    const inspected = await lowrank(["inspect", at("run")]);
    expect(inspected.out).toMatch(/stars\.csv, task regress[^]*RMSE +[\d.]+ \([\d.]+ to [\d.]+\)/);
    const folds = await lowrank([...command, "--folds", "2", "--out", at("folds")]);
    expect(folds.out).toMatch(
      /mean ± deviation +Spearman [^]*\nalways the mean [^]*\nhead only +[\d.-]+ ± [^]*\nhead and adapter +[\d.-]+ ± [\d.]+/,
    );
    const strange = await lowrank([...command, "--class-weights", "balanced", "--out", at("no")]);
    expect(strange.err).toMatch(/--class-weights is not an option of --task regress/);
    const asked = ["predict", "--run", at("run"), "--model", folder];
    expect((await lowrank([...asked, "The film was good."])).out).toMatch(/^[\d.]+ {2}The film was good\.\n$/);
    const [line] = (await lowrank([...asked, "--json", "a", " "])).out.split("\n");
    expect(Object.keys(JSON.parse(line!))).toEqual(["text", "predicted"]);
    expect((await lowrank([...asked, "--file", at("stars.csv"), "--out", at("out.csv")])).code).toBe(0);
    expect(await readFile(at("out.csv"), "utf8")).toMatch(
      /^text,stars,predicted\n"The film was very good[^"]*",2600,[\d.]+\n/,
    );
    const measured = ["evaluate", "--run", at("run"), "--model", folder];
    const own = await lowrank([...measured, "--json"]);
    const { metrics } = JSON.parse(await readFile(at("run/report.json"), "utf8")) as TaskReport;
    expect(JSON.parse(own.out).rmse).toBeCloseTo(metrics["rmse"]!.value, 2);
    const { rmse, r2 } = JSON.parse(own.out).intervals as Record<string, number[]>;
    expect(rmse![0]).toBeCloseTo(metrics["rmse"]!.interval![0], 2);
    expect(r2![1]).toBeCloseTo(metrics["r2"]!.interval![1], 3);
    const other = await lowrank([...measured, "--data", at("stars.csv")]);
    expect(other.out).toMatch(
      /96 examples\nSpearman +[\d.-]+ \([\d.-]+ to [\d.-]+\)\n[^]*R² +[\d.-]+ \([\d.-]+ to [\d.-]+\)\nIn brackets: 95 %/,
    );
    expect(other.err).toMatch(/stars\.csv: the run was trained on 62 of 96 texts \(64\.6 %\), so results look better/);
    const looked = await lowrank(["data", at("stars.csv"), "--task", "regress", "--label", "stars"]);
    expect(looked.out).toMatch(/96 examples for training: numbers from 1400 to 2600, median \d+, mean 2000/);
    expect((await lowrank([...measured, "--label-names", "1=a"])).err).toMatch(
      /--label-names is for text classifiers, and .* is a regressor: name columns with --text and --label/,
    );
    await rename(at("stars.csv"), at("moved.csv"));
    const moved = await lowrank([...measured, "--data", at("moved.csv")]);
    expect(moved.err).toMatch(/moved\.csv is the run.s training data, so results look better/);
    await writeFile(at("stars.csv"), `${await readFile(at("moved.csv"), "utf8")}Another film.,2000\n`);
    const changed = await lowrank(measured);
    expect(changed).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringMatching(/stars\.csv has changed since the run/),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
