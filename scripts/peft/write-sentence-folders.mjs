// node scripts/peft/write-sentence-folders.mjs FOLDER: saves tiny sentence encoders and cross-encoders of several architectures with the
// built package (plain, with an adapter, merged, and of runs on tables), with the vectors and scores that they have here, for
// scripts/peft/check_sentence_folders.py.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CrossEncoder, SentenceEncoder, writeFilesAtomically } from "../../dist/node.js";
import { folderStore, runJob } from "../../dist/jobs-node.js";
import { root } from "../setup/paths.mjs";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node scripts/peft/write-sentence-folders.mjs FOLDER");
const golden = join(root, "test/golden");
const json = (file) => JSON.parse(readFileSync(join(golden, file), "utf8"));
const { texts } = json("tasks/files/texts.json");
const { pairs } = json("tasks/files/pairs.json");
const cases = [];

/** An encoder's folder below the new one, which adapters name as their base. */
function baseOf(name) {
  const base = join(folder, "bases", name);
  mkdirSync(base, { recursive: true });
  cpSync(join(golden, name === "bert_pair" ? "tasks/bert_pair" : `encoders/${name}`), base, { recursive: true });
  return base;
}

async function write(name, files, found) {
  await writeFilesAtomically(join(folder, name), files);
  cases.push({ name, ...found });
}

/** Random values in place of B, which begins with zeros. */
function stir(graph, nodes) {
  let state = 1;
  for (const node of nodes) {
    const { shape, data } = graph.value(node);
    graph.setValue(node, { shape, data: data.map((x) => x + 0.1 * Math.sin(state++)) });
  }
}

for (const name of ["bert", "roberta", "distilbert", "electra", "mpnet", "deberta-v2", "modernbert", "xlm-roberta"]) {
  const base = baseOf(name);
  const encoder = await SentenceEncoder.load(base);
  const vectors = async (from) => (await from.encode(texts)).map((row) => [...row]);
  await write(`plain-${name}`, encoder.save(), { texts, vectors: await vectors(encoder) });
  encoder.addAdapter("search", { rank: 4 });
  stir(encoder.graph, encoder.trainableParams());
  await write(`adapter-${name}`, encoder.save({ adapter: "search" }), { texts, vectors: await vectors(encoder) });
  await write(`merged-${name}`, encoder.save({ merged: true }), { texts, vectors: await vectors(encoder) });
  encoder.dispose();
}

for (const name of ["normalize-distilbert", "truncate-distilbert", "dense-modernbert"]) {
  const encoderName = name.split("-")[1];
  const encoders = encoderName === "modernbert" ? "tasks/encoders" : "encoders";
  const from = join(folder, "bases", name);
  cpSync(join(golden, "tasks/files", name), from, { recursive: true });
  cpSync(join(golden, encoders, encoderName, "model.safetensors"), join(from, "model.safetensors"));
  const encoder = await SentenceEncoder.load(from);
  await write(name, encoder.save(), { texts, vectors: (await encoder.encode(texts)).map((row) => [...row]) });
  encoder.dispose();
}

for (const name of [
  "bert_pair",
  "roberta",
  "distilbert",
  "electra",
  "mpnet",
  "deberta-v2",
  "modernbert",
  "xlm-roberta",
]) {
  const base = baseOf(name);
  for (const labels of [1, ["contradiction", "entailment", "neutral"]]) {
    const count = labels === 1 ? 1 : labels.length;
    const encoder = await SentenceEncoder.load(base);
    const reranker = CrossEncoder.create(encoder, { labels, lora: { rank: 4 } });
    stir(reranker.graph, reranker.params());
    const found = async () => ({ pairs, labels: count, scores: await reranker.predict(pairs) });
    await write(`cross-adapter-${name}-${count}`, reranker.save(), await found());
    await write(`cross-merged-${name}-${count}`, reranker.save({ merged: true }), await found());
    reranker.dispose();
    encoder.dispose();
  }
}

/** A short run on rows of a table, in its own folder; returns its folder's name. */
async function trained(name, spec, rows) {
  const data = join(folder, `${name}.jsonl`);
  writeFileSync(data, rows.map((row) => JSON.stringify(row)).join("\n"));
  const settings = { steps: 5, batchSize: 4, learningRate: 0.01, rank: 4, evaluateEvery: 5, validationSplit: 0.3 };
  await runJob({ ...settings, ...spec, data, testSplit: 0 }, folderStore(join(folder, name)));
  return join(folder, name);
}

const words = texts.filter((text) => text.trim() !== "").slice(0, 8);
const rows = words.flatMap((anchor, i) => [1, 2].map((k) => ({ anchor, positive: `${words[(i + k) % 8]} ${i} ${k}` })));
const prompts = { queryPrompt: "query: ", documentPrompt: "passage: " };
const base = join(folder, "bases", "bert");
const run = await trained("run-pairs", { task: "pairs", model: base, ...prompts }, rows);
const searcher = await SentenceEncoder.load(run, { model: base });
for (const [as, found] of [
  ["query", await searcher.encodeQuery(texts)],
  ["document", await searcher.encodeDocument(texts)],
])
  cases.push({ name: "run-pairs", as, texts, vectors: found.map((row) => [...row]) });
searcher.dispose();

const classes = ["contradiction", "entailment", "neutral"];
const judged = rows.map(({ anchor, positive }, i) => ({
  premise: anchor,
  hypothesis: positive,
  label: classes[i % 3],
}));
const scored = rows.map(({ anchor, positive }, i) => ({ query: anchor, text: positive, label: i % 2 }));
for (const [name, model, given, labels] of [
  ["run-classes", join(folder, "bases", "bert_pair"), judged, 3],
  ["run-ready", join(folder, "cross-merged-bert_pair-1"), scored, 1],
]) {
  const reranker = await CrossEncoder.load(await trained(name, { task: "rank", model }, given), { model });
  cases.push({ name, pairs, labels, scores: await reranker.predict(pairs) });
  reranker.dispose();
}
if (!existsSync(folder)) mkdirSync(folder);
writeFileSync(join(folder, "cases.json"), JSON.stringify(cases));
