import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CheckpointWriter, readCheckpoint } from "../../training/store/checkpoint-folder.js";
import { readSafetensors, type Tensor, tensor, writeSafetensors } from "../../../ts/index.js";
import { type Fixture, interruptedRun, lowrank, makeFixture, shortRun } from "../fixture.js";

let fixture: Fixture;
let halves: string;

beforeAll(async () => {
  fixture = await makeFixture();
  halves = await interruptedRun(fixture, 60, 27);
});
afterAll(() => fixture.remove());

const CHECKPOINT = "checkpoint.safetensors";
const HISTORY = "checkpoint.history.jsonl";

type State = Record<string, unknown> & {
  run: { settings: Record<string, unknown>; baseline: Record<string, unknown> };
};

let copies = 0;
/** A copy of the interrupted run. */
async function copyOf(): Promise<string> {
  const folder = fixture.path(`copy-${copies++}`);
  await cp(halves, folder, { recursive: true });
  return folder;
}

/** A copy whose checkpoint's state or tensors are changed. */
async function changed(change: (state: State, tensors: Map<string, Tensor>) => unknown): Promise<string> {
  const folder = await copyOf();
  const file = readSafetensors(readFileSync(`${folder}/${CHECKPOINT}`));
  const tensors = new Map(file.names.map((name) => [name, file.tensor(name)]));
  const state = JSON.parse(file.metadata.get("state")!) as State;
  const format = file.metadata.get("format")!;
  const text = change(state, tensors);
  const metadata = { format, state: typeof text === "string" ? text : JSON.stringify(state) };
  writeFileSync(`${folder}/${CHECKPOINT}`, writeSafetensors(tensors, metadata));
  return folder;
}

