import { guessColumns } from "../data/columns.js";
import { joinedText } from "../data/joined.js";
import type { Table } from "../data/table.js";
import { guessTarget, labelIn, targetFor } from "../data/read-target.js";
import { oneLabel, type Target, type Task } from "../data/target.js";
import { areMarked, markedColumns, markedRow } from "../data/words/marked-columns.js";
import { normalForm, type Row } from "../data/rows.js";
import { forReading } from "../messages/reading.js";
import { type Project, project, takeProject, target } from "./project.js";
import { notify } from "./notice.js";

type Columns = Pick<Project, "text" | "label" | "more">;

/** A record's text and label, in these columns. */
function rowOf(table: Table, id: number, { text, label, more = [] }: Columns, target: Target): Row {
  const record = table.records[id]!;
  if (target.task === "tokens") return { id, ...markedRow(record[text]!, record[label]!) };
  return { id, text: joinedText(record, [text, ...more]), label: labelIn(record, label, target, table.columns) };
}

/** Whether the user changed rows of a table since they were read. */
function isChanged({ table, rows, ...columns }: Project): boolean {
  const target = columns.target ?? oneLabel;
  const isAsRead = ({ id, text, label }: Row) => {
    if (table.records[id] === undefined) return false;
    const read = rowOf(table, id, columns, target);
    return read.text === text && read.label === label;
  };
  return rows.length !== table.records.length || !rows.every(isAsRead);
}

/** Opens a table in place of the one there is. If that discards changes of the user, a notice says so and offers to undo it. */
export function replaceProject(opened: Project): void {
  const isLost = project.value !== null && isChanged(project.value);
  takeProject(opened);
  if (isLost) notify(forReading().discarded, true);
}

/** Reads the open table's rows again, from other columns or for another target. This discards changes to the rows. */
function readAgain(target: Target, columns: Partial<Columns> = {}): void {
  // The labels of words are at places in one text.
  const now = { ...project.value!, ...columns, target, ...(target.task === "tokens" && { more: [] }) };
  const { table } = now;
  replaceProject({ ...now, rows: table.records.map((_, id) => rowOf(table, id, now, target)) });
}

/** What a table's columns say. */
const targetOf = (table: Table, text: number, label: number): Target =>
  areMarked(table, text, label) ? { task: "tokens" } : guessTarget(table, label);

/** Rows that are made at a time: a page that does more stops while it scrolls. */
const AT_A_TIME = 2000;

/** A table as a project, with its columns and what they say as guessed. Long tables are read with pauses. */
export async function projectOf(table: Table): Promise<Project> {
  const { text, label } = markedColumns(table) ?? guessColumns(table);
  const target = targetOf(table, text, label);
  const rows: Row[] = [];
  while (rows.length < table.records.length) {
    if (rows.length > 0) await new Promise((resolve) => setTimeout(resolve));
    for (let i = 0; i < AT_A_TIME && rows.length < table.records.length; i++) {
      const row = rowOf(table, rows.length, { text, label }, target);
      // Rows are compared when they are shown.
      normalForm(row);
      rows.push(row);
    }
  }
  return { table, text, label, target, rows };
}

/** Selects other columns. This discards changes to the rows. */
export function selectColumns(change: Partial<Pick<Project, "text" | "label">>): void {
  const now = project.value!;
  let { text, label } = { ...now, ...change };
  // The two columns cannot be the same, so they are swapped.
  if (text === label) [text, label] = change.text === undefined ? [now.label, label] : [text, now.text];
  const more = (now.more ?? []).filter((column) => column !== text && column !== label);
  readAgain(label === now.label ? target.value : targetOf(now.table, text, label), { text, label, more });
}

/** Reads the rows for another task, or labels in another form. This discards changes to the rows. */
export const selectTarget = (target: Target): void => readAgain(target);

/** Selects further columns, whose texts follow that of the text column. This discards changes to the rows. */
export const selectMore = (more: readonly number[]): void => readAgain(target.value, { more });

export function selectTask(task: Task): void {
  const { table, label } = project.value!;
  selectTarget(targetFor(task, table, label));
}
