import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import {
  AbortError,
  LowrankError,
  multiLabelMetrics,
  pairedDifference,
  SentenceEncoder,
  TextClassifier,
} from "../../../ts/index.js";
import {
  type JobEvent,
  memoryStore,
  type MemoryStore,
  type MultiLabelJobSpec,
  runFolds,
  runJob,
  unfinishedSpec,
} from "../../../ts/jobs/index.js";
import type { JobOptions } from "../../../ts/jobs/run-job.js";
import type { FileMap } from "../../../ts/io/file-access.js";
import { lowrank } from "../../cli/fixture.js";
import { schemaProblems } from "../../jobs/report-schema.js";
import { afterStep, results, sourcesOf } from "../../jobs/tiny-job.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";

const words: Record<string, readonly string[]> = {
  food: ["warm", "good", "funny"],
  sport: ["grim", "bright", "poor"],
  law: ["dull", "cold", "awful"],
};
const labels = Object.keys(words);
/** Texts of all eight sets of three labels, no two the same. */
const rows = Array.from({ length: 160 }, (_, i) => {
  const own = labels.filter((_, l) => ((i >> l) & 1) === 1);
  const said = own.map((label, l) => words[label]![(i + l) % 3]!);
  const [thing, end] = [
    ["film", "story", "music", "end"][(i >> 3) % 4],
    ["", "very ", "quite ", "a ", "it "][(i >> 5) % 5],
  ];
  return { text: `The ${thing} was ${end}${said.join(" and ")}.`, own };
});
const table = (header: string, cell: (own: readonly string[]) => string, some = rows) =>
  new TextEncoder().encode(`text,${header}\n${some.map(({ text, own }) => `"${text}",${cell(own)}\n`).join("")}`);
const columns = (own: readonly string[]) => labels.map((label) => (own.includes(label) ? "1" : "0")).join(",");
const lines = (value: (own: readonly string[]) => object) =>
  new TextEncoder().encode(rows.map(({ text, own }) => `${JSON.stringify({ text, ...value(own) })}\n`).join(""));
const files: Record<string, Uint8Array<ArrayBuffer>> = {
  "tags.csv": table("label", (own) => own.join(";")),
  "bars.csv": table("label", (own) => own.join(" | ")),
  "plus.csv": table("label", (own) => own.join("+")),
  "columns.csv": table("food,sport,law", columns),
  "lists.jsonl": lines((label) => ({ label })),
  "columns.jsonl": lines((own) => Object.fromEntries(labels.map((label) => [label, own.includes(label)]))),
  "quoted.csv": table("label", (own) => `"${JSON.stringify(own).replaceAll('"', '""')}"`),
};
const sources = sourcesOf(files);
const spec: MultiLabelJobSpec = {
  multiLabel: true,
  model: "tiny",
  data: "tags.csv",
  steps: 80,
  batchSize: 16,
  learningRate: 0.01,
  rank: 4,
  dropout: 0.1,
  evaluateEvery: 20,
  validationSplit: 0.25,
  testSplit: 0.25,
};
const run = (given: MultiLabelJobSpec, store: MemoryStore, options: JobOptions = {}) =>
  runJob(given, store, { sources, ...options });
const text = (store: MemoryStore, name: string) => new TextDecoder().decode(store.files()[name]);

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

