import { areScores, joinedLabels, LABELS, SEPARATORS } from "./label-forms.js";
import type { Table } from "./table.js";
import { join, numberIn, oneLabel, partsIn, type Target, type Task, ungrouped } from "./target.js";

const [SET, NOT_SET] = [
  ["1", "true", "1.0"],
  ["0", "false", "0.0", ""],
];
// Most cells are written like this, in tables of millions of them.
const isSet = (cell: string) => cell === "1" || (cell !== "0" && SET.includes(cell.trim().toLowerCase()));
const isNotSet = (cell: string) => cell === "0" || NOT_SET.includes(cell.trim().toLowerCase());

/** Share of a column's fields that decide what it holds. The others are reported. */
const MOSTLY = 0.95;
/** Above this number of labels, only their number is checked. */
const MOST_LABELS = 2000;

/** Whether a column has 0 and 1, at least one of each. An empty field counts as 0. */
function isFlagColumn(records: Table["records"], i: number): boolean {
  let [set, empty] = [0, 0];
  for (const record of records) {
    const cell = record[i]!;
    if (isSet(cell)) set++;
    else if (!isNotSet(cell)) return false;
    else if (cell.trim() === "") empty++;
  }
  return records.length - empty >= MOSTLY * records.length && set > 0 && set < records.length;
}

/** The columns of 0 and 1 of tables that were asked for: the page asks with each correction. */
const flagsOf = new WeakMap<Table["records"], readonly number[]>();

/** The columns of 0 and 1, at least one of each. An empty field counts as 0. */
export function flagColumns({ columns, records }: Pick<Table, "columns" | "records">): readonly number[] {
  let found = flagsOf.get(records);
  if (found === undefined) {
    found = columns.flatMap((_, i) => (isFlagColumn(records, i) ? [i] : []));
    flagsOf.set(records, found);
  }
  return found;
}

/** A separator that no name contains. */
const separatorFor = (names: readonly string[]) =>
  [";", ...SEPARATORS].find((separator) => !names.some((name) => name.includes(separator))) ?? "\u241f";

/** What a row says, as text: its label, its labels joined by the separator, or its number. */
export function labelIn(record: readonly string[], label: number, target: Target, columns: readonly string[]): string {
  if (target.task !== "multi-label") return record[label]!.trim();
  const { separator, columns: flags } = target;
  // In one order, so that equal sets are equal texts.
  if (flags === null) return join(partsIn(record[label]!, separator).sort(), separator);
  return join(
    flags
      .filter((i) => isSet(record[i]!))
      .map((i) => columns[i]!.trim())
      .sort(),
    separator,
  );
}

/** The labels as they are for a task that the user chose. */
export function targetFor(task: Task, table: Pick<Table, "columns" | "records">, label: number): Target {
  if (task !== "multi-label") return { task };
  const flags = flagColumns(table);
  if (flags.length > 1 && flags.includes(label))
    return { task, columns: flags, separator: separatorFor(flags.map((i) => table.columns[i]!)) };
  return { task, columns: null, separator: separatorIn(table, label) ?? ";" };
}

/** What separates the labels of a column's fields; null if they have one label each. */
function separatorIn({ records }: Pick<Table, "records">, label: number): string | null {
  const found = [...new Set(records.map((record) => record[label]!.trim()))].filter((field) => field !== "");
  if (found.length > MOST_LABELS) return null;
  const lists = found.filter((field) => /^\[.*\]$/s.test(field));
  if (lists.length > 0 && lists.length >= MOSTLY * found.length)
    return separatorFor(lists.flatMap((field) => partsIn(field, ",")));
  return joinedLabels(found)?.separator ?? null;
}

/** Guesses what the label column holds: several columns of 0 and 1, a scale of numbers, several labels in a field, or one label. */
export function guessTarget(table: Pick<Table, "columns" | "records">, label: number): Target {
  const { columns, records } = table;
  const flags = flagColumns(table);
  // A column with such a name is the only one, whatever else is 0 or 1.
  if (flags.length > 1 && flags.includes(label) && !LABELS.test(columns[label]!))
    return targetFor("multi-label", table, label);
  const filled = records.map((record) => record[label]!.trim()).filter((field) => field !== "");
  const numbers = filled.flatMap((field) => (numberIn(field) === null ? [] : [ungrouped(field)]));
  if (numbers.length >= MOSTLY * filled.length && areScores([...new Set(numbers)], columns[label]!))
    return { task: "regress" };
  return separatorIn(table, label) === null ? oneLabel : targetFor("multi-label", table, label);
}
