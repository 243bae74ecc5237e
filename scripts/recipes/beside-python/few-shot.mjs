import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { memoryStore, runJob } from "../../../dist/jobs-node.js";
import { generator } from "../examples.mjs";
import { pythonProcess } from "./python-process.mjs";

const help = `The recipe "few-shot", SetFit with its defaults and logistic regression on frozen vectors, in turn, on the same splits:

    node scripts/recipes/beside-python/few-shot.mjs --python PYTHON --model FOLDER

  --datasets   default movie,tweets     --per-class  default 8,16     --splits  default 0,1,2,3,4,5,6,7,8,9
  --tests      test texts, default 500  --threads    of both, default 1
  --set        a setting of the run, such as learningRate=0.002       --out  a file for all results
  --default    also the default recipe

Without --python only the recipe runs. The end is differences on the same splits, in points with their standard error, and the share
of SetFit's time.
`;
const text = (value) => ({ type: "string", ...(value && { default: value }) });
const { values } = parseArgs({
  options: {
    python: text(),
    model: text(),
    out: text(),
    datasets: text("movie,tweets"),
    "per-class": text("8,16"),
    splits: text("0,1,2,3,4,5,6,7,8,9"),
    tests: text("500"),
    threads: text("1"),
    default: { type: "boolean" },
    set: { type: "string", multiple: true, default: [] },
    help: { type: "boolean" },
  },
});
if (values.help || !values.model) {
  console.log(help);
  process.exit(values.help ? 0 : 1);
}
const places = process.env.LOWRANK_RECIPES ?? join(homedir(), ".cache", "lowrank-recipes");
const threads = Number(values.threads);
const changed = Object.fromEntries(values.set.map((one) => one.split("=")).map(([name, to]) => [name, JSON.parse(to)]));
const folder = mkdtempSync(join(tmpdir(), "few-shot-"));
const [data, test] = ["train.tsv", "test.tsv"].map((name) => join(folder, name));
const script = fileURLToPath(new URL("few_shot.py", import.meta.url));
const python = values.python && pythonProcess(values.python, script, [values.model], threads);
const results = [];
try {
  // Split by split, so that a run that is stopped has as many of each kind.
  for (const split of values.splits.split(",").map(Number))
    for (const dataset of values.datasets.split(","))
      for (const perClass of values["per-class"].split(",").map(Number)) {
        const [pool, tests] = ["pool", "test"].map((part) => readRows(dataset, part));
        const [train, measured] = [drawn(pool, perClass, split), tests.slice(0, Number(values.tests))];
        const ours = await trained(train, measured, "few-shot");
        if (values.default) ours.default = (await trained(train, measured, "default")).fewShot;
        const labels = [...new Set(train.map(({ label }) => label))];
        const of = (rows) => ({
          texts: rows.map((row) => row.text),
          targets: rows.map((row) => labels.indexOf(row.label)),
        });
        const theirs = python ? await python.ask({ train: of(train), test: of(measured) }) : {};
        const line = { dataset, perClass, split, threads, tests: measured.length, ...ours, ...theirs };
        results.push(line);
        console.log(JSON.stringify(line));
        if (values.out) appendFileSync(values.out, `${JSON.stringify(line)}\n`);
      }
} finally {
  rmSync(folder, { recursive: true });
  python?.end();
}

const shown = [
  "largest",
  "headOnly",
  "logistic",
  "fewShot",
  "setfit",
  "fewShotSeconds",
  "setfitSeconds",
  "fewShotProcessor",
  "setfitProcessor",
  "adapterBytes",
];
console.log(`| data | a class | splits | ${shown.join(" | ")} |\n|---|--:|--:|${"--:|".repeat(shown.length)}`);
const kinds = new Set(results.map(({ dataset, perClass }) => `${dataset} ${perClass}`));
for (const kind of kinds) {
  const group = results.filter(({ dataset, perClass }) => `${dataset} ${perClass}` === kind);
  const mean = (name) => group.reduce((sum, line) => sum + line[name], 0) / group.length;
  const cell = (name) => (/Seconds|Processor|Bytes/.test(name) ? mean(name).toFixed(1) : (100 * mean(name)).toFixed(1));
  console.log(`| ${[group[0].dataset, group[0].perClass, group.length, ...shown.map(cell)].join(" | ")} |`);
}
for (const kind of kinds) {
  const group = results.filter(({ dataset, perClass }) => `${dataset} ${perClass}` === kind);
  const against = ["setfit", "logistic", "headOnly", "default"].filter((name) => group[0][name] !== undefined);
  const named = against.map((name) => `${paired(group.map((line) => 100 * (line.fewShot - line[name])))} over ${name}`);
  const [clock, processor] = ["Seconds", "Processor"].map((unit) => {
    const sum = (name) => group.reduce((total, line) => total + (line[name + unit] ?? NaN), 0);
    return (sum("fewShot") / sum("setfit")).toFixed(2);
  });
  const time = python ? `; time ${clock} of SetFit's, of the processor ${processor}` : "";
  console.log(`${kind} a class: few-shot ${named.join(", ")}${time}`);
}

/** Mean of differences and its standard error. */
function paired(differences) {
  const mean = differences.reduce((sum, one) => sum + one, 0) / differences.length;
  const spread = differences.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (differences.length - 1);
  return `${mean < 0 ? "−" : "+"}${Math.abs(mean).toFixed(2)} ± ${Math.sqrt(spread / differences.length).toFixed(2)}`;
}

/** The recipe's run: accuracies, and the seconds of training and fitting the head. */
async function trained(train, measured, recipe) {
  const table = (rows) => `label\ttext\n${rows.map((row) => `${row.label}\t${row.text}\n`).join("")}`;
  writeFileSync(data, table(train));
  writeFileSync(test, table(measured));
  const spec = {
    model: values.model,
    data,
    test,
    maxTokens: 128,
    threads,
    recipe,
    ...(recipe === "few-shot" && changed),
  };
  const starts = {};
  const now = () => ({
    clock: performance.now() / 1e3,
    processor: Object.values(process.cpuUsage()).reduce((a, b) => a + b) / 1e6,
  });
  const onProgress = ({ phase }) => (starts[phase] ??= now());
  const { report } = await runJob(spec, memoryStore(), { onProgress });
  const { largestClass, headOnly, after } = report.result;
  return {
    largest: largestClass,
    headOnly: headOnly?.accuracy,
    fewShot: after.accuracy,
    fewShotSeconds: starts.validate.clock - starts.train.clock,
    fewShotProcessor: starts.validate.processor - starts.train.processor,
    adapterBytes: 4 * report.parameters.adapter,
  };
}

/** Rows { label, text }. */
function readRows(dataset, part) {
  const lines = readFileSync(join(places, "data", `${dataset}_${part}.tsv`), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => line.split("\t")).map(([label, , text]) => ({ label, text }));
}

/** `perClass` rows of each class, drawn by the number of the split; classes with fewer rows are left out. */
function drawn(pool, perClass, split) {
  const next = generator(100 * split + perClass);
  const order = pool.map((row) => ({ row, key: next() })).sort((a, b) => a.key - b.key);
  const classes = [...new Set(pool.map(({ label }) => label))].sort();
  const own = classes.map((label) => order.filter(({ row }) => row.label === label).slice(0, perClass));
  return own.flatMap((rows) => rows.map(({ row }) => row));
}
