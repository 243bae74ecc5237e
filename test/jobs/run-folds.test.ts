import { describe, expect, it } from "vitest";
import { AbortError, ConfigError, engineInfo, FormatError } from "../../ts/index.js";
import type { FileMap } from "../../ts/io/file-access.js";
import { type JobEvent, type JobSpec, memoryStore, runFolds } from "../../ts/jobs/index.js";
import { checksumOf } from "../../ts/training/folds/fold-files.js";
import { recommend } from "../../ts/tasks/classify/report.js";
import { cellsIn } from "../../ts/train/metrics/class-scores.js";
import { scoresOf } from "../../ts/train/metrics/metrics.js";
import { examples } from "../models/tiny-encoder.js";
import { data, run, sources, spec } from "./tiny-job.js";

const { testSplit: _, ...plain } = spec;
// Many of these texts are nearly the same: kept together, they would make folds of other sizes.
const short: JobSpec = { ...plain, recipe: "peft", steps: 20, baseline: true, nearDuplicates: "apart" };
const read = (bytes: Uint8Array | undefined) => JSON.parse(new TextDecoder().decode(bytes));

/** Folds that are cancelled when one begins. */
async function stopped(given: JobSpec, folds: number, at: number, store = memoryStore()) {
  const abort = new AbortController();
  const onProgress = (event: JobEvent) => {
    if (event.type === "fold" && event.fold === at) abort.abort();
  };
  const running = runFolds(given, folds, store, { sources, signal: abort.signal, onProgress });
  await expect(running).rejects.toThrow(AbortError);
  return store;
}

/** A store with these folds, and the checksum that goes with them. */
async function holding(partial: Record<string, unknown>, sha256?: string) {
  const file = { ...partial, sha256: sha256 ?? (await checksumOf(partial)) };
  return memoryStore({ "folds.partial.json": new TextEncoder().encode(JSON.stringify(file)) });
}
const used = () => engineInfo().memory.used;

it("each example is tested once, by a classifier that has not seen it; the report stands in the store", async () => {
  const events: JobEvent[] = [];
  const before = used();
  const store = memoryStore();
  const onProgress = (event: JobEvent) => void events.push(event);
  const report = await runFolds(short, 4, store, { sources, onProgress });
  expect(used()).toBe(before);
  expect(events.filter(({ type }) => type === "fold")).toEqual(
    [1, 2, 3, 4].map((fold) => ({ type: "fold", fold, folds: 4 })),
  );
  const ready = events.flatMap((event) => (event.type === "ready" ? event.job : []));
  expect(ready).toHaveLength(1);
  expect(ready[0]).toMatchObject({
    folds: 4,
    steps: 20,
    data: { train: { examples: 30 }, test: { examples: 10 }, groups: null },
  });
  expect(events.findIndex(({ type }) => type === "ready")).toBeLessThan(
    events.findIndex(({ type }) => type === "fold"),
  );
  expect(report.folds.map(({ after }) => after.count)).toEqual([10, 10, 10, 10]);
  expect(report.pooled.perClass.map(({ support }) => support)).toEqual([20, 20]);
  const accuracies = report.folds.map(({ after }) => after.accuracy);
  const mean = accuracies.reduce((sum, one) => sum + one, 0) / 4;
  expect(report.accuracy.mean).toBeCloseTo(mean, 12);
  expect(report.accuracy.deviation).toBeCloseTo(Math.hypot(...accuracies.map((one) => one - mean)) / Math.sqrt(3), 12);
  expect(report.pooled.accuracy).toBeCloseTo(mean, 12);
  expect(report.headOnly).not.toBeNull();
  const files = store.files();
  expect(Object.keys(files)).toEqual(["folds.json"]);
  expect(JSON.parse(new TextDecoder().decode(files["folds.json"]))).toEqual(JSON.parse(JSON.stringify(report)));
  const again = await runFolds(short, 4, memoryStore(), { sources });
  expect(again.folds).toEqual(report.folds);
});

it("leaves nothing of a fold but the room that the largest step took", async () => {
  const inUse: number[] = [];
  const onProgress = (event: JobEvent) => {
    if (event.type === "fold") inUse.push(used());
  };
  await runFolds({ ...short, baseline: false }, 20, memoryStore(), { sources, onProgress });
  // An adapter of six layers has 4,608 bytes of matrices alone.
  expect(new Set(inUse.slice(-10)).size).toBe(1);
});