it("predicts sets of labels better than the baselines, with thresholds of the validation, and loads again", async () => {
  const { yardsticks, after, measuredOn, thresholdsFrom } = report.result;
  expect([report.task, measuredOn, thresholdsFrom]).toEqual(["multi-label", "test", "validation"]);
  expect(report.data.labels).toEqual(["food", "law", "sport"]);
  expect(predictions).toHaveLength(report.data.test!.examples);
  const own = new Map(rows.map((row) => [row.text, [...row.own].sort()]));
  expect(predictions.map(({ text }) => own.get(text))).toEqual(predictions.map(({ labels }) => labels));
  const exact = predictions.filter(({ labels, predicted }) => labels.join() === predicted.join());
  expect(exact.length / predictions.length).toBe(after.exactMatch);
  expect(yardsticks.headOnly!.f1Micro).toBeGreaterThan(yardsticks.mostFrequent.f1Micro);
  expect(after.f1Micro).toBeGreaterThan(0.9);
  expect(yardsticks.headOnly!.map).toBeGreaterThan(yardsticks.mostFrequent.map);
  expect(Object.keys(report.metrics)).toEqual(["f1Micro", "f1Macro", "map", "exactMatch", "loss"]);
  const { value, interval } = report.metrics["f1Micro"]!;
  expect(value).toBe(after.f1Micro);
  expect(interval![0]).toBeLessThanOrEqual(value);
  expect(interval![1]).toBeGreaterThanOrEqual(value);
  expect(schemaProblems(whole.files())).toEqual([]);
  const told = events.flatMap((event) => (event.type === "evaluation" ? [event] : []));
  expect(told.every(({ task, metrics }) => task === "multi-label" && typeof metrics["f1Micro"] === "number")).toBe(
    true,
  );
  const about = JSON.parse(text(whole, "labels.json")) as { thresholds: number[] };
  expect(about.thresholds).toEqual(report.result.labels.map(({ threshold }) => threshold));
  using classifier = await TextClassifier.open<string, true>(whole.files(), { model: await tinyEncoder() });
  expect(classifier.thresholds).toEqual(about.thresholds);
  const predicted = await classifier.predict(rows.map((row) => row.text));
  const names = classifier.labels;
  const truth = rows.map(({ own }) => names.map((label) => (own.includes(label) ? 1 : 0)));
  const found = multiLabelMetrics(
    predicted.map(({ scores }) => names.map((label) => scores[label]!)),
    truth,
    { threshold: about.thresholds },
  );
  expect(found.f1Micro).toBeGreaterThan(0.9);
  expect(await classifier.evaluate(rows.map((row) => ({ text: row.text, labels: row.own })))).toMatchObject(found);
});

it("says how many more sets are right than of the head alone, text by text, and recommends by that", async () => {
  const { overHeadAlone, recommended, yardsticks, after } = report.result;
  // The head alone, as its folder beside the run's files opens.
  using simple = await TextClassifier.open<string, true>(headFiles, { model: await tinyEncoder() });
  expect(Object.keys(headFiles).sort()).toEqual(["head.safetensors", "labels.json"]);
  expect(simple.thresholds).not.toEqual([0.5, 0.5, 0.5]);
  const measured = await simple.evaluate(predictions.map(({ text, labels: own }) => ({ text, labels: own })));
  expect(measured.subsetAccuracy).toBe(yardsticks.headOnly!.exactMatch);
  expect(measured.loss).toBeCloseTo(yardsticks.headOnly!.loss, 5);
  const answers = await simple.predict(predictions.map(({ text }) => text));
  const alone = predictions.map((one, i) => ({ ...one, predicted: answers[i]!.labels }));
  const scores = (of: typeof predictions) =>
    of.map(({ labels, predicted }) => Number(labels.join() === predicted.join()));
  const right = predictions.map(() => 1);
  const { accuracy } = await pairedDifference(scores(predictions), scores(alone), right);
  expect(overHeadAlone!.interval).toEqual(accuracy.interval);
  expect(overHeadAlone!.difference).toBeCloseTo(after.exactMatch - yardsticks.headOnly!.exactMatch, 12);
  expect(recommended).toBe(accuracy.interval[0] > 0 ? "adapter" : "head-only");
});

it("goes on to the same bits after an interruption", async () => {
  const stopped = memoryStore();
  const abort = new AbortController();
  const onProgress = (event: JobEvent) => void (afterStep(52)(event) && abort.abort());
  await expect(run(spec, stopped, { signal: abort.signal, onProgress })).rejects.toBeInstanceOf(AbortError);
  const begun = (await unfinishedSpec(stopped)) as MultiLabelJobSpec;
  expect(begun.multiLabel).toBe(true);
  await run(begun, stopped);
  expect(results(stopped.files())).toEqual(results(whole.files()));
});

