import { existsSync, readdirSync } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fixture, lowrank, makeFixture, shortRun } from "./fixture.js";

let fixture: Fixture;
let run: string;

beforeAll(async () => {
  fixture = await makeFixture();
  run = fixture.path("run");
  expect((await lowrank([...shortRun(fixture, run, 3), "--no-baseline"])).code).toBe(0);
  await writeFile(fixture.path("one.csv"), "text,label\na film,good\nthe film,good\n");
  await writeFile(fixture.path("broken.csv"), 'text,label\n"a film,good\n');
  await writeFile(fixture.path("uneven.csv"), "text,label\na film,good\na film,good,really\n");
  await writeFile(fixture.path("strange.csv"), "text,label\na film,good\na story,superb\n");
  await writeFile(fixture.path("latin.csv"), Buffer.from("text,label\ncaf\xe9,good\n", "latin1"));
  await writeFile(fixture.path("empty.txt"), "\n \n");
  await writeFile(fixture.path("broken.jsonl"), '{"text": "a film", "label": "good"}\n{"text": \n');
  await writeFile(fixture.path("data.xlsx"), "PK");
  const rows = Array.from({ length: 40 }, (_, i) => `a film,it is number ${i}\n`);
  await writeFile(fixture.path("texts.csv"), `text,label\n${rows.join("")}`);
  const nested = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  await writeFile(
    fixture.path("deep.jsonl"),
    `{"text": "a film", "label": "good"}\n{"text": ${nested}, "label": "good"}\n`,
  );
  await mkdir(fixture.path("nothing"));
  await damaged("no-head", async (folder) => writeFile(`${folder}/labels.json`, "{"));
  await damaged("cut-adapter", async (folder) => {
    const bytes = await readFile(`${folder}/adapter_model.safetensors`);
    await writeFile(`${folder}/adapter_model.safetensors`, bytes.subarray(0, bytes.length - 100));
  });
  await cp(fixture.model, fixture.path("wrong-model"), { recursive: true });
  const config = JSON.parse(await readFile(`${fixture.model}/config.json`, "utf8"));
  await writeFile(fixture.path("wrong-model", "config.json"), JSON.stringify({ ...config, hidden_size: 64 }));
  await cp(fixture.model, fixture.path("no-tokenizer"), { recursive: true });
  await writeFile(fixture.path("no-tokenizer", "tokenizer.json"), "{}");
});
afterAll(() => fixture.remove());

/** A copy of the run with something broken in it. */
async function damaged(name: string, damage: (folder: string) => Promise<void>): Promise<void> {
  await cp(run, fixture.path(name), { recursive: true });
  await damage(fixture.path(name));
}

interface BadInput {
  /** `{name}` stands for a path in the fixture's folder. */
  readonly args: string;
  readonly code?: number;
  readonly says: RegExp;
  readonly input?: string;
  /** What the run's folder then holds; default: there is none. */
  readonly leaves?: readonly string[];
}

const tune = "finetune --model {model} --out {out}";