it("holds a part of each training part out where the step is chosen", async () => {
  const { folds } = await runFolds({ ...short, evaluateEvery: 5, baseline: false }, 2, memoryStore(), { sources });
  for (const { evaluation, headOnly } of folds) {
    expect(evaluation!.measured.map(({ step }) => step)).toEqual([0, 5, 10, 15, 20]);
    expect(headOnly).toBeNull();
  }
});

it("is cancelled within a step, and leaves nothing", async () => {
  const before = used();
  const abort = new AbortController();
  const store = memoryStore();
  const onProgress = (event: JobEvent) => {
    if (event.type === "progress" && event.phase === "train" && event.done === 7) abort.abort();
  };
  await expect(runFolds(short, 3, store, { sources, signal: abort.signal, onProgress })).rejects.toThrow(AbortError);
  expect(used()).toBe(before);
  expect(store.files()).toEqual({});
  const release = await store.claim();
  await release();
});

describe("cross-validation that is interrupted", () => {
  const whole = () => runFolds(short, 3, memoryStore(), { sources });

  it("goes on after the folds that are done, to the same result", async () => {
    const store = await stopped(short, 3, 3);
    expect(Object.keys(store.files())).toEqual(["folds.partial.json"]);
    const partial = read(store.files()["folds.partial.json"]);
    expect([partial.folds.length, partial.count]).toEqual([2, 3]);
    const told: number[] = [];
    const onProgress = (event: JobEvent) => void (event.type === "fold" && told.push(event.fold));
    const report = await runFolds(short, 3, store, { sources, onProgress });
    expect(told).toEqual([3]);
    expect({ ...report, created: "" }).toEqual({ ...(await whole()), created: "" });
    expect(Object.keys(store.files())).toEqual(["folds.json"]);
  });

  it("goes on where all were done but the report", async () => {
    const store = await stopped(short, 3, 3);
    // The report cannot be written.
    const full = {
      ...store,
      write: async (blobs: FileMap) => {
        if ("folds.json" in blobs) throw new RangeError("full");
        await store.write(blobs);
      },
    };
    await expect(runFolds(short, 3, full, { sources })).rejects.toThrow(new RangeError("full"));
    expect(read(store.files()["folds.partial.json"]).folds).toHaveLength(3);
    const report = await runFolds(short, 3, store, { sources });
    expect(report.folds).toEqual((await whole()).folds);
  });

  it("goes on where the report was written and what led to it not yet removed", async () => {
    const store = await stopped(short, 3, 3);
    const stuck = {
      ...store,
      remove: async (blob: string) => {
        if (blob === "folds.partial.json") throw new RangeError("busy");
        await store.remove(blob);
      },
    };
    await expect(runFolds(short, 3, stuck, { sources })).rejects.toThrow(new RangeError("busy"));
    expect(Object.keys(store.files()).sort()).toEqual(["folds.json", "folds.partial.json"]);
    await expect(runFolds({ ...short, rank: 4 }, 3, store, { sources })).rejects.toThrow(/rank was 8, now it is 4/);
    const written = read(store.files()["folds.json"]);
    const told: JobEvent[] = [];
    const onProgress = (event: JobEvent) => void (event.type === "fold" && told.push(event));
    const report = await runFolds(short, 3, store, { sources, onProgress });
    expect(told).toEqual([]);
    expect(JSON.parse(JSON.stringify({ ...report, created: "" }))).toEqual({ ...written, created: "" });
    expect(Object.keys(store.files())).toEqual(["folds.json"]);
    await expect(runFolds(short, 3, store, { sources })).rejects.toThrow(/has folds\.json: choose another store/);
  });

  it("is refused to another spec, other files and damaged ones, by name, and stays as it is", async () => {
    const store = await stopped(short, 3, 2);
    const files = store.files();
    const refused = async (given: JobSpec, folds: number, own = sources) => {
      const error = await runFolds(given, folds, store, { sources: own }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConfigError);
      expect(store.files()).toEqual(files);
      return (error as Error).message;
    };
    expect(await refused({ ...short, rank: 4 }, 3)).toMatch(
      /folds\.partial\.json has folds of another spec: rank was 8, now it is 4/,
    );
    expect(await refused(short, 4)).toMatch(
      /folds was 3, now it is 4; pass the same settings as before, choose another store/,
    );
    const readData = async (name: string) => ({ name, bytes: data["others.csv"]! });
    expect(await refused(short, 3, { ...sources, readData })).toMatch(/examples\.csv changed since they began/);
    const findModel: typeof sources.findModel = async (...args) => ({
      ...(await sources.findModel(...args)),
      digest: async () => "1".repeat(64),
    });
    expect(await refused(short, 3, { ...sources, findModel })).toMatch(
      /the model \(weights, configuration or tokenizer\) changed since/,
    );
    const threads = { ...read(files["folds.partial.json"]), threads: 7 };
    const other = await holding(threads);
    await expect(runFolds(short, 3, other, { sources })).rejects.toThrow(
      /the number of threads changed since they began \(7, now 1\)/,
    );
  });

  it.each<[string, (partial: ReturnType<typeof read>) => unknown, RegExp]>([
    ["another format", (p) => (p["format"] = "x"), /format is "lowrank-folds-3", got "x"; remove it to start again/],
    ["no spec", (p) => delete p["settings"], /settings is an object/],
    ["no hash", (p) => (p["dataHash"] = "abc"), /dataHash is a SHA-256/],
    [
      "too many folds",
      (p) => p["folds"].push(...p["folds"], ...p["folds"], ...p["folds"]),
      /folds is a list of at most 3 folds/,
    ],
    ["other numbers", (p) => (p["folds"][0].after.confusion[0][0] += 1), /confusion is a square of counts that add up/],
    ["no predictions", (p) => p["predictions"].pop(), /predictions is a list with one entry per fold/],
    [
      "predictions of no class",
      (p) => (p["predictions"][0].predicted[0] = 9),
      /predicted is the 14 classes of the confusion matrix/,
    ],
    ["no loss", (p) => (p["folds"][0].after.loss = null), /loss is a number from 0/],
    ["a curve of texts", (p) => (p["folds"][0].evaluation = { measured: ["a"] }), /evaluation/],
    [
      "another accuracy",
      (p) => (p["folds"][0].after.accuracy = 0.123),
      /after\.accuracy is the value from the confusion matrix/,
    ],
    ["a negative loss", (p) => (p["folds"][0].after.loss = -1), /after\.loss is a number from 0/],
    [
      "an interval upside down",
      (p) => p["folds"][0].after.intervals.accuracy.splice(0, 2, 1, 0),
      /intervals\.accuracy is two shares, the lower one first/,
    ],
    ["no such share", (p) => (p["folds"][0].largestClass = 0.987), /largestClass is the share of a class/],
    [
      "a head measured on others",
      (p) => {
        const alone = p["folds"][0].headOnly;
        const { confusion } = alone;
        const [from, to] = confusion[0][0] > 0 ? [0, 1] : [1, 0];
        confusion[from][confusion[from][0] > 0 ? 0 : 1]--;
        confusion[to][to]++;
        const cells = cellsIn({ confusion });
        Object.assign(alone, scoresOf(cells, 2));
      },
      /headOnly is measured on as many examples of each class as after/,
    ],
    [
      "a kept step that was not measured",
      (p) =>
        (p["folds"][0].evaluation = {
          measured: [{ step: 1, value: 1 }],
          best: { step: 2, value: 1 },
          stoppedEarly: false,
        }),
      /evaluation is \{ measured, best, stoppedEarly \} of the fold's steps/,
    ],
    [
      "predictions in another order",
      (p) => {
        // As many of each class, for other texts.
        const { predicted } = p["predictions"][0];
        predicted.push(predicted.shift());
        const { after } = p["folds"][0];
        expect(after.confusion.flat().filter(Boolean).length).toBeGreaterThan(1);
      },
      /the predictions of fold 1 do not match its examples/,
    ],
  ])("is refused with %s", async (_name, damage, message) => {
    const partial = read((await stopped(short, 3, 2)).files()["folds.partial.json"]);
    damage(partial);
    const store = await holding(partial);
    const running = runFolds(short, 3, store, { sources });
    await expect(running).rejects.toThrow(FormatError);
    await expect(running).rejects.toThrow(message);
  });
});