it("reads lists in every form, with the same result", async () => {
  const own = { steps: 2, evaluateEvery: null, baseline: false, recipe: "peft", validationSplit: 0.25 } as const;
  const heads: Uint8Array[] = [];
  const forms: Partial<MultiLabelJobSpec>[] = [
    { data: "tags.csv" },
    { data: "bars.csv" },
    { data: "plus.csv", labelSeparator: "+" },
    { data: "lists.jsonl" },
    { data: "quoted.csv" },
    { data: "columns.csv", labelColumns: ["food", "law", "sport"] },
    { data: "columns.jsonl", labelColumns: ["food", "law", "sport"] },
  ];
  for (const form of forms) {
    const store = memoryStore();
    const { report: made } = await run({ ...spec, ...own, ...form }, store);
    expect(made.data.labels).toEqual(["food", "law", "sport"]);
    expect(made.result.yardsticks.headOnly).toBeNull();
    heads.push(store.files()["head.safetensors"]!);
  }
  for (const head of heads) expect(head).toEqual(heads[0]);
});

it("fits the head alone, by scikit-learn's penalty for each label, also without a validation", async () => {
  const head = memoryStore();
  const { report: fitted } = await run({ ...spec, headOnly: true, evaluateEvery: null, validationSplit: 0 }, head);
  expect(fitted.result.thresholdsFrom).toBeNull();
  expect(fitted.result.labels.map(({ threshold }) => threshold)).toEqual([0.5, 0.5, 0.5]);
  expect(fitted.result.after).toEqual(fitted.result.yardsticks.headOnly);
  expect(fitted.result).toMatchObject({ overHeadAlone: null, recommended: null });
  expect(Object.keys(head.files())).not.toContain("adapter_model.safetensors");
  using encoder = await SentenceEncoder.load(await tinyEncoder());
  const classifier = TextClassifier.load<string, true>(encoder, head.files());
  expect((await classifier.predict([rows[1]!.text]))[0]!.labels).toContain("food");
  classifier.dispose();
});

it("folds test each example once", async () => {
  const { testSplit: _, ...own } = spec;
  const { metrics, folds } = await runFolds({ ...own, steps: 30 }, 3, memoryStore(), { sources });
  expect(folds).toHaveLength(3);
  expect(metrics["f1Micro"]!.mean).toBeGreaterThan(0.6);
});

