import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryStore, runJob } from "../../dist/jobs-node.js";
import { root } from "../setup/paths.mjs";

// Few examples a class, on the film reviews: the head-only baseline and the recipe "few-shot", on the splits of few-shot.json, which has
// what SetFit 1.2 with its defaults and scikit-learn's logistic regression reach on them from the same encoder.
//   node scripts/recipes/few-shot.mjs [--per-class 8] [--threads 1] [--set learningRate=0.002]

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const wanted = option("per-class", null);
const threads = Number(option("threads", "1"));
const changed = Object.fromEntries(
  [option("set", "")].filter(Boolean).map((one) => [one.split("=")[0], Number(one.split("=")[1])]),
);
const movie = (name) => readFileSync(join(root, "examples/movie", name), "utf8");
const pool = movie("movie_train.tsv").trimEnd().split("\n");
const splits = JSON.parse(readFileSync(join(root, "scripts/recipes/few-shot.json"), "utf8"));

const columns = "label\tscore\ttext\n";
const folder = mkdtempSync(join(tmpdir(), "few-shot-"));
const [data, test] = ["train.tsv", "test.tsv"].map((name) => join(folder, name));
writeFileSync(test, columns + movie("movie_test.tsv"));
const common = { data, test, validationSplit: 0, patience: null, threads };
const sums = new Map();
for (const { rows, ...split } of splits.filter(({ perClass }) => wanted === null || perClass === Number(wanted))) {
  writeFileSync(data, columns + rows.map((row) => `${pool[row]}\n`).join(""));
  const started = performance.now();
  const { report } = await runJob({ ...common, recipe: "few-shot", ...changed }, memoryStore());
  const seconds = (performance.now() - started) / 1000;
  const { headOnly, after } = report.result;
  const line = {
    ...split,
    headOnly: headOnly.accuracy,
    fewShot: after.accuracy,
    trainSeconds: report.training.seconds,
    seconds,
  };
  console.log(JSON.stringify(line));
  const all = sums.get(split.perClass) ?? [];
  sums.set(split.perClass, [...all, line]);
}
rmSync(folder, { recursive: true });
for (const [perClass, lines] of sums) {
  const mean = (name) => (100 * lines.reduce((sum, line) => sum + line[name], 0)) / lines.length;
  const named = ["logistic", "setfit", "headOnly", "fewShot"].map((name) => `${name} ${mean(name).toFixed(1)}`);
  console.log(`${perClass} a class, ${lines.length} splits: ${named.join(", ")}`);
}