describe("what stands in the store", () => {
  it.each<[string, (fold: ReturnType<typeof read>) => unknown]>([
    ["loss", (fold) => (fold.after.loss /= 2)],
    ["interval", (fold) => (fold.after.intervals.accuracy[0] = 0)],
    ["number of steps", (fold) => fold.steps++],
  ])("is not believed where a %s was changed", async (_name, change) => {
    const partial = read((await stopped(short, 3, 2)).files()["folds.partial.json"]);
    // Spaces are no change.
    await stopped(short, 3, 3, await holding(partial, partial.sha256));
    change(partial.folds[0]);
    const store = await holding(partial, partial.sha256);
    const before = store.files();
    const running = runFolds(short, 3, store, { sources });
    await expect(running).rejects.toThrow(FormatError);
    await expect(running).rejects.toThrow(
      /folds\.partial\.json: its contents do not match its sha256; remove it to start again/,
    );
    expect(store.files()).toEqual(before);
  });

  it.each(["folds.partial.json", "folds.json"])("is none of a run's where it is %s", async (blob) => {
    const store = memoryStore({ [blob]: new Uint8Array() });
    const running = run(spec, store);
    await expect(running).rejects.toThrow(ConfigError);
    await expect(running).rejects.toThrow(new RegExp(`has ${blob}, of a? ?cross-validation.*: choose another store`));
    expect(Object.keys(store.files())).toEqual([blob]);
  });

  it.each(["run.json", "checkpoint.safetensors", "report.json", "labels.json"])("is a run's: %s", async (blob) => {
    const store = memoryStore({ [blob]: new Uint8Array() });
    const running = runFolds(short, 3, store, { sources });
    await expect(running).rejects.toThrow(ConfigError);
    await expect(running).rejects.toThrow(`has ${blob}, a run's: choose another store, or remove the file first`);
    expect(Object.keys(store.files())).toEqual([blob]);
  });
});

