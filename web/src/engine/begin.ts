import { countLabels, type Row } from "../data/rows.js";
import type { Target } from "../data/target.js";
import { encoder, project, settings, target, usable } from "../state/project.js";
import type { Run } from "../state/runs.js";
import { encoders } from "./encoders.js";
import { forms } from "./forms.js";
import { rowsFor, specOf } from "./settings.js";
import { train } from "./train.js";

/** Ratio of the most frequent to the rarest class above which class weights are balanced. */
const UNBALANCED = 4;

/** Rows as examples to train on, each as a line of JSON. */
export const examplesIn = (rows: readonly Row[], target: Target, column: string): string[] =>
  rows.map((row) => JSON.stringify(forms[target.task].example(row, target, column)));

/** The rows of the table when a run of this visit began, by the run's examples. */
export const begunWith = new WeakMap<Uint8Array, readonly Row[]>();

/** Starts a run on the current table. */
export function begin(): Promise<Run | null> {
  const { table, label: place, rows: all } = project.value!;
  const now = target.value;
  const form = forms[now.task];
  const rows = rowsFor(settings.value, usable.value, now);
  const { name } = table;
  const column = table.columns[place]!;
  const known = countLabels(rows, now);
  const unbalanced = now.task === "classify" && known[0]![1] > UNBALANCED * known.at(-1)![1];
  const data = new TextEncoder().encode(`${examplesIn(rows, now, column).join("\n")}\n`);
  begunWith.set(data, all);
  const began = Date.now();
  const id = `studio-${began.toString(36)}-${crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36)}`;
  const file = `${name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N} _-]/gu, "") || "data"}.jsonl`;
  return train({
    id,
    name,
    began,
    status: "training",
    report: null,
    predictions: [],
    training: [],
    validation: [],
    error: null,
    spec: {
      ...specOf(settings.value, file, encoders[encoder.value].name, rows.length, unbalanced),
      ...form.spec(rows, column),
    },
    data,
    labels: known.map(([label]) => label),
    examples: rows.length,
    files: null,
  });
}