const table: BadInput[] = [
  // Usage
  { args: "", code: 2, says: /Usage: lowrank/ },
  { args: "tune", code: 2, says: /unknown command 'tune'/ },
  { args: "finetune --rnak 8", code: 2, says: /unknown option '--rnak'\n\(Did you mean --rank\?\)/ },
  {
    args: "finetune reviews.csv",
    code: 2,
    says: /too many arguments for 'finetune'.*\n\(Did you mean --data reviews\.csv\?\)/,
  },
  {
    args: `${tune} --steps ten`,
    code: 2,
    says: /'--steps <n>' argument 'ten' is invalid\. A whole number from 1 is expected/,
  },
  { args: `${tune} --learning-rate 0`, code: 2, says: /A number above 0 is expected/ },
  { args: `${tune} --dropout 1`, code: 2, says: /A number from 0 and below 1 is expected/ },
  { args: `${tune} --schedule step`, code: 2, says: /Allowed choices are cosine, linear, constant/ },
  { args: `${tune} --steps 3 --epochs 1`, code: 2, says: /'--steps <n>' cannot be used with option '--epochs <n>'/ },
  { args: `${tune} --resume {run}`, code: 2, says: /'--resume <folder>' cannot be used with option '--out <folder>'/ },
  { args: `${tune} --label-names bad`, code: 2, says: /Pairs such as "0=bad,1=good" are expected/ },
  { args: `${tune} --target-modules (`, code: 2, says: /a regular expression/ },
  { args: "inspect", code: 2, says: /missing required argument 'path'/ },
  { args: "merge {run}", code: 2, says: /required option '--out <folder>' not specified/ },
  // Data
  { args: `${tune} --data {absent.csv}`, says: /absent\.csv: there is no such file/ },
  { args: `${tune} --data {nothing}`, says: /a file of examples is expected, this is a folder/ },
  {
    args: `${tune} --data {data.xlsx}`,
    says: /expected a name that ends in \.csv, \.tsv, \.jsonl, \.json or \.parquet/,
  },
  { args: `${tune} --data {data.csv} --text body`, says: /has no column "body": it has "text", "label"/ },
  {
    args: `${tune} --data {data.csv} --text body`,
    says: /name the column of texts with --text, such as --text text, and the column of labels with --label$/m,
  },
  {
    args: `${tune} --data {data.csv} --label Label`,
    says: /has no column "Label": .*; did you mean "label"\? Name the column of texts with --text and the column of labels with --label$/m,
  },
  {
    args: `${tune} --data {one.csv}`,
    says: /column "label" needs two labels or more; all texts have "good"/,
  },
  { args: `${tune} --data {broken.csv}`, says: /broken\.csv, line \d: / },
  { args: `${tune} --data {uneven.csv}`, says: /uneven\.csv, line 3: expected 2 fields/ },
  { args: `${tune} --data {latin.csv}`, says: /UTF-8 text is expected/ },
  { args: `${tune} --data {broken.jsonl}`, says: /broken\.jsonl, line 2: expected JSON/ },
  {
    args: `${tune} --data {data.csv} --validation {strange.csv}`,
    says: /"superb" is unknown; the labels are bad, good/,
  },
  {
    args: `${tune} --data {texts.csv}`,
    says: /has 40 different labels in 40 examples, which looks like a column of texts/,
  },
  { args: `${tune} --data {deep.jsonl}`, says: /deep\.jsonl, line 2: expected JSON nested at most/ },
  { args: `${tune} --validation {data.csv}`, says: /--data, the training examples, is missing/ },
  // Settings that do not fit
  { args: `${tune} --data {data.csv} --steps 5 --warmup 9`, says: /longer than the run of 5 steps/ },
  {
    args: `${tune} --data {data.csv} --target-modules quarry`,
    says: /error: --target-modules quarry matches no linear layer; there are encoder\.layer/,
  },
  {
    args: `${tune} --data {data.csv} --modules-to-save LayerNrm`,
    says: /did you mean "LayerNorm"\?; there are modules that end in/,
  },
  { args: `${tune} --data {data.csv} --modules-to-save classifier`, says: /head is trained along without being named/ },
  { args: `${tune} --data {data.csv} --layers 9`, says: /error: --layers: layers 9: the model has layers 0 to 1/ },
  {
    args: `${tune} --data {data.csv} --max-tokens 999`,
    says: /error: --max-tokens is a whole number from 2 to 32, got 999/,
  },
  {
    args: `${tune} --data {data.csv} --learning-rate 1e30 --max-grad-norm 0`,
    says: /training diverged: the loss of step \d+ is NaN.*try a lower --learning-rate[^]*Details are in .*run\.json/,
    leaves: ["run.json"],
  },
  {
    args: `${tune} --data {data.csv} --learning-rate 1e30 --max-grad-norm 0 --no-baseline`,
    says: /training diverged: the loss of step \d+ is NaN.*try a lower --learning-rate[^]*Details are in .*run\.json/,
    leaves: ["run.json"],
  },
  {
    // The one update that there is leaves parameters that are no numbers; no loss is measured after it.
    args: `${tune} --data {data.csv} --learning-rate 1e38 --weight-decay 1e38 --warmup 0 --steps 1 --no-baseline`,
    says: /training diverged: after step 1 a parameter is not finite; try a lower --learning-rate/,
    leaves: ["run.json"],
  },
  { args: "finetune --model {model} --data {data.csv} --out {run}", says: /already has a finished run/ },
  { args: "finetune --model {model} --data {data.csv} --out {data.csv}", says: /a folder is expected, this is a file/ },
  { args: "finetune --model {model} --data {data.csv} --out {data.csv}/run", says: /ENOTDIR/ },
  // Models and runs
  {
    args: "finetune --model {nothing} --data {data.csv} --out {out}",
    says: /config\.json, tokenizer\.json, model\.safetensors missing/,
  },
  { args: "finetune --model {absent} --data {data.csv} --out {out}", says: /error: there is no folder .*absent/ },
  {
    args: "finetune --model runs/none --data {data.csv} --out {out}",
    says: /error: there is no folder runs\/none(\n|$)/,
  },
  { args: "serve --classifier topics=runs/none", says: /error: there is no folder runs\/none(\n|$)/ },
  { args: "serve --rerank-model ./none", says: /error: there is no folder \.\/none(\n|$)/ },
  { args: "serve --embedding-model ../none", says: /error: there is no folder \.\.\/none(\n|$)/ },
  { args: "embed --model runs/none text", says: /error: there is no folder runs\/none(\n|$)/ },
  { args: "finetune --model {wrong-model} --data {data.csv} --out {out}", says: /config\.json calls for/ },
  {
    args: "finetune --model {no-tokenizer} --data {data.csv} --out {out}",
    says: /tokenizer\.json cannot be used: expected model to be an object/,
  },
  {
    args: "predict --run {run} --file /dev/zero",
    says: /\/dev\/zero: a file of examples is expected, this is a device/,
  },
  { args: "finetune --resume {nothing}", says: /expected a run's folder with checkpoint\.safetensors or run\.json/ },
  { args: "predict --run {absent} text", says: /there is no folder/ },
  { args: "predict --run {nothing} text", says: /expected a run's folder/ },
  { args: "predict --run {no-head} text", says: /labels\.json: expected JSON/ },
  { args: "predict --run {cut-adapter} text", says: /cut-adapter: adapter_model\.safetensors: .*cut short/ },
  { args: "embed --adapter {cut-adapter} text", says: /cut-adapter: adapter_model\.safetensors: .*cut short/ },
  { args: "merge {cut-adapter} --out {out}", says: /cut-adapter: adapter_model\.safetensors: .*cut short/ },
  {
    args: "predict --run {run} --file {empty.txt} some",
    says: /got texts as arguments and in .*empty\.txt: pass only one of them/,
  },
  { args: "predict --run {run} --file {empty.txt}", says: /has no text/ },
  { args: "predict --run {run}", says: /standard input has no text/, input: "\n" },
  { args: "predict --run {run} --text body some", says: /--text body names a column of --file, which is missing/ },
  {
    args: "evaluate --run {run} --data {strange.csv}",
    says: /strange\.csv, line 3: label "superb" is unknown; the labels are bad, good/,
  },
  { args: "embed --adapter {nothing} text", says: /is not an adapter's folder: it has no adapter_config\.json/ },
  { args: "embed --model {model} --out {out}/v.txt text", says: /ends in \.jsonl, \.npy, \.safetensors is expected/ },
  { args: "merge {nothing} --out {out}", says: /expected a file adapter_config\.json/ },
  { args: "merge {run} --out {model}", says: /exists and is not empty/ },
  { args: "merge {run} --model {wrong} --out {out}", says: /there is no folder .*wrong/ },
  { args: "inspect {absent}", says: /no such file or folder/ },
  { args: "inspect {data.csv}", says: /expected a safetensors file/ },
  { args: "inspect {nothing}", says: /neither adapter_model\.safetensors nor model\.safetensors nor a run/ },
];

describe("bad input", () => {
  it.each(table)("$args", async ({ args, code = 1, says, input, leaves }) => {
    const words = args.split(" ").filter(Boolean);
    const given = words.map((word) => word.replace(/\{([^}]+)\}/, (_, name: string) => fixture.path(name)));
    const before = readdirSync(fixture.folder).sort();
    const outcome = await lowrank(given, input === undefined ? {} : { input });
    expect(outcome.err).toMatch(says);
    expect(outcome.code).toBe(code);
    // A message, not a stack; and nothing left behind.
    expect(outcome.err).not.toMatch(/\n +at |This is an unexpected error/);
    if (code === 1) expect(outcome.err).toMatch(/^error: |\nerror: /);
    const out = fixture.path("out");
    expect(existsSync(out) ? readdirSync(out) : undefined, "a half-written run").toEqual(leaves);
    await rm(out, { recursive: true, force: true });
    expect(readdirSync(fixture.folder).sort()).toEqual(before);
  });

  it("shows where an error came up with --debug", async () => {
    const { err } = await lowrank(["inspect", fixture.path("absent"), "--debug"]);
    expect(err).toMatch(/^ConfigError: [^]*\n +at [^]*error: /);
  });
});
