import { settingNames } from "../../../ts/training/spec/option-names.js";
import { describe, expect, it } from "vitest";
import { AbortError, ConfigError } from "../../../ts/index.js";
import { type JobEvent, type JobSpec, memoryStore } from "../../../ts/jobs/index.js";
import { foldsOf, type Labelled, labelledReader } from "../../../ts/tasks/classify/dataset.js";
import { holdOut } from "../../../ts/tasks/classify/held-out.js";
import { classifierPlan, textFields } from "../../../ts/tasks/classify/settings.js";
import { loadParts } from "../../../ts/training/data-parts.js";
import { readSpec } from "../../../ts/training/spec/read-settings.js";
import { evaluateEveryOf, stepsOf } from "../../../ts/training/spec/run-settings.js";
import { nextTask } from "../../../ts/waiting/next-task.js";
import { run, spec } from "../../jobs/tiny-job.js";

/** So many examples of classes in turn, and a group for every `together` of them. */
function file(count: number, classes = 2, together = 1): Uint8Array {
  const rows = Array.from(
    { length: count },
    (_, i) => `text ${i},c${i % classes},g${Math.floor(i / together) % Math.ceil(count / together)}\n`,
  );
  return new TextEncoder().encode(`text,label,group\n${rows.join("")}`);
}

/** The parts of a file of so many examples. */
async function parts(count: number, more: Partial<JobSpec> = {}, classes = 2, together = 1) {
  const settings = readSpec("test", { data: "a.csv", ...more }, textFields);
  const sources = {
    readData: async (name: string) => ({ name, bytes: file(name === "a.csv" ? count : 30, classes, together) }),
  };
  const reader = labelledReader(settings, { sources, onWarning: () => {}, optionNames: settingNames });
  const dataset = await loadParts(reader, settings, classifierPlan);
  const { train, validation, test, tooFewToChoose } = dataset;
  const sizes = [train.examples.length, validation.examples.length, test?.examples.length ?? null];
  return { dataset, settings, sizes, tooFewToChoose };
}

describe("what is held out by default", () => {
  it("is a fifth to measure, and a fifth of the rest to choose the step by", async () => {
    expect((await parts(500)).sizes).toEqual([320, 80, 100]);
  });

  it("is no more than choosing and measuring need", async () => {
    expect((await parts(10_000)).sizes).toEqual([8600, 400, 1000]);
    // Shares that are given are taken as they are.
    expect((await parts(10_000, { validationSplit: 0.2, testSplit: 0.2 })).sizes).toEqual([6400, 1600, 2000]);
  });

  it("does not choose where that were chance: the last step is kept", async () => {
    const { sizes, tooFewToChoose, settings } = await parts(30);
    expect([sizes, tooFewToChoose]).toEqual([[24, 0, 6], 4]);
    expect(evaluateEveryOf(settings, 150, 0, classifierPlan)).toBeNull();
    expect((await parts(130)).sizes).toEqual([84, 20, 26]);
    // Whoever names a share, or when to measure, wants it.
    expect((await parts(30, { validationSplit: 0.2 })).sizes).toEqual([20, 4, 6]);
    expect((await parts(30, { evaluateEvery: 10 })).sizes).toEqual([20, 4, 6]);
  });

  it("is told, where nothing is chosen", async () => {
    const told = async (more: Partial<JobSpec>) => {
      const events: JobEvent[] = [];
      const given: JobSpec = { ...spec, testSplit: null, patience: 3, steps: 1, ...more };
      const { report } = await run(given, memoryStore(), { onProgress: (event) => events.push(event) });
      const warnings = events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
      return { report, warnings };
    };
    const { report, warnings } = await told({});
    expect(warnings).toEqual([
      "examples.csv: a fifth of the 32 training examples is too few to choose a step (6), so none are held out " +
        "and the last step is kept (to choose a step anyway: validationSplit 0.2)",
    ]);
    expect(report.data).toMatchObject({ train: { examples: 32 }, validation: { examples: 0 }, test: { examples: 8 } });
    expect(report.result.measuredOn).toBe("test");
    expect(report.evaluation).toBeNull();
    expect(report.data.summary.findings.map(({ code }) => code)).toContain("small-test");
    const { report: chosen, warnings: none } = await told({ validationSplit: 0.2 });
    expect(none).toEqual([]);
    expect(chosen.evaluation!.measured.map(({ step }) => step)).toEqual([0, 1]);
  });

  it("is nothing to choose by where the last step is asked for, or only the head is fitted", async () => {
    expect((await parts(500, { patience: null })).sizes).toEqual([400, 0, 100]);
    expect((await parts(500, { headOnly: true })).sizes).toEqual([400, 0, 100]);
    expect((await parts(500, { validationSplit: 0 })).sizes).toEqual([400, 0, 100]);
  });

  it("is no test where a file is one, or the validation has one, or none is wanted", async () => {
    expect((await parts(500, { test: "b.csv" })).sizes).toEqual([400, 100, 30]);
    expect((await parts(500, { validation: "b.csv" })).sizes).toEqual([500, 30, null]);
    expect((await parts(500, { testSplit: 0 })).sizes).toEqual([400, 100, null]);
    expect((await parts(500, { testSplit: 0, headOnly: true })).sizes).toEqual([400, 100, null]);
    expect((await parts(500, { recipe: "peft" })).sizes).toEqual([400, 100, null]);
  });

  it("is the test of another seed's draw, and the same whatever the validation is", async () => {
    const texts = async (more: Partial<JobSpec>) =>
      (await parts(500, more)).dataset.test!.examples.map(({ text }) => text);
    const test = await texts({});
    expect(await texts({ patience: null })).toEqual(test);
    expect(await texts({ validationSplit: 0.3 })).toEqual(test);
    expect(await texts({ seed: 1 })).not.toEqual(test);
  });
});

