import { appendFileSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Papa from "papaparse";
import { init, retrievalMetrics, SearchIndex, SentenceEncoder } from "../../../dist/node.js";
import { pythonProcess } from "./python-process.mjs";

const help = `Trains search pairs with SentenceEncoder.fit and with sentence-transformers and PEFT, in turn, by one recipe on the same rows:

    node scripts/recipes/beside-python/pairs.mjs --python PYTHON --model FOLDER

  --datasets  default dictionary,answers     --seeds  default 0,1,2     --steps  default 150     --batch-size  default 32
  --threads   of both, default 1             --dropout  with the model's dropout in Python        --out  a file for all results
`;
const text = (value) => ({ type: "string", ...(value && { default: value }) });
const { values } = parseArgs({
  options: {
    python: text(),
    model: text(),
    datasets: text("dictionary,answers"),
    seeds: text("0,1,2"),
    out: text(),
    steps: text("150"),
    "batch-size": text("32"),
    threads: text("1"),
    dropout: { type: "boolean" },
    help: { type: "boolean" },
  },
});
if (values.help || !values.python || !values.model) {
  console.log(help);
  process.exit(values.help ? 0 : 1);
}
const places = process.env.LOWRANK_RECIPES ?? join(homedir(), ".cache", "lowrank-recipes");
const threads = Number(values.threads);
const steps = Number(values.steps);
const recipe = { steps, batchSize: Number(values["batch-size"]), learningRate: 5e-4, warmup: Math.round(steps / 10) };
const adapter = { rank: 8, alpha: 16 };
await init({ threads });
const python = pythonProcess(
  values.python,
  fileURLToPath(new URL("pairs.py", import.meta.url)),
  [values.model],
  threads,
);
const results = [];
// Seed by seed, so that a run that is stopped has as many of each data set.
for (const [i, seed] of values.seeds.split(",").map(Number).entries())
  for (const dataset of values.datasets.split(",")) {
    const [pool, test] = ["pool", "test"].map((part) => readPairs(join(places, "data", `${dataset}_${part}.csv`)));
    const search = searchOf(pool, test);
    const ours = await trained(pool, search, seed, i === 0);
    const options = { ...recipe, ...adapter, seed, weightDecay: 0.01, dropout: values.dropout ?? false, base: i === 0 };
    const theirs = await python.ask({ pairs: pool, ...search, recipe: options });
    const line = { dataset, seed, threads, ...recipe, ours, theirs };
    results.push(line);
    console.log(JSON.stringify(line));
    if (values.out) appendFileSync(values.out, `${JSON.stringify(line)}\n`);
  }
python.end();

console.log(
  "| data | seeds | NDCG@10 of the base | gain | gain in Python | time | in Python | ratio |\n|---|--:|--:|--:|--:|--:|--:|--:|",
);
for (const dataset of new Set(results.map((line) => line.dataset))) {
  const own = results.filter((line) => line.dataset === dataset);
  const mean = (of) => own.reduce((sum, line) => sum + of(line), 0) / own.length;
  const { base } = own[0].ours;
  const gains = ["ours", "theirs"].map((side) => (mean((line) => line[side].ndcg) - base).toFixed(4));
  const times = ["ours", "theirs"].map((side) => mean((line) => line[side].seconds));
  const cells = [dataset, own.length, base.toFixed(4), ...gains, ...times.map((time) => `${time.toFixed(1)} s`)];
  const processor = ["ours", "theirs"].map((side) => mean((line) => line[side].processor));
  const ratios = [times, processor].map(([own, python]) => (own / python).toFixed(2));
  console.log(`| ${[...cells, ...ratios].join(" | ")} |`);
}

/** Rows [anchor, positive] of a table with a header. */
function readPairs(path) {
  return Papa.parse(readFileSync(path, "utf8"), { skipEmptyLines: true }).data.slice(1);
}

/** Test anchors search the positives of all rows. */
function searchOf(pool, test) {
  const documents = [...new Set([...test, ...pool].map(([, positive]) => positive))];
  const places = new Map(documents.map((document, i) => [document, i]));
  const queries = [...new Set(test.map(([anchor]) => anchor))];
  const relevant = queries.map((query) => [
    ...new Set(test.filter(([anchor]) => anchor === query).map(([, positive]) => places.get(positive))),
  ]);
  return { queries, documents, relevant };
}

async function trained(pool, search, seed, measuresBase) {
  const encoder = await SentenceEncoder.load(values.model, { maxTokens: 128, seed });
  encoder.addAdapter("search", adapter);
  const base = measuresBase ? await ndcg(encoder, search, null) : undefined;
  const examples = pool.map(([anchor, positive]) => ({ anchor, positive }));
  const [started, before] = [performance.now(), process.cpuUsage()];
  const { learningRate, batchSize } = recipe;
  await encoder.fit(examples, { adapter: "search", steps, batchSize, learningRate, seed, normalize: true });
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const processor = (user + system) / 1e6;
  const result = { base, ndcg: await ndcg(encoder, search, "search"), seconds, processor };
  encoder.dispose();
  return result;
}

async function ndcg(encoder, { queries, documents, relevant }, adapter) {
  const index = SearchIndex.create({ dimensions: encoder.hiddenSize });
  index.add([...documents.keys()], await encoder.encode(documents, { adapter }));
  const vectors = await encoder.encode(queries, { adapter });
  const ranked = vectors.map((vector) => index.search(vector, { topK: 10 }).map(({ id }) => id));
  index.dispose();
  return retrievalMetrics(
    ranked,
    relevant.map((one) => new Set(one)),
    { k: 10 },
  )["ndcg@10"];
}