it("says what does not fit, with the line", async () => {
  const refusal = async (given: object) => {
    const error = await run({ ...spec, ...given }, memoryStore()).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(LowrankError);
    return (error as Error).message;
  };
  files["one.csv"] = table("label", () => "food");
  files["odd.csv"] = table("food,sport,law", (own) => (own.length === 3 ? "1,maybe,0" : columns(own)));
  files["empty.csv"] = table("label", (own) => own.join(";"), [{ text: " ", own: ["food", "law"] }]);
  files["other.csv"] = table("label", (own) => (own.length === 3 ? "wine" : own.join(";")));
  files["number.jsonl"] = lines(() => ({ label: { a: 1 } }));
  expect(await refusal({ data: "one.csv" })).toMatch(
    /two labels or more are expected in column "label", got "food"; labelSeparator/,
  );
  const three = { labelColumns: ["food", "sport", "law"] };
  expect(await refusal({ data: "odd.csv", ...three })).toMatch(
    /odd\.csv, line 9: 0 or 1 is expected in column "sport"/,
  );
  expect(await refusal({ data: "empty.csv" })).toMatch(
    /empty\.csv, line 2: the text is empty: .*\(allow empty-texts\)/,
  );
  expect(await refusal({ test: "other.csv" })).toMatch(/other\.csv, line 9: label "wine" is unknown/);
  expect(await refusal({ data: "number.jsonl" })).toMatch(/number\.jsonl, line 1: labels are expected/);
  expect(await refusal({ labelColumns: ["food"] })).toMatch(/labelColumns: two different columns/);
  expect(await refusal({ labelColumns: ["food", "wine"] })).toMatch(/no column "food"/);
  expect(await refusal({ classWeights: { wine: 2 } })).toMatch(/classWeights names "wine"/);
  expect(await refusal({ recipe: "few-shot" })).toMatch(/recipe/);
  expect(await refusal({ sampling: "balanced" })).toMatch(/sampling/);
  expect(await refusal({ multiLabel: "yes" })).toMatch(/spec.multiLabel is true or false/);
  for (const task of [null, 3, "labels"]) expect(await refusal({ task })).toMatch(/spec.task is/);
  for (const multiLabel of [null, 1]) expect(await refusal({ multiLabel })).toMatch(/spec.multiLabel is true or false/);
  expect(await refusal({ task: "tokens" })).toMatch(/multiLabel/);
  // Without it, each set of labels is a class.
  const { multiLabel: _, ...single } = spec;
  const { report: joined } = await runJob(
    { ...single, multiLabel: false, task: "classify", steps: 1, testSplit: 0.2 },
    memoryStore(),
    {
      sources: {
        ...sources,
        readData: async () => ({ name: "own.csv", bytes: table("label", (own) => own[0] ?? "none") }),
      },
    },
  );
  expect(joined.settings).not.toHaveProperty("multiLabel");
  expect(joined.data.labels).toEqual(["food", "law", "none", "sport"]);
});

