import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { memoryStore, runJob } from "../../dist/jobs-node.js";
import { drawParts } from "./examples.mjs";

const help = `Measures what the final fit gains: a run's first fit and its final fit on the same test texts.

    node scripts/recipes/final-fit.mjs --datasets movie,emoji --counts 100,300 --seeds 0,1
    node scripts/recipes/final-fit.mjs --table

A line of JSON a run is added to --out. Runs that are there already are left out, so it can be stopped and started again. --table prints
the table of bench/recipes.md from --out.

  --datasets  names, as scripts/recipes/datasets built them      --counts  rows, the validation among them
  --seeds     of the draw, the split, the adapter and the order  --out     default scripts/recipes/final-fit.jsonl
  --threads   default 1                                          --data    folder of the data sets
`;
const places = process.env.LOWRANK_RECIPES ?? join(homedir(), ".cache", "lowrank-recipes");
const { values } = parseArgs({
  options: {
    datasets: { type: "string", default: "emoji,glosses,tweets,movie" },
    counts: { type: "string", default: "100,300,1000,4000" },
    seeds: { type: "string", default: "0,1" },
    out: { type: "string", default: join(import.meta.dirname, "final-fit.jsonl") },
    threads: { type: "string", default: "1" },
    data: { type: "string", default: join(places, "data") },
    table: { type: "boolean" },
    help: { type: "boolean" },
  },
});

const lines = () => (existsSync(values.out) ? readFileSync(values.out, "utf8").trim().split("\n") : []);
const known = () => lines().map((line) => JSON.parse(line));

if (values.help) console.log(help);
else if (values.table) table(known());
else await measure();

async function measure() {
  const folder = mkdtempSync(join(tmpdir(), "final-fit-"));
  const sizes = JSON.parse(readFileSync(join(values.data, "datasets.json"), "utf8"));
  for (const seed of values.seeds.split(",").map(Number))
    for (const most of values.counts.split(",").map(Number))
      for (const dataset of values.datasets.split(",")) {
        const count = Math.min(most, sizes[dataset].pool.examples);
        const isDone = known().some((run) => run.dataset === dataset && run.count === count && run.seed === seed);
        if (isDone) continue;
        const line = JSON.stringify(await one(folder, { dataset, count, seed }));
        appendFileSync(values.out, `${line}\n`);
        console.error(line);
      }
  rmSync(folder, { recursive: true });
}

/** One run with a final fit: what both fits reach on the test. */
async function one(folder, { dataset, count, seed }) {
  const { train, validation, test } = drawParts(values.data, dataset, { count, held: 0, seed, tests: 1000 });
  const write = (name, rows) => {
    const path = join(folder, name);
    writeFileSync(path, rows.map(({ text, label }) => JSON.stringify({ text, label })).join("\n"));
    return path;
  };
  const spec = {
    data: write("train.jsonl", [...train, ...validation]),
    test: write("test.jsonl", test),
    finalFit: true,
    seed,
    threads: Number(values.threads),
    maxTokens: 64,
    allow: ["test-in-training"],
  };
  const started = process.cpuUsage();
  const { report } = await runJob(spec, memoryStore());
  const { user } = process.cpuUsage(started);
  const { result, finalFit, evaluation, data } = report;
  const of = ({ accuracy, macroF1, loss }) => ({ accuracy, macroF1, loss });
  return {
    dataset,
    count,
    seed,
    rows: train.length + validation.length,
    tests: test.length,
    held: data.validation.examples,
    headOnly: of(result.headOnly),
    first: of(result.after),
    final: of(finalFit.metrics),
    steps: { kept: evaluation.best.step, done: report.training.steps, final: finalFit.steps },
    processorSeconds: Math.round(user / 1e6),
  };
}

function table(runs) {
  console.log("| rows | data | held out | seeds | head only | first fit | final fit | difference |");
  console.log("|--:|---|--:|--:|--:|--:|--:|--:|");
  const groups = new Map();
  for (const run of runs) {
    const key = `${run.rows} ${run.dataset}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const mean = (list) => list.reduce((sum, x) => sum + x, 0) / list.length;
  const percent = (share) => (100 * share).toFixed(1);
  const points = (share) => `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)}`;
  const sorted = [...groups.values()].sort(([a], [b]) => a.rows - b.rows || a.dataset.localeCompare(b.dataset));
  for (const group of sorted) {
    const [{ rows, dataset, held }] = group;
    const accuracies = ["headOnly", "first", "final"].map((name) => group.map((run) => run[name].accuracy));
    const gains = group.map(({ first, final }) => final.accuracy - first.accuracy);
    const each = gains.length > 1 ? ` (${gains.map(points).join(", ")})` : "";
    const cells = [rows, dataset, held, group.length, ...accuracies.map((list) => percent(mean(list)))];
    console.log(`| ${cells.join(" | ")} | ${points(mean(gains))}${each} |`);
  }
}
