// node scripts/check-sweep.mjs FOLDER [--steps 96] [--batch-size 32] [--threads 1]: twelve settings over the movie reviews, all in full and by successive
// halving, and the best two once more with two other seeds, to know what chance does. Goes on where it was interrupted.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runSweep } from "../packages/queue/dist/index.js";
import { root } from "./setup/paths.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: "string", default: "96" },
    "batch-size": { type: "string", default: "32" },
    threads: { type: "string", default: "1" },
  },
});
const [folder] = positionals;
if (folder === undefined) throw new Error("a folder for the runs is expected");
const steps = Number(values.steps);
const threads = Number(values.threads);
const spec = {
  data: join(root, "examples/movie/movie_train.tsv"),
  // No header: label, rating, text.
  text: "2",
  label: "0",
  labelNames: { 0: "negative", 1: "positive" },
  recipe: "peft",
  baseline: false,
  validationSplit: 0.05,
  testSplit: 0,
  steps,
  evaluateEvery: steps / 8,
  threads,
  batchSize: Number(values["batch-size"]),
};
const grid = { learningRate: [1e-4, 3e-4, 1e-3, 3e-3], rank: [4, 8, 16] };

/** A sweep's report, each training told as it ends. */
async function sweep(name, given) {
  const started = performance.now();
  const onEvent = (event) => console.log(JSON.stringify(event));
  const report = await runSweep({ spec, grid, ...given }, { out: join(folder, name), threads, onEvent });
  return { ...report, seconds: Math.round((performance.now() - started) / 1000) };
}

const show = ({ choice, loss, steps: until }) =>
  `learning rate ${choice.learningRate}, rank ${choice.rank}: ${loss.toFixed(4)} after ${until} steps`;
const halved = await sweep("halved", { eta: 2 });
const full = await sweep("full", { eta: 1 });
const [chosen] = halved.results;
const [winner, second] = full.results;
const inFull = full.results.find(({ index }) => index === chosen.index);
console.log(`by halving: ${show(chosen)}; ${halved.steps} of ${halved.stepsInFull} steps, ${halved.seconds} s`);
console.log(`in full:    ${show(winner)}; ${full.seconds} s; then ${show(second)}`);
console.log(`the one that halving has chosen, in full: ${show(inFull)}, place ${full.results.indexOf(inFull) + 1}`);
console.log(`bits of a training alone: ${chosen.loss === inFull.loss}`);

const either = (name) => [...new Set([winner.choice[name], chosen.choice[name]])];
const others = { learningRate: either("learningRate"), rank: either("rank") };
const { results } = await sweep("seeds", { grid: others, eta: 1, seeds: [1, 2] });
for (const result of results) console.log(`two other seeds, a mean: ${show(result)}`);