describe("a part that cannot be held out", () => {
  type Row = { text: string; label: string; group?: string };
  const held = (all: readonly Row[], part: "test" | "validation", more: Partial<JobSpec>) => {
    const examples = all.map((example, i) => ({ ...example, line: i + 2 }));
    const given = { file: "a.csv", sha256: "", examples, labels: ["x", "y"] };
    const settings = readSpec("test", { data: "a.csv", ...more }, textFields);
    return holdOut(given as unknown as Labelled, part, settings, 0, { optionNames: settingNames });
  };
  const pair = [
    { text: "a", label: "x", group: "1" },
    { text: "b", label: "y", group: "2" },
  ];
  const same = Array.from({ length: 8 }, (_, i) => ({
    text: i % 2 ? "Same text" : "same  text",
    label: "xy"[i >> 2]!,
  }));

  it.each<[string, () => unknown, RegExp]>([
    ["to test on", () => held(pair, "test", {}), /testSplit 0\.2 leaves no examples to test on: /],
    [
      "to choose by",
      () => held(pair, "validation", {}),
      /validationSplit 0\.2 leaves no examples to choose the step with: /,
    ],
    [
      "to measure",
      () => held(pair, "validation", { patience: null }),
      /validationSplit 0\.2 leaves no examples to test on: /,
    ],
    [
      "to learn from",
      () => held(pair.slice(0, 1), "test", { group: "group", testSplit: 0.9 }),
      /testSplit 0\.9 leaves no examples to train on: column "group" has 1 group in 1 examples, of which none would be left/,
    ],
    [
      "that differs",
      () => held(same, "test", {}),
      /leaves no examples to test on: 8 examples have 1 different text, and equal texts stay together\. Add texts,/,
    ],
  ])("says that nothing is left %s", async (_, hold, message) => {
    const refused = hold();
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(message);
  });
});

it("parts are drawn no further once the job is cancelled", async () => {
  const { dataset, settings } = await parts(600);
  const { train } = dataset;
  const all = { ...train, near: new Map(train.examples.map((example, i) => [example, i % 7])) };
  const cancelled = async (draw: (signal: AbortSignal) => Promise<unknown>) => {
    const abort = new AbortController();
    const drawing = draw(abort.signal);
    // After the first of several draws.
    const aborted = nextTask().then(() => abort.abort());
    await expect(drawing).rejects.toThrow(AbortError);
    await aborted;
  };
  const optionNames = settingNames;
  await cancelled((signal) => holdOut(all, "test", settings, 0, { optionNames, signal }));
  await cancelled((signal) => foldsOf(all, settings, 7, { optionNames, signal }));
  await expect(foldsOf(all, settings, 7, { optionNames })).resolves.toHaveLength(7);
});

describe("a group", () => {
  it("is on one side of every split", async () => {
    const { dataset, sizes } = await parts(600, { group: "group" }, 2, 5);
    const groups = [dataset.train, dataset.validation, dataset.test!].map(
      ({ examples }) => new Set(examples.map(({ group }) => group!)),
    );
    expect(sizes).toEqual([385, 95, 120]);
    expect(groups.reduce((sum, { size }) => sum + size, 0)).toBe(120);
    expect(new Set(groups.flatMap((own) => [...own])).size).toBe(120);
    // Without, they are torn apart.
    const torn = await parts(600, {}, 2, 5);
    expect(torn.dataset.test!.examples.every(({ group }) => group === undefined)).toBe(true);
  });

  it.each([
    [{ group: "Group" }, 5, /a\.csv has no column "Group": .*did you mean "group"\?/],
    [
      { group: "group" },
      600,
      /testSplit 0\.2 leaves no examples to test on: column "group" has 1 group in 600 examples, of which none can be held out whole/,
    ],
  ])("is refused as %o", async (more, together, message) => {
    const refused = parts(600, more, 2, together);
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(message);
  });
});

describe("steps by the number of examples", () => {
  const steps = (examples: number, more: Partial<JobSpec> = {}) =>
    stepsOf(readSpec("test", { data: "a.csv", ...more }, textFields), examples, classifierPlan.length);

  it("are five passes, within two ends", () => {
    expect([24, 480, 500, 800, 1000, 1280, 1300, 1e6].map((n) => steps(n))).toEqual([
      150, 150, 156, 250, 313, 400, 400, 400,
    ]);
    expect(steps(800, { batchSize: 32 })).toBe(150);
  });

  it("give way to what is said", () => {
    expect(steps(800, { steps: 7 })).toBe(7);
    expect(steps(800, { epochs: 2 })).toBe(100);
    expect(steps(800, { headOnly: true })).toBe(0);
    expect(steps(800, { recipe: "peft" })).toBe(300);
  });

  it("are measured ten times where nothing else is said", () => {
    const every = (more: Partial<JobSpec>, held = 20) =>
      evaluateEveryOf(readSpec("test", { data: "a.csv", ...more }, textFields), 150, held, classifierPlan);
    expect(every({})).toBe(15);
    expect(every({ evaluateEvery: 40 })).toBe(40);
    expect(every({ patience: null })).toBeNull();
    expect(every({ patience: null, evaluateEvery: 40 })).toBe(40);
    expect(every({}, 0)).toBeNull();
    expect(every({ headOnly: true })).toBeNull();
  });
});