it("the command line trains, predicts, measures and looks at data", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-labels-"));
  try {
    const at = (name: string) => join(folder, name);
    await writeFile(at("tags.csv"), files["tags.csv"]!);
    await writeFile(at("columns.csv"), files["columns.csv"]!);
    for (const [name, bytes] of Object.entries(await tinyEncoder())) await writeFile(at(name), bytes);
    const command = ["finetune", "--task", "classify", "--multi-label", "--model", folder];
    const length = ["--steps", "20", "--validation-split", "0.2"];
    const trained = await lowrank([...command, "--data", at("tags.csv"), ...length, "--out", at("run")]);
    expect({ code: trained.code, err: trained.err }).toEqual({ code: 0, err: "" });
    expect(trained.out).toMatch(
      /micro F1 +macro F1 +mAP +exact match +loss\n.*most frequent set.*%.*\n.*head only.*%.*\n.*head and adapter.*\nhead only: a logistic regression for each label on the vectors of the unchanged encoder\n/,
    );
    expect(trained.out).toMatch(
      /\nCompared with the head-only baseline: [+−][\d.]+ points of exact match \(95 %: [+−][\d.]+ to [+−][\d.]+\)(\n\n|; .*\n {2}.* finetune .*--multi-label .*--head-only\n)/,
    );
    expect(trained.out).toMatch(/label +texts +threshold +precision +recall +F1 +AP\nfood/);
    expect(trained.out).toMatch(/^ +head-only +the head-only model: `predict --run` uses this folder too$/m);
    const simple = await lowrank(["predict", "--run", at("run/head-only"), "--model", folder, "The film was good."]);
    expect([simple.code, simple.out]).toEqual([0, expect.stringMatching(/The film was good\.\n$/)]);
    const inspected = await lowrank(["inspect", at("run")]);
    expect(inspected.out).toMatch(/tags\.csv, task multi-label[^]*micro F1/);
    const asked = ["predict", "--run", at("run"), "--model", folder];
    const [line] = (await lowrank([...asked, "--json", rows[3]!.text])).out.split("\n");
    const { predicted, scores } = JSON.parse(line!) as { predicted: string[]; scores: object };
    expect(Array.isArray(predicted)).toBe(true);
    expect(Object.keys(scores)).toEqual(["food", "law", "sport"]);
    expect((await lowrank([...asked, rows[3]!.text])).out).toContain(predicted.join(";"));
    expect((await lowrank([...asked, "--file", at("tags.csv"), "--out", at("out.csv")])).code).toBe(0);
    expect(await readFile(at("out.csv"), "utf8")).toMatch(/^text,label,predicted\n/);
    const measured = await lowrank(["evaluate", "--run", at("run"), "--model", folder, "--json"]);
    const { metrics } = JSON.parse(await readFile(at("run/report.json"), "utf8")) as typeof report;
    const json = JSON.parse(measured.out) as typeof report.result.after & { intervals: object; labels: object[] };
    expect(json.f1Micro).toBeCloseTo(metrics["f1Micro"]!.value, 6);
    expect(json.intervals).toEqual({
      f1Micro: metrics["f1Micro"]!.interval!.map((end) => expect.closeTo(end, 6) as number),
      exactMatch: metrics["exactMatch"]!.interval!.map((end) => expect.closeTo(end, 6) as number),
    });
    expect(json.labels).toMatchObject(["food", "law", "sport"].map((label) => ({ label })));
    // Other texts may lack labels of the run.
    const food = rows.filter(({ own }) => own.join() === "food" || own.length === 0);
    const labelsOf = (own: readonly string[]) => own.join(";");
    await writeFile(at("food.csv"), table("label", labelsOf, food));
    const ofFood = await lowrank(["evaluate", "--run", at("run"), "--model", folder, "--data", at("food.csv")]);
    expect([ofFood.code, ofFood.out]).toEqual([0, expect.stringMatching(/food\.csv: 40 examples\n.*micro F1/)]);
    expect(ofFood.out).toMatch(
      /micro F1 +[\d.]+ % \([\d.]+ % to [\d.]+ %\)\n[^]*exact match +[\d.]+ % \([^]*\nIn brackets: 95 % [^]*\nlabel +texts +threshold +precision +recall +F1 +AP\nfood +20 +0\.\d\d +[\d.]+ %/,
    );
    expect(ofFood.out).toMatch(/\nsport +0 +0\.\d\d +– +– +– +–\n2 labels are in no test text/);
    const looked = await lowrank(["data", at("tags.csv"), "--task", "multi-label"]);
    expect(looked.out).toMatch(/160 examples for training: 3 labels, 1\.5 labels a text, 20 texts without a label/);
    const three = ["--data", at("columns.csv"), "--label-columns", "food,sport,law", "--head-only"];
    expect((await lowrank([...command, ...three, "--out", at("head")])).code).toBe(0);
    // Of a label without a test text, recall and average precision are not 0: they are nothing.
    const others = ["the music is quite warm", "the end was very bright", "a start", "the story is good , and lovely"];
    await writeFile(
      at("others.csv"),
      `text,label\n${others.map((text, i) => `"${text}",${i % 2 ? "food" : "sport"}`).join("\n")}\n`,
    );
    const absent = ["--test", at("others.csv"), "--head-only", "--out", at("absent")];
    const { code, out, err } = await lowrank([...command, "--data", at("tags.csv"), ...absent]);
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringMatching(/^.*: 4 examples to measure on are few: [^\n]*\(small-test\)\n$/),
    });
    expect(out).toMatch(/\nlaw +0 +0\.\d\d +– +– +– +–\n/);
    expect(out).toContain("1 label is in no test text; macro F1 counts such a label as 0");
    expect(trained.out).not.toContain("in no test text");
    const without = await lowrank(["finetune", "--data", at("columns.csv"), "--label-columns", "food,sport"]);
    expect(without.err).toMatch(/--label-columns is not an option of --task classify: it needs --multi-label/);
    const other = await lowrank(["finetune", "--task", "tokens", "--multi-label", "--data", at("tags.csv")]);
    expect(other.err).toMatch(/--multi-label is not an option of --task tokens/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
