import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { recipes } from "./configurations.mjs";

const help = `Trains the same runs here and with PEFT, one after the other in turn, and prints time, memory and accuracy of both:

    node scripts/recipes/beside-peft.mjs --model FOLDER --python PYTHON --datasets movie,novels --seeds 0,1,2 --out beside.jsonl

Needs the data sets of scripts/recipes/datasets, a Python with torch, transformers and peft, and a quiet machine. Times are of training
and of what is measured on the way, models loaded before; memory is the process's at most, as the operating system counts it.

  --count  examples, default 600      --threads  of both, default 2      --max-tokens  default 128      --tests  default 300
`;
const places = process.env.LOWRANK_RECIPES ?? join(homedir(), ".cache", "lowrank-recipes");
const text = (value) => ({ type: "string", ...(value && { default: value }) });
const { values } = parseArgs({
  options: {
    model: text(),
    out: text(),
    python: text("python3"),
    datasets: text("movie,novels,glosses"),
    seeds: text("0,1,2"),
    count: text("600"),
    threads: text("2"),
    "max-tokens": text("128"),
    tests: text("300"),
    help: { type: "boolean" },
  },
});
if (values.help || !values.model || !values.out) {
  console.log(help);
  process.exit(values.help ? 0 : 1);
}
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const sizes = JSON.parse(readFileSync(join(places, "data", "datasets.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "beside-"));
const say = (command, ...args) =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
const own = { data: join(places, "data"), cache: join(places, "heads") };
const rows = [];
try {
  for (const seed of values.seeds.split(",").map(Number))
    for (const dataset of values.datasets.split(",")) {
      const count = Math.min(Number(values.count), sizes[dataset].pool.examples);
      const run = { name: "default", dataset, count, seed, held: 0.2, tests: Number(values.tests) };
      const given = { ...run, maxTokens: Number(values["max-tokens"]), threads: Number(values.threads), ...own };
      const [ours, theirs] = ["ours.jsonl", "theirs.jsonl"].map((name) => join(folder, name));
      for (const file of [ours, theirs]) rmSync(file, { force: true });
      const options = ["--experimental-wasm-relaxed-simd", here("one.mjs")];
      writeFileSync(ours, say(process.execPath, ...options, JSON.stringify({ ...given, recipe: recipes.default })));
      const threads = ["--threads", values.threads, "--data", own.data, "--cache", own.cache];
      say(values.python, here("with_peft.py"), values.model, ours, theirs, ...threads);
      for (const file of [ours, theirs]) appendFileSync(values.out, readFileSync(file));
      const [a, b] = [ours, theirs].map((file) => JSON.parse(readFileSync(file, "utf8")));
      rows.push({ dataset, seed, a, b });
      console.error(`${dataset} ${seed}: ${a.seconds.toFixed(1)} s, with PEFT ${b.seconds.toFixed(1)} s`);
    }
} finally {
  rmSync(folder, { recursive: true });
}

const least = (curve) =>
  curve.filter(({ test }) => test).reduce((best, point) => (point.validation[2] < best.validation[2] ? point : best));
const mean = (list) => list.reduce((sum, x) => sum + x, 0) / list.length;
console.log("| data | seeds | accuracy | PEFT | time | PEFT | memory | PEFT |\n|---|--:|--:|--:|--:|--:|--:|--:|");
for (const dataset of new Set(rows.map((row) => row.dataset))) {
  const mine = rows.filter((row) => row.dataset === dataset);
  const of = (pick) => ["a", "b"].map((side) => mean(mine.map((row) => pick(row[side]))));
  const cells = [
    of(({ curve }) => 100 * least(curve).test[0]).map((x) => `${x.toFixed(1)} %`),
    of(({ seconds }) => seconds).map((x) => `${x.toFixed(1)} s`),
    of(({ peakMemory }) => peakMemory / 1024).map((x) => `${x.toFixed(0)} MB`),
  ];
  console.log(`| ${[dataset, mine.length, ...cells.flat()].join(" | ")} |`);
}