it("of many classes are a list of cells, which other folds go on from", async () => {
  const labels = 300;
  const text = Array.from({ length: 2 * labels }, (_, i) => `text number ${i},class ${i % labels}\n`).join("");
  const bytes = new TextEncoder().encode(`text,label\n${text}`);
  const own = { ...sources, readData: async (name: string) => ({ name, bytes }) };
  const given: JobSpec = { ...plain, steps: 1, baseline: false };
  const abort = new AbortController();
  const store = memoryStore();
  const onProgress = (event: JobEvent) => void (event.type === "fold" && event.fold === 2 && abort.abort());
  await expect(runFolds(given, 2, store, { sources: own, signal: abort.signal, onProgress })).rejects.toThrow(
    AbortError,
  );
  const partial = read(store.files()["folds.partial.json"]);
  for (const damage of [
    (cells: { count: number }[]) => cells[0]!.count++,
    (cells: unknown[]) => cells.reverse(),
    (cells: { truth: number }[]) => (cells[0]!.truth = -1),
  ]) {
    const damaged = structuredClone(partial);
    damage(damaged.folds[0].after.confusionCells);
    await expect(runFolds(given, 2, await holding(damaged), { sources: own })).rejects.toThrow(
      /after\.confusionCells is cells of the 300 classes in their order, with counts that add up to 300/,
    );
  }
  const { pooled, folds } = await runFolds(given, 2, store, { sources: own });
  expect(pooled.confusion).toBeNull();
  expect(pooled.confusionCells!.reduce((sum, { count }) => sum + count, 0)).toBe(600);
  expect(folds[1]!.after.confusionCells!.length).toBeLessThanOrEqual(300);
  expect(store.files()["folds.json"]!.length).toBeLessThan(600_000);
});

it("compares with the head alone over all predictions, and says what to use", async () => {
  const { overHeadAlone, recommended, pooled, folds, headOnly } = await runFolds(short, 4, memoryStore(), { sources });
  expect(overHeadAlone!.count).toBe(40);
  expect(overHeadAlone!.accuracy.difference).toBeCloseTo(pooled.accuracy - headOnly!.mean, 12);
  expect(recommended).toBe(recommend(overHeadAlone));
  expect(folds.every((fold) => fold.headOnly !== null)).toBe(true);
  const alone = await runFolds({ ...short, headOnly: true }, 4, memoryStore(), { sources });
  expect([alone.overHeadAlone, alone.recommended]).toEqual([null, null]);
});

it("keeps groups whole, and chooses no step where a fold has few examples", async () => {
  const rows = examples.map(({ text, label }, i) => `"${text}",${label},g${i >> 2}\n`);
  const bytes = new TextEncoder().encode(`text,label,group\n${rows.join("")}`);
  const own = { ...sources, readData: async (name: string) => ({ name, bytes }) };
  const warnings: string[] = [];
  const onProgress = (event: JobEvent) => void (event.type === "warning" && warnings.push(event.message));
  const few = { patience: 3, steps: 1, baseline: false };
  const given: JobSpec = { ...plain, ...few, group: "group", nearDuplicates: "apart" };
  const { folds } = await runFolds(given, 10, memoryStore(), { sources: own, onProgress });
  expect(folds.map(({ after }) => after.count)).toEqual(new Array(10).fill(4));
  expect(folds.every(({ evaluation }) => evaluation === null)).toBe(true);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/too few to choose a step \(8\)/);
  await expect(runFolds(given, 11, memoryStore(), { sources: own })).rejects.toThrow(
    /11 folds need as many groups, got 10/,
  );
});

