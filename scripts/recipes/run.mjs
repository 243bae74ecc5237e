import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { recipes } from "./configurations.mjs";

const help = `Trains on the data sets that scripts/recipes/datasets built, once for each data set, count, seed and recipe:

    node scripts/recipes/run.mjs --datasets emoji,movie --counts 500 --seeds 0,1 --recipes probe,lp-1e-3 --out results.jsonl

One process a run, one thread each; a line of JSON a run is added to --out. Runs that stand there already are left out, so it can
be stopped at any time and started again: Ctrl-C lets the runs under way finish. table.mjs reads the file.

  --datasets    names, comma between them        --recipes     names in configurations.mjs; "probe" for the yardsticks alone
  --counts      examples, validation among them  --seeds       of the draw, the split, the adapter and the order
  --max-tokens  default 128                      --held        share held for validation, default 0.2
  --tests       test examples, default 1000      --jobs        runs at once, default 1
  --data, --cache  folders                       --through     a command that each run is started by
`;
const places = process.env.LOWRANK_RECIPES ?? join(homedir(), ".cache", "lowrank-recipes");
const { values } = parseArgs({
  options: {
    datasets: { type: "string" },
    counts: { type: "string" },
    recipes: { type: "string" },
    out: { type: "string" },
    seeds: { type: "string", default: "0" },
    held: { type: "string", default: "0.2" },
    "max-tokens": { type: "string", default: "128" },
    tests: { type: "string", default: "1000" },
    jobs: { type: "string", default: "1" },
    through: { type: "string" },
    help: { type: "boolean" },
    data: { type: "string", default: join(places, "data") },
    cache: { type: "string", default: join(places, "heads") },
  },
});
if (values.help || !values.datasets || !values.counts || !values.recipes || !values.out) {
  console.log(help);
  process.exit(values.help ? 0 : 1);
}

const keyOf = ({ dataset, count, seed, recipe, maxTokens, held, tests }) =>
  [dataset, count, seed, recipe, maxTokens, held, tests].join(" ");
const lines = existsSync(values.out) ? readFileSync(values.out, "utf8").split("\n").filter(Boolean) : [];
const done = new Set(lines.map((line) => keyOf({ ...JSON.parse(line), recipe: JSON.parse(line).name })));
const list = (text) => text.split(",");
const common = { maxTokens: Number(values["max-tokens"]), held: Number(values.held), tests: Number(values.tests) };
const sizes = JSON.parse(readFileSync(join(values.data, "datasets.json"), "utf8"));
// More examples than there are is all of them.
const counted = (dataset, count) => Math.min(Number(count), sizes[dataset].pool.examples);
const planned = list(values.seeds).flatMap((seed) =>
  list(values.recipes).flatMap((recipe) =>
    list(values.counts).flatMap((count) =>
      list(values.datasets).map((dataset) => {
        return { dataset, count: counted(dataset, count), seed: Number(seed), recipe, ...common };
      }),
    ),
  ),
);
const plan = [...new Map(planned.map((run) => [keyOf(run), run])).values()];
const wanted = plan.filter((run) => !done.has(keyOf(run)));
for (const { recipe } of wanted) if (!(recipe in recipes)) throw new Error(`${recipe} is not in configurations.mjs`);
console.error(`${wanted.length} of ${plan.length} runs to do`);

const one = fileURLToPath(new URL("one.mjs", import.meta.url));
// What is under way is finished, so that no work is lost.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => wanted.splice(0));
await Promise.all(Array.from({ length: Number(values.jobs) }, work));

async function work() {
  for (let run = wanted.shift(); run !== undefined; run = wanted.shift()) {
    const { recipe: name, ...rest } = run;
    const given = { name, ...rest, recipe: recipes[name], data: values.data, cache: values.cache };
    const command = [...(values.through ? [values.through] : []), process.execPath, "--experimental-wasm-relaxed-simd"];
    const result = await output([...command, one, JSON.stringify(given)]);
    appendFileSync(values.out, result);
    const { probeAll, curve, seconds } = JSON.parse(result);
    const last = curve ? ` after ${curve.at(-1).test[0]} (${seconds.toFixed(0)} s)` : "";
    console.error(`${keyOf(run)}: head alone ${probeAll.accuracy.toFixed(4)}${last}; ${wanted.length} left`);
  }
}

function output([command, ...rest]) {
  // A group of its own: Ctrl-C is for this process alone.
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"], detached: true });
  let text = "";
  child.stdout.on("data", (data) => (text += data));
  return new Promise((resolve, reject) => {
    child.on("close", (code) => (code === 0 ? resolve(text) : reject(new Error(`${rest.at(-1)} ended with ${code}`))));
  });
}
