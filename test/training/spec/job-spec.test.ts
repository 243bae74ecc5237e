import { describe, expect, it } from "vitest";
import { ConfigError, LowrankError } from "../../../ts/index.js";
import { type JobOptions, type JobSpec, memoryStore, runJob, type RunStore } from "../../../ts/jobs/index.js";
import { textFields } from "../../../ts/tasks/classify/settings.js";
import { readSpec } from "../../../ts/training/spec/read-settings.js";
import { run, sources, spec } from "../../jobs/tiny-job.js";

/** A store, and sources, that fail a test where they are asked for anything. */
const untouchable = new Proxy(memoryStore(), {
  get(_, name) {
    if (name === "name") return "untouchable";
    return () => {
      throw new Error(`${String(name)} was called`);
    };
  },
});
const unasked = {
  findModel: () => Promise.reject(new Error("a model was looked for")),
  readData: () => Promise.reject(new Error("data were read")),
  machine: () => ({}),
};

async function refusal(given: unknown, store: unknown = untouchable, options: unknown = { sources: unasked }) {
  const job = runJob(given as JobSpec, store as RunStore, options as JobOptions);
  const error = await job.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return (error as Error).message;
}

/** What each field cannot be. */
const wrong: Readonly<Record<Exclude<keyof JobSpec, "task" | "multiLabel">, readonly unknown[]>> = {
  model: [null, 3, ["m"]],
  data: [undefined, null, 3, {}, new Uint8Array(3)],
  validation: [3, ["v.csv"]],
  validationSplit: ["0.2", -0.1, 1, NaN],
  test: [3, ["t.csv"]],
  testSplit: ["0.2", -0.1, 1, NaN],
  evaluateEvery: ["5", 0, 1.5],
  patience: ["5", 0, 1.5],
  classWeights: ["even", 3, ["good"], { good: 0 }, { good: "2" }],
  sampling: ["even", true, 1],
  text: [null, 0],
  label: [null, 0],
  labelNames: [null, "0=bad", [], ["a"], { a: 1 }],
  group: [0, ["customer"], true],
  nearDuplicates: [null, true, "near"],
  finalFit: ["null", "yes", 1],
  calibrate: [null, "yes", 1],
  labelSmoothing: ["0.1", -0.1, 1, NaN],
  abstain: ["0.9", 0, -1, 1.1, NaN],
  dropDuplicates: [null, "yes", 1],
  steps: ["10", 0, -1, 2.5, NaN, Infinity],
  epochs: ["1", 0, -1, NaN, Infinity],
  batchSize: [null, "8", 0, 8.5],
  learningRate: [null, "0.01", 0, -1, NaN, Infinity, 1e39],
  warmup: ["1", -1, 0.5],
  schedule: [null, "step", "constructor"],
  minLearningRateRatio: [null, "0.1", -0.1, 1, NaN],
  weightDecay: [null, -1, NaN],
  maxGradNorm: ["1", -1, 0, NaN],
  accumulate: [null, 0, 1.5],
  checkpointing: [null, "yes", 1],
  rank: [null, "8", 0, 1.5],
  alpha: [null, 0, NaN],
  targetModules: [3, ["query", 3], {}, new Array(2 ** 32 - 1)],
  rslora: [null, 0, "false"],
  dora: [null, 1],
  dropout: [null, 1, -0.1, NaN],
  lora: [3, "all", ["bias"], new Map()],
  seed: [null, -1, 0.5, 2 ** 60],
  maxTokens: ["32", 0, 1],
  build: [null, "avx"],
  threads: [null, 0, "two"],
  device: [null, "gpu", 1],
  recipe: [null, "mine", 1],
  headOnly: [null, "yes"],
  headLearningRate: ["1e-4", 0, -1, NaN],
  loraPlusRatio: ["16", 0, -1, NaN],
  baseline: [null, "yes"],
  allow: [null, "same-file", ["near-duplicates"], [3]],
};

