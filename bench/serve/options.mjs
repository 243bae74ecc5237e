import { openAsBlob } from "node:fs";
import { parseArgs } from "node:util";
import { blobSource, CausalLanguageModel, engineInfo, ggufSource, init } from "../../dist/node.js";
import { languageFile } from "../plan/language-file.mjs";

/** A script's options: threads, rounds and the format of SmolLM2-135M-Instruct's weights, and its own numbers. @param own their defaults */
export function readOptions(own) {
  const numbers = { threads: 1, rounds: 3, ...own };
  const given = Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, { type: "string", default: String(value) }]),
  );
  const { values } = parseArgs({ options: { ...given, weights: { type: "string", default: "Q4_1" } } });
  const { weights, ...rest } = values;
  return { file: languageFile(weights), weights, ...mapped(rest, Number) };
}

const mapped = (record, change) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

/** The model of a GGUF file, on an engine of so many threads. */
export async function loadModel(file, threads) {
  await init({ threads });
  const blob = await openAsBlob(file);
  return CausalLanguageModel.load(await ggufSource(() => blobSource(blob)), { weights: "auto" });
}

/** What figures were taken with. */
export const circumstances = (weights, threads) =>
  `${weights}, ${engineInfo().build}, ${threads} thread(s), Node ${process.versions.node}`;

export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

/** Prints a table in Markdown. */
export function printTable(title, header, rows) {
  console.log(`${title}\n`);
  const lines = [header, header.map((_, i) => (i === 0 ? "---" : "--:")), ...rows];
  for (const cells of lines) console.log(`| ${cells.join(" | ")} |`);
  console.log();
}

/** `count` token ids, others for each seed from the first on. */
export const promptIds = (count, seed) =>
  Array.from({ length: count }, (_, i) => 100 + (((i + 37 * seed) * 977) % 40_000));