it.each([null, "group"])(
  "fits the head alone to the same texts with and without an adapter (groups: %s)",
  async (group) => {
    const rows = examples.map(({ text, label }, i) => `"${text}",${label},g${(7 * i) % 13}\n`);
    const bytes = new TextEncoder().encode(`text,label,group\n${rows.join("")}`);
    const own = { ...sources, readData: async (name: string) => ({ name, bytes }) };
    // Some are held out of what the adapter learns from, to choose its step.
    const given: JobSpec = { ...plain, group, steps: 2, evaluateEvery: 1, validationSplit: 0.4, baseline: true };
    const { folds } = await runFolds(given, 3, memoryStore(), { sources: own });
    expect(folds.every(({ evaluation }) => evaluation!.measured.length === 3)).toBe(true);
    const { evaluateEvery: _, validationSplit: __, ...rest } = given;
    const alone = await runFolds({ ...rest, headOnly: true }, 3, memoryStore(), { sources: own });
    expect(folds.map(({ headOnly }) => headOnly)).toEqual(alone.folds.map(({ after }) => after));
  },
);

it.each([
  [{ validation: "others.csv" }, 3, /omit validation/],
  [{ test: "others.csv" }, 3, /omit test/],
  [{ testSplit: 0.5 }, 3, /omit testSplit/],
  [{}, 1, /folds is a whole number from 2/],
  [{}, 41, /41 folds need as many examples, got 40/],
])("refuses %o in %d folds", async (more, folds, message) => {
  const running = runFolds({ ...short, ...more }, folds, memoryStore(), { sources });
  await expect(running).rejects.toThrow(ConfigError);
  await expect(running).rejects.toThrow(message);
});

describe("a label without training examples in a fold", () => {
  const file = (rows: readonly string[], header = "text,label") => {
    const bytes = new TextEncoder().encode(`${header}\n${rows.join("\n")}\n`);
    let models = 0;
    const findModel: typeof sources.findModel = async (...args) => {
      models++;
      return sources.findModel(...args);
    };
    const own = { ...sources, findModel, readData: async (name: string) => ({ name, bytes }) };
    return { own, models: () => models };
  };
  const twenty = (...rows: string[]) => Array.from({ length: 20 }, () => rows).flat();
  const given: JobSpec = { ...plain, headOnly: true };

  it.each<[string, JobSpec, string[], string, RegExp]>([
    [
      "one text a label",
      given,
      twenty("same text,pos", "Other  TEXT,neg"),
      "text,label",
      /^examples\.csv: fold \d of 2 would be tested on "(pos|neg)" without a training example: all 20 examples of "\1" are in that fold, of 1 different text: equal texts stay together\. Add examples of each label with two different texts or more/,
    ],
    [
      "one example of a label",
      given,
      [...twenty("a,x", "b,y", "c,x", "d,y"), "e,rare"],
      "text,label",
      /tested on "rare" without a training example: the only example of "rare" is in that fold\. Add/,
    ],
    [
      "one group a label",
      { ...given, group: "group" },
      Array.from({ length: 20 }, (_, i) => `text ${i},${i % 2 ? "x" : "y"},${i % 2 ? "g" : `h${i}`}`),
      "text,label,group",
      /tested on "x".*all 10 examples of "x" are in that fold, of 10 different texts: groups stay whole\. Add examples of each label in two groups or more/,
    ],
  ])("is refused by name before the model is looked for: %s", async (_name, spec_, rows, header, message) => {
    const { own, models } = file(rows, header);
    const store = memoryStore();
    const running = runFolds(spec_, 2, store, { sources: own });
    await expect(running).rejects.toThrow(ConfigError);
    await expect(running).rejects.toThrow(message);
    expect([models(), store.files()]).toEqual([0, {}]);
  });

  it("is spread over folds where it can be", async () => {
    // Dealing x puts the texts of z, which are also of x, into one fold of two.
    const rows = ["a,x", "b,x", "c,x", "d,x"].flatMap((row) => [row, row]);
    for (const pair of ["ab", "ac", "ad", "bc", "bd", "cd"]) {
      const { own } = file([...rows, ...[...pair].map((text) => `${text},z`)]);
      const { pooled } = await runFolds(given, 2, memoryStore(), { sources: own });
      expect(pooled.perClass.map(({ support }) => support)).toEqual([8, 2]);
    }
  });
});