describe("a spec", () => {
  it.each(Object.entries(wrong))(
    "is refused where %s is not what it should be, before anything is done",
    async (name, values) => {
      for (const value of values) expect(await refusal({ ...spec, [name]: value })).toMatch(`runJob: spec.${name} is `);
    },
  );

  it.each([
    [null, /runJob: spec: options are an object, got null/],
    [[], /options are an object/],
    ["reviews.csv", /options are an object, got "reviews\.csv"/],
    [{ ...spec, lr: 1 }, /there is no option "lr"; did you mean "learningRate"\?/],
    [{ ...spec, batch_size: 1 }, /"batch_size"; did you mean "batchSize"\?/],
    [{ ...spec, lora: { bais: "all" } }, /spec\.lora: there is no option "bais"/],
    [{ ...spec, lora: { bias: "some" } }, /spec\.lora: bias is "none", "all" or "lora_only", got "some"/],
    [{ ...spec, lora: { rankPattern: { query: 0 } } }, /spec\.lora: rankPattern is an object of whole numbers above 0/],
    [{ ...spec, steps: 3, epochs: 1 }, /spec\.steps and spec\.epochs both set how long to train/],
  ])("is refused as %j", async (given, says) => expect(await refusal(given)).toMatch(says));

  it("is read once, and its getters cannot change it afterwards", async () => {
    const asked: string[] = [];
    const counted = new Proxy(spec, {
      get(target, name) {
        asked.push(String(name));
        return Reflect.get(target, name);
      },
    });
    readSpec("test", counted, textFields);
    const fields = asked.filter((name) => name in spec);
    expect(fields.sort()).toEqual(Object.keys(spec).sort());
  });

  it("has the adapter's further options as plain data of its own", () => {
    const indices = [5, 3];
    const lora = {
      bias: "all",
      rankPattern: { query: 4 },
      trainableTokenIndices: indices,
      modulesToSave: null,
    } as const;
    const taken = readSpec("test", { data: "a.csv", lora }, textFields);
    indices.push(7);
    expect(taken.lora).toEqual({ bias: "all", rankPattern: { query: 4 }, trainableTokenIndices: [5, 3] });
    expect(JSON.parse(JSON.stringify(taken))).toEqual(taken);
    expect(readSpec("test", { data: "a.csv", lora: { bias: "none" } }, textFields).lora).toEqual({ bias: "none" });
    expect(readSpec("test", { data: "a.csv", lora: {} }, textFields).lora).toBeNull();
  });

  it("gets its defaults, epochs instead of steps where they are given", () => {
    expect(readSpec("test", { data: "a.csv" }, textFields)).toMatchObject({
      steps: null,
      epochs: null,
      rank: 8,
      validation: null,
      patience: 3,
      validationSplit: null,
      testSplit: null,
    });
    expect(readSpec("test", { data: "a.csv", recipe: "peft" }, textFields)).toMatchObject({
      steps: 300,
      epochs: null,
      patience: null,
      validationSplit: 0.2,
      testSplit: 0,
    });
    expect(readSpec("test", { data: "a.csv", recipe: "peft", epochs: 2 }, textFields)).toMatchObject({
      steps: null,
      epochs: 2,
    });
    expect(readSpec("test", { data: "a.csv", epochs: 2 }, textFields)).toMatchObject({ steps: null, epochs: 2 });
    expect(readSpec("test", { data: "a.csv", recipe: "peft", steps: undefined }, textFields)).toMatchObject({
      steps: 300,
    });
    const complete = readSpec("test", { data: "a.csv", epochs: 2, labelNames: { 0: "no" } }, textFields);
    expect(readSpec("test", JSON.parse(JSON.stringify(complete)), textFields)).toEqual(complete);
    expect(Object.keys(wrong).sort()).toEqual(Object.keys(complete).sort());
  });

  it.each<[Partial<JobSpec>, RegExp]>([
    [{ steps: 5, warmup: 9 }, /^warmup 9 is longer than the run of 5 steps: pass 5 or fewer, or more steps$/],
    [{ steps: 5, warmup: 6, schedule: "constant" }, /warmup 6 is longer than the run/],
    [{ targetModules: ["quarry"] }, /matches no linear layer/],
    [{ maxTokens: 999 }, /maxTokens is a whole number from 2 to 32, got 999/],
    [{ text: "body" }, /has no column "body"/],
    [{ data: "examples.xlsx" }, /expected a name that ends in .*: export the sheet as CSV/],
    [{ data: "texts.csv" }, /looks like a column of texts .*: name the labels' column with label$/],
  ])("that does not fit model or data (%j) leaves nothing", async (change, says) => {
    const store = memoryStore();
    const files = (name: string) => sources.readData(name === "texts.csv" ? name : "examples.csv");
    const own = { ...sources, readData: async (name: string) => files(name) };
    const error = await run({ ...spec, ...change }, store, { sources: own }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LowrankError);
    expect((error as Error).message).toMatch(says);
    expect(store.files()).toEqual({});
  });
});

describe("runJob", () => {
  it.each<[unknown, RegExp]>([
    [null, /store is a RunStore, \{ name, place, has, read, write, append, remove, claim \}, got null/],
    [{}, /store\.name is text/],
    [{ ...memoryStore(), name: 3 }, /store\.name is text, got 3/],
    ...(["place", "has", "read", "write", "append", "remove", "claim"] as const).map(
      (name) =>
        [{ ...memoryStore(), [name]: null }, new RegExp(`store\\.${name} is a function, got null`)] as [
          unknown,
          RegExp,
        ],
    ),
    [{ ...memoryStore(), claim: async () => 3 }, /the result of store\.claim is a function, got 3/],
    [{ ...memoryStore(), read: async () => "text" }, /store\.read\("checkpoint\.safetensors"\): expected a Uint8Array/],
  ])("refuses a store that is none (%#)", async (store, says) => expect(await refusal(spec, store)).toMatch(says));

  it.each<[unknown, RegExp]>([
    [null, /options are an object, got null/],
    [{ onprogress: () => {} }, /there is no option "onprogress"; did you mean "onProgress"\?/],
    [{ onProgress: 3 }, /onProgress is a function, got 3/],
    [{ signal: 3 }, /signal is an AbortSignal, got 3/],
    [{ sources: null }, /sources is JobSources/],
    [{ sources: { ...unasked, findModel: 3 } }, /sources\.findModel is a function, got 3/],
    [{ sources: { ...unasked, readData: null } }, /sources\.readData is a function, got null/],
    [{ sources: { ...unasked, machine: "x" } }, /sources\.machine is a function/],
  ])("refuses options that make no sense (%#)", async (options, says) =>
    expect(await refusal(spec, untouchable, options)).toMatch(says),
  );

  const model = { name: "m", origin: "here", open: async () => null };
  it.each<[object, RegExp]>([
    [{ readData: async () => null }, /the result of sources\.readData is a DataFile/],
    [
      { readData: async () => ({ name: "a", bytes: "text" }) },
      /sources\.readData\("examples\.csv"\): expected a Uint8Array/,
    ],
    [{ findModel: async () => undefined }, /the result of sources\.findModel is a JobModel/],
    [{ findModel: async () => ({ ...model, origin: 3 }) }, /a JobModel has a name and an origin/],
    [{ findModel: async () => ({ ...model, open: 3 }) }, /JobModel\.open is a function, got 3/],
    [{ findModel: async () => ({ ...model, digest: async () => 3 }) }, /a SHA-256 of config\.json is expected, got 3/],
    [{ findModel: async () => model }, /config\.json is missing/],
  ])("refuses what sources give that is none (%#)", async (change, says) => {
    const store = memoryStore();
    const given = { ...sources, ...change };
    const error = await run(spec, store, { sources: given }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LowrankError);
    expect((error as Error).message).toMatch(says);
    expect(store.files()).toEqual({});
    await (
      await store.claim()
    )();
  });
});
