import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { folderStore, runJob } from "../../dist/jobs-node.js";
import { root } from "../setup/paths.mjs";

/** Columns of the movie reviews, which have no header: label, rating, text. */
const columns = { text: "2", label: "0", labelNames: { 0: "negative", 1: "positive" } };

/**
 * Writes the first of the movie reviews, and returns what trains on them for some steps.
 * @param {{ rows?: number, model?: string }} options a folder; default MiniLM
 */
export async function trainingsIn(folder, { rows = 64, model } = {}) {
  const lines = (await readFile(join(root, "examples/movie/movie_train.tsv"), "utf8")).split("\n");
  const data = join(folder, "reviews.tsv");
  await writeFile(data, lines.slice(0, rows).join("\n") + "\n");
  const common = { data, ...columns, recipe: "peft", baseline: false, testSplit: 0, validationSplit: 0.1 };
  const given = model === undefined ? common : { ...common, model };
  return (steps, seed) => ({ ...given, batchSize: 4, steps, seed, build: "simd", threads: 1 });
}

/** The adapter of a training that nothing disturbs, made without a queue. */
export async function undisturbed(spec, folder) {
  await runJob(spec, folderStore(folder));
  return readFile(join(folder, "adapter_model.safetensors"));
}
