import { describe, expect, it } from "vitest";
import { introduction } from "../../../ts/cli/reports/introduction.js";
import { projectFile } from "../../setup/files.js";
import { adviceLines, resultTable, samplesTitle } from "../../../ts/cli/reports/classifier-view.js";
import { macroF1Loss, recommend, type RunReport } from "../../../ts/tasks/classify/report.js";
import { textFields } from "../../../ts/tasks/classify/settings.js";
import { defaultsOf } from "../../../ts/training/spec/field.js";
import { metrics, pairedDifference } from "../../../ts/index.js";

const mark = (name: string) => (text: unknown) => `<${name}>${String(text)}</${name}>`;
const plain = (text: unknown) => String(text);
const colors = {
  bold: plain,
  dim: plain,
  green: mark("green"),
  red: mark("red"),
  cyan: plain,
} as unknown as Parameters<typeof resultTable>[1];

/** A report of two hundred texts, of which the head alone and the adapter's classifier get so many right. */
async function reportOf(headRight: number, adapterRight: number, more: object = {}): Promise<RunReport> {
  const truth = Array.from({ length: 200 }, (_, i) => i % 2);
  const answers = (right: number) => truth.map((label, i) => (i < right ? label : 1 - label));
  const measured = (right: number) => {
    const logits = answers(right).map((label) => Float32Array.of(label === 0 ? 1 : 0, label === 1 ? 1 : 0));
    return metrics(logits, truth, 2);
  };
  const overHeadAlone = await pairedDifference(answers(adapterRight), answers(headRight), truth);
  const given = {
    largestClass: 0.5,
    headOnly: await measured(headRight),
    after: await measured(adapterRight),
    overHeadAlone,
  };
  const result = { ...given, measuredOn: "test", unseen: null, ...more };
  const part = { file: "reviews.csv", sha256: "", examples: 200 };
  return {
    settings: { ...defaultsOf(textFields), data: "reviews.csv", learningRate: 0.5 },
    data: { train: part, validation: part, test: part },
    result: { ...result, recommended: recommend(result.overHeadAlone) },
    evaluation: null,
  } as unknown as RunReport;
}