/** Resuming fails by name, with the file in the message, and leaves everything as it was. */
async function expectRefused(folder: string, says: RegExp | string): Promise<void> {
  const contents = () =>
    readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`).toString("latin1")]);
  const before = contents();
  const { code, err } = await lowrank(["finetune", "--resume", folder]);
  expect(err).toMatch(says);
  expect(err).toMatch(/^error: \S*checkpoint\.(safetensors|history\.jsonl)/);
  expect(err).not.toMatch(/\n +at |This is an unexpected error/);
  expect(err.length).toBeLessThan(1000);
  expect(code).toBe(1);
  expect(contents()).toEqual(before);
}

/** Where the state is spoilt, by its path, and with what. */
const hostile: Record<string, readonly unknown[]> = {
  step: [undefined, null, "28", 27.5, -1, NaN, 0, 26, 61, [], 2 ** 60],
  streams: [undefined, null, "x", 0.5, -1, {}],
  optimizerSteps: [undefined, null, "simd", {}, [], [1], Array(100_000).fill(1)],
  "optimizerSteps.0": [null, "simd", -1, 0.5, 29],
  historyBytes: [undefined, null, "10", 0, -1, 1.5, 10, 1e15],
  run: [undefined, null, "simd", []],
  "run.modelHash": [undefined, 7, "", "x".repeat(64)],
  "run.trainHash": [undefined],
  "run.validationHash": [null],
  "run.build": [undefined, "auto", "sse2", 3],
  "run.threads": [undefined, 0, 1.5, "1", -1],
  "run.baseline": [undefined, null, []],
  "run.baseline.before": [undefined, null, { accuracy: 1 }],
  "run.baseline.headOnly": [undefined, 3],
  "run.headPredictions": [undefined, null, [], [0], "00000000", Array(8).fill(7), Array(8).fill("length")],
  "run.baseline.largestClass": [undefined, null, -0.1, 1.1],
  "run.baseline.before.count": [undefined, 0, 9],
  "run.baseline.before.accuracy": [null, -0.1, 1.1],
  "run.baseline.before.loss": [null, "1"],
  "run.baseline.before.confusion": [
    null,
    [],
    [[8]],
    [[4, 4]],
    [[8, 0], [0]],
    [[8, 0], "ab"],
    [
      [8.5, -0.5],
      [0, 0],
    ],
  ],
  "run.settings": [undefined, null, []],
  "run.settings.model": [3],
  "run.settings.data": [null],
  "run.settings.validation": [3],
  "run.settings.validationSplit": ["0.2", -1, 1],
  "run.settings.text": [0],
  "run.settings.label": [null],
  "run.settings.labelNames": [null, [], { a: 1 }],
  "run.settings.steps": ["60", 0, 2.5],
  "run.settings.epochs": ["1", 0, -1],
  "run.settings.batchSize": [null, "8", 0, 8.5],
  "run.settings.learningRate": [null, "0.01", 0, -1],
  "run.settings.recipe": [null, "mine", "constructor"],
  "run.settings.headOnly": [1],
  "run.settings.headLearningRate": [0, "1"],
  "run.settings.loraPlusRatio": [0, "1"],
  "run.settings.warmup": ["1", -1, 0.5],
  "run.settings.schedule": [null, "step", "constructor"],
  "run.settings.weightDecay": [null, -1],
  "run.settings.maxGradNorm": ["1", -1],
  "run.settings.accumulate": [null, 0, 1.5],
  "run.settings.rank": [null, 0, "8"],
  "run.settings.alpha": [null, 0],
  "run.settings.targetModules": [3, ["query", 3], {}],
  "run.settings.rslora": [null, 0, "false"],
  "run.settings.dora": [null, "true"],
  "run.settings.dropout": [null, 1, -0.1],
  "run.settings.seed": [null, -1, 0.5],
  "run.settings.maxTokens": ["32", 0],
  "run.settings.build": [null, "avx"],
  "run.settings.threads": [null, 0, "two"],
  "run.settings.baseline": [null, "yes"],
};

describe("a checkpoint's state", () => {
  it("may lack settings, as of an earlier version: they have their defaults, and the result is the same", async () => {
    const result = async (folder: string) => {
      const { code, err } = await lowrank(["finetune", "--resume", folder]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      return readFileSync(`${folder}/adapter_model.safetensors`).toString("latin1");
    };
    const lacking = await changed(({ run: { settings } }) => {
      for (const name of ["validation", "headOnly", "headLearningRate", "loraPlusRatio", "dora"]) delete settings[name];
    });
    expect(await result(lacking)).toBe(await result(await copyOf()));
  });

  it("of another model is refused, also where the model is the default", async () => {
    const folder = await changed(({ run: { settings } }) => void delete settings["model"]);
    const { code, err } = await lowrank(["finetune", "--resume", folder]);
    expect(err).toMatch(/the model \(weights, configuration or tokenizer\) changed since it began/);
    expect(code).toBe(1);
  });

  it.each(Object.entries(hostile))("is refused where %s is not what it should be", async (path, values) => {
    for (const value of values) {
      const folder = await changed((state) => {
        const keys = path.split(".");
        const last = keys.pop()!;
        const holder = keys.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, state);
        holder[last] = value;
      });
      const field = path === "step" ? "step|history" : path.split(".").at(-1)!;
      await expectRefused(folder, new RegExp(`${field}|the checkpoint needs|parameters|classes`));
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ["no JSON", "{", /state in its metadata: expected JSON/],
    ["nothing", "", /state in its metadata: expected JSON/],
    ["a list", "[]", /expected a JSON object/],
    ["nesting without an end", "[".repeat(30_000), /nested at most/],
  ])("is refused where it is %s", async (_, text, says) => expectRefused(await changed(() => text), says));

  it.each<[string, (tensors: Map<string, Tensor>) => void, RegExp]>([
    ["NaN in a parameter", (all) => (all.get("parameter.1")!.data[5] = NaN), /parameters\[1\]\.data\[5\] is a finite/],
    ["infinity in a moment", (all) => (all.get("optimizer.2.m")!.data[0] = Infinity), /buffers\[2\]\.m\.data\[0\]/],
    [
      "a negative second moment",
      (all) => (all.get("optimizer.0.v")!.data[3] = -1),
      /buffers\[0\]\.v\.data\[3\].*from 0/,
    ],
    ["a moment of another shape", (all) => all.set("optimizer.0.v", tensor([1], [1])), /buffers\[0\]\.v\.shape is \[/],
    ["a moment missing", (all) => all.delete("optimizer.0.v"), /buffers\[0\]\.v is an object/],
    ["a moment too many", (all) => all.set("optimizer.0.w", tensor([1], [1])), /has buffers m, v and no other/],
    ["a parameter missing", (all) => all.delete("parameter.3"), /parameter\.3/],
  ])("is refused with %s", async (_, change, says) => {
    await expectRefused(await changed((_state, tensors) => void change(tensors)), says);
  });

  it("is refused where the parameters are not those of the run", async () => {
    await expectRefused(await changed((state) => (state.run.settings["rank"] = 4)), /parameters\[0\]\.shape is \[/);
    await expectRefused(
      await changed((state) => (state.run.settings["steps"] = 10)),
      /step is a whole number from 0 to 10/,
    );
  });

  it("is refused where it is an older version's, with advice, or nothing of ours", async () => {
    const folder = await copyOf();
    for (const [format, says] of [
      ["lowrank-checkpoint-3", /"lowrank-checkpoint-4" is expected, got "lowrank-checkpoint-3"; .*start the run again/],
      ["pt", /"lowrank-checkpoint-4" is expected, got "pt"\n/],
    ] as const) {
      writeFileSync(`${folder}/${CHECKPOINT}`, writeSafetensors({ a: tensor([1], [1]) }, { format, state: "{}" }));
      await expectRefused(folder, says);
    }
    truncateSync(`${folder}/${CHECKPOINT}`, 50);
    await expectRefused(folder, /cut short|expected a safetensors file/);
  });
});

describe("a checkpoint's history", () => {
  const damage: Record<string, [change: (text: string) => string, says: RegExp]> = {
    "cut short": [(text) => text.slice(0, -1), /the checkpoint needs \d+ bytes, got \d+: the file is truncated/],
    gone: [() => "", /got 0: the file is truncated/],
    "of broken JSON": [(text) => text.replace('{"step":7', '["step":7'), /line 8: expected JSON/],
    "of other steps": [(text) => text.replace('{"step":7', '{"step":6'), /history\[7\]\.step is 7, got 6/],
    "of words": [
      (text) => text.replace(/"loss":[\d.]+/, (loss) => `"loss":"${"x".repeat(loss.length - 9)}"`),
      /history\[0\]\.loss is a finite number/,
    ],
    "of too few lines": [(text) => text.replace("}\n", "} "), /the checkpoint needs \d+ lines, got/],
  };
  it.each(Object.entries(damage))("is refused where it is %s", async (_, [change, says]) => {
    const folder = await copyOf();
    await writeFile(`${folder}/${HISTORY}`, change(readFileSync(`${folder}/${HISTORY}`, "utf8")));
    await expectRefused(folder, says);
  });

  it("is cut where lines were written after the checkpoint, and the run ends as it would have", async () => {
    const [straight, cut] = [await copyOf(), await copyOf()];
    appendFileSync(`${cut}/${HISTORY}`, `${readFileSync(`${cut}/${HISTORY}`, "utf8")}{"step":`);
    for (const folder of [straight, cut]) expect((await lowrank(["finetune", "--resume", folder])).code).toBe(0);
    const [a, b] = [straight, cut].map((folder) => JSON.parse(readFileSync(`${folder}/report.json`, "utf8")));
    expect(b.result).toEqual(a.result);
    const steps = ({ steps: all }: { steps: { step: number; loss: number }[] }) =>
      all.map(({ step, loss }) => [step, loss]);
    expect(steps(b)).toEqual(steps(a));
    expect(steps(b).map(([step]) => step)).toEqual(Array.from({ length: 60 }, (_, i) => i));
    expect(readdirSync(cut)).not.toContain(HISTORY);
  });

  it("costs a checkpoint nothing, however long it is", async () => {
    const folder = fixture.path("long");
    await mkdir(folder);
    const { checkpoint, run } = readCheckpoint(halves);
    const record = checkpoint.history[0]!;
    const history = Array.from({ length: 100_000 }, (_, step) => ({ ...record, step }));
    const at = (step: number) => ({ ...checkpoint, step, history: history.slice(0, step) });
    const sizes: number[] = [];
    const grown: number[] = [];
    const writer = new CheckpointWriter(folder, run, null);
    for (const step of [28, 99_975, 100_000]) {
      await writer.write(at(step));
      sizes.push(statSync(`${folder}/${CHECKPOINT}`).size);
      grown.push(statSync(`${folder}/${HISTORY}`).size);
    }
    // A few digits more in the header, which is padded to 8 bytes.
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(16);
    expect(grown[2]! - grown[1]!).toBe(25 * (JSON.stringify(history.at(-1)).length + 1));
    const read = readCheckpoint(folder);
    expect(read.checkpoint.history).toEqual(history);
    expect(read.checkpoint.parameters).toEqual(checkpoint.parameters);
    expect(read.run).toEqual(run);
  });
});

it.each<[string[], string]>([
  [["--task", "tokens"], "got --task tokens, the run has a classifier of texts;"],
  [["--dora"], "got --dora, the run has none;"],
  [["--no-baseline"], "got --no-baseline, the run has one;"],
  [["--label-names", "0=bad"], 'got --label-names {"0":"bad"}, the run has {};'],
])("--resume says of %j what is given and what the run began with", async (options, message) => {
  const { code, err } = await lowrank(["finetune", "--resume", halves, ...options]);
  expect(code).toBe(1);
  expect(err).toContain(message);
});

it("--out names a stranger's file that the run would replace, and calls no run finished that is none", async () => {
  const folder = fixture.path("strangers");
  await mkdir(folder);
  await writeFile(`${folder}/labels.json`, "{}");
  const { code, err } = await lowrank(shortRun(fixture, folder));
  expect(code).toBe(1);
  expect(err).toMatch(/strangers has labels\.json, which the run would replace: choose another folder/);
  expect(readdirSync(folder)).toEqual(["labels.json"]);
});

it.each(["1e9", "0x10"])("--rank %s is a whole number that is to be written in digits", async (rank) => {
  const { code, err } = await lowrank(["finetune", "--rank", rank]);
  expect(code).toBe(2);
  expect(err).toMatch(/A whole number from 1, in digits, is expected/);
  expect((await lowrank(["finetune", "--rank", "-1"])).err).toMatch(/A whole number from 1 is expected/);
});
