// node scripts/peft/write-sentence-folders.mjs FOLDER: saves tiny sentence encoders and cross-encoders of several architectures with the
// built package (plain, with an adapter, merged), with the vectors and scores that they have here, for
// scripts/peft/check_sentence_folders.py.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CrossEncoder, SentenceEncoder, writeFilesAtomically } from "../../dist/node.js";
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
if (!existsSync(folder)) mkdirSync(folder);
writeFileSync(join(folder, "cases.json"), JSON.stringify(cases));