it("the header of docs/commands.md is what the command prints", async () => {
  const shown = /<!-- run -->\n```\n([^]*?)\n\n/
    .exec(new TextDecoder().decode(await projectFile("docs/commands.md")))![1]!
    .split("\n");
  const part = (file: string, examples: number, split: boolean) => ({
    file: `examples/movie/${file}.tsv`,
    examples,
    split,
  });
  const job = {
    task: "classify",
    steps: 400,
    evaluateEvery: 40,
    resumedAfter: null,
    folds: null,
    checkpointing: false,
    settings: { ...defaultsOf(textFields), data: "movie" },
    engine: { build: "relaxed", threads: 2, tile: { rows: 4, columns: 8 } },
    model: { name: "sentence-transformers/all-MiniLM-L6-v2", origin: "cache", layers: 6, hiddenSize: 384 },
    data: {
      train: part("movie_train", 3600, false),
      validation: part("movie_train", 400, true),
      test: part("movie_test", 1000, false),
      labels: ["negative", "positive"],
      groups: null,
    },
    parameters: { adapter: 110_592, head: 770 },
    estimate: { seconds: { baseline: 60, training: 215, test: 17, total: 292 }, memory: { needed: 248.9e6 } },
  };
  const lines = introduction(job as never, "runs/my-run", { dim: plain } as never);
  expect(lines).toEqual(shown);
});

describe("the summary of a run", () => {
  it.each([
    ["better", 120, 150, /<green>\+15\.0 points over the head-only baseline \(9\.9 to 19\.9\)<\/green>/, null],
    [
      "alike",
      150,
      151,
      /[^>]\+0\.5 points over the head-only baseline \(−0\.9 to 1\.9\)\nhead only: a logistic regression on the vectors of the unchanged encoder$/,
      /not significantly better than the head-only baseline on these 200 texts/,
    ],
    [
      "worse",
      150,
      120,
      /<red>−15\.0 points over the head-only baseline \(−19\.9 to −9\.9\)<\/red>/,
      /head-only baseline is better on these 200 texts: the learning rate 0\.5 may be too high/,
    ],
  ])("where the adapter is %s, states by how much, and what follows", async (_, head, adapter, line, advice) => {
    const report = await reportOf(head, adapter);
    expect(resultTable(report, colors).join("\n")).toMatch(line);
    const lines = adviceLines("lowrank", report, colors);
    if (advice === null) expect(lines).toEqual([]);
    else expect(lines.join("\n")).toMatch(advice);
    expect(lines.includes("  lowrank finetune --data reviews.csv --head-only")).toBe(advice !== null);
    expect(report.result.recommended).toBe(advice === null ? "adapter" : "head-only");
    // Of two hundred texts folds would not tell much more.
    expect(lines.join("\n")).not.toMatch(/--folds/);
  });

  it("recommends nothing that is no better than always guessing the most frequent label", async () => {
    const report = await reportOf(100, 100);
    expect(adviceLines("lowrank", report, colors)).toEqual([
      "Neither is more accurate than always predicting the most frequent label (50.0 %), so do not use either yet. " +
        "More examples help, and a model for the texts' language (--model); folds test every text once:",
      expect.stringMatching(/^ {2}lowrank finetune --data reviews\.csv .*--folds 5$/),
      "",
    ]);
    const headOnly = { ...report, settings: { ...report.settings, headOnly: true, test: "later.csv" } };
    const alone = { ...headOnly, result: { ...report.result, overHeadAlone: null, recommended: null } };
    expect(adviceLines("lowrank", alone, colors)).toEqual([
      "The head is not more accurate than always predicting the most frequent label (50.0 %), so do not use it yet. " +
        "More examples help, and a model for the texts' language (--model).",
      "",
    ]);
    const better = await reportOf(101, 100);
    expect(adviceLines("lowrank", better, colors).join("\n")).toMatch(/use it instead/);
  });

  it("compares with the majority-class baseline, without an interval, where no head was fitted", async () => {
    const report = await reportOf(120, 150, { headOnly: null, overHeadAlone: null });
    const lines = resultTable(report, colors);
    expect(lines.at(-1)).toMatch(/\+25\.0 points over the majority-class baseline<\/green>$/);
    expect(adviceLines("lowrank", report, colors)).toEqual([]);
  });

  it("does not send to the head alone whoever gains on rare classes", async () => {
    const gain = { difference: 0.1, interval: [0.05, 0.2] as const };
    const none = { difference: 0, interval: [-0.1, 0.1] as const };
    const report = await reportOf(150, 151, { overHeadAlone: { count: 200, accuracy: none, macroF1: gain } });
    expect(adviceLines("lowrank", report, colors)).toEqual([]);
  });

  it("tells a loss in macro F1 that accuracy hides, with its interval and what to do, of enough texts", async () => {
    // Nine in ten are of one class: the adapter gains there and loses half of the other.
    const truth = Array.from({ length: 200 }, (_, i) => (i < 180 ? 0 : 1));
    const head = truth.map((label, i) => (i < 40 ? 1 : label));
    const adapter = truth.map((label, i) => (i >= 180 && i < 199 ? 0 : label));
    const overHeadAlone = await pairedDifference(adapter, head, truth);
    expect(overHeadAlone.accuracy.interval[0]).toBeGreaterThan(0);
    const loss = macroF1Loss(overHeadAlone)!;
    expect(loss).toEqual(overHeadAlone.macroF1);
    expect(loss.interval[1]).toBeLessThan(0);
    const report = await reportOf(150, 151, { overHeadAlone });
    const text = adviceLines("lowrank", report, colors).join("\n");
    expect(report.result.recommended).toBe("adapter");
    expect(text).toMatch(
      /^Macro F1 is −\d+\.\d points over the head-only baseline \(−\d+\.\d to −\d+\.\d\), although accuracy is \+10\.5: rare classes got worse/,
    );
    expect(text).toMatch(
      /give them more weight, or use only the head:\n +lowrank finetune .*--learning-rate 0.5 --class-weights balanced\n +lowrank finetune --data reviews.csv --head-only\n/,
    );
    const balanced = { ...report, settings: { ...report.settings, classWeights: "balanced" as const } };
    expect(adviceLines("lowrank", balanced, colors).join("\n")).toMatch(
      /got worse\. If they matter, use only the head:\n +lowrank finetune --data reviews.csv --class-weights balanced --head-only\n$/,
    );
    expect(macroF1Loss({ ...overHeadAlone, count: 99 })).toBe(null);
    expect(macroF1Loss(null)).toBe(null);
  });

  it("repeats beside the result the texts in the training data, with the figure without them", async () => {
    const unseen = { seen: 12, count: 188, accuracy: 0.7, interval: [0.63, 0.76] };
    expect(resultTable(await reportOf(120, 150, { unseen }), colors).at(-1)).toBe(
      "<red>12 of the 200 test texts are also in the training data</red>: without them accuracy is 70.0 % (63.0–76.0) on 188; " +
        "--drop-duplicates removes them from the training data",
    );
    const nearly = { seen: 0, near: 1, count: 199, accuracy: 0.7, interval: [0.63, 0.76] };
    expect(resultTable(await reportOf(120, 150, { unseen: nearly }), colors).at(-1)).toBe(
      "<red>1 of the 200 test texts is a near duplicate of training texts</red>: without it accuracy is 70.0 % (63.0–76.0) on 199",
    );
    const mixed = { ...unseen, near: 8, count: 180 };
    expect(resultTable(await reportOf(120, 150, { unseen: mixed }), colors).at(-1)).toMatch(
      /^<red>12 of the 200 test texts are also in the training data, 8 more are near duplicates of training texts<\/red>: without them /,
    );
    const all = { seen: 200, count: 0, accuracy: null, interval: null };
    expect(resultTable(await reportOf(120, 150, { unseen: all }), colors).at(-1)).toMatch(
      /says nothing about new texts/,
    );
  });

  it("says of the predictions shown that they are a mix, and how many of all are wrong", () => {
    const all = Array.from({ length: 2000 }, (_, i) => ({
      text: "",
      label: "a",
      predicted: i < 20 ? "b" : "a",
      probability: 1,
    }));
    expect(samplesTitle([...all.slice(0, 3), ...all.slice(50, 53)], all, "test")).toBe(
      "6 of the 2,000 test texts, right and wrong ones mixed: 3 wrong here, 20 in all",
    );
  });

  it("names folds where few texts were measured, unless a file names them", async () => {
    const { accuracy, macroF1 } = (await reportOf(150, 151)).result.overHeadAlone!;
    const report = await reportOf(150, 151, { overHeadAlone: { count: 8, accuracy, macroF1 } });
    expect(adviceLines("lowrank", report, colors).join("\n")).toMatch(
      /folds say more, since they test every text once:\n +lowrank finetune .*--folds 5/,
    );
    const named = { ...report, settings: { ...report.settings, test: "later.csv" } };
    expect(adviceLines("lowrank", named, colors).join("\n")).not.toMatch(/--folds/);
  });

  it("says which texts it was measured on", async () => {
    expect(resultTable(await reportOf(120, 150), colors)[0]).toMatch(/^200 test texts/);
    expect(resultTable(await reportOf(120, 150, { measuredOn: "validation" }), colors)[0]).toMatch(
      /^200 validation texts/,
    );
  });
});
