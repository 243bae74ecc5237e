import { countLabels } from "../data/findings.js";
import { project, usable } from "../state/project.js";
import type { Run } from "../state/runs.js";
import { rowsFor, settings, specOf } from "./settings.js";
import { train } from "./train.js";

/** Ratio of the most frequent to the rarest class above which class weights are balanced. */
const UNBALANCED = 4;

const MODEL = "all-MiniLM-L6-v2";

/** Starts a run on the current table. */
export function begin(): Promise<Run | null> {
  const rows = rowsFor(settings.value, usable.value);
  const name = project.value!.table.name;
  const known = countLabels(rows);
  const unbalanced = known[0]![1] > UNBALANCED * known.at(-1)![1];
  const lines = rows.map(({ text, label }) => JSON.stringify({ text, label }));
  const began = Date.now();
  const id = `studio-${began.toString(36)}-${crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36)}`;
  const file = `${name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N} _-]/gu, "") || "data"}.jsonl`;
  return train({
    ...{
      id,
      name,
      began,
      status: "training",
      report: null,
      predictions: [],
      training: [],
      validation: [],
      error: null,
    },
    spec: specOf(settings.value, file, MODEL, rows.length, unbalanced),
    data: new TextEncoder().encode(`${lines.join("\n")}\n`),
    labels: known.map(([label]) => label),
    examples: rows.length,
    files: null,
  });
}
