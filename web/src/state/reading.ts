import { guessColumns } from "../data/columns.js";
import type { Table } from "../data/table.js";
import { guessTarget, labelIn, targetFor } from "../data/read-target.js";
import type { Target, Task } from "../data/target.js";
import { areMarked, markedColumns, markedRow } from "../data/words/marked-columns.js";
import { type Project, project, takeProject, target } from "./project.js";

/** Opens a table with these columns. This discards changes to the rows. */
function read(table: Table, text: number, label: number, target: Target): void {
  const rows = table.records.map((record, id) => ({
    id,
    ...(target.task === "tokens"
      ? markedRow(record[text]!, record[label]!)
      : { text: record[text]!, label: labelIn(record, label, target, table.columns) }),
  }));
  takeProject({ table, text, label, target, rows });
}

/** What a table's columns say. */
const targetOf = (table: Table, text: number, label: number): Target =>
  areMarked(table, text, label) ? { task: "tokens" } : guessTarget(table, label);

export function openTable(table: Table): void {
  const { text, label } = markedColumns(table) ?? guessColumns(table);
  read(table, text, label, targetOf(table, text, label));
}

/** Selects other columns. This discards changes to the rows. */
export function selectColumns(change: Partial<Pick<Project, "text" | "label">>): void {
  const now = project.value!;
  let { text, label } = { ...now, ...change };
  // The two columns cannot be the same, so they are swapped.
  if (text === label) [text, label] = change.text === undefined ? [now.label, label] : [text, now.text];
  read(now.table, text, label, label === now.label ? target.value : targetOf(now.table, text, label));
}

/** Reads the rows for another task, or labels in another form. This discards changes to the rows. */
export function selectTarget(target: Target): void {
  const { table, text, label } = project.value!;
  read(table, text, label, target);
}

export function selectTask(task: Task): void {
  const { table, label } = project.value!;
  selectTarget(targetFor(task, table, label));
}
