import type { TaskName } from "lowrank/jobs";
import { areScores, joinedLabels, LABELS, SEPARATORS } from "./label-forms.js";
import type { Table } from "./table.js";

/** What a model can be trained to predict for a text, by the library's names. */
export const tasks = ["classify", "multi-label", "regress"] as const satisfies readonly TaskName[];
export type Task = (typeof tasks)[number];

/** What a table's rows say about each text: one label, several labels, or a number. */
export type Target =
  | { readonly task: "classify" | "regress" }
  | {
      readonly task: "multi-label";
      /** Between the labels of a row. */
      readonly separator: string;
      /** Columns of 0 and 1, each a label; null if the label column has all labels of a row. */
      readonly columns: readonly number[] | null;
    };

export const oneLabel: Target = { task: "classify" };

const [SET, NOT_SET] = [
  ["1", "true", "1.0"],
  ["0", "false", "0.0", ""],
];
const isSet = (cell: string) => SET.includes(cell.trim().toLowerCase());
const isFlag = (cell: string) => isSet(cell) || NOT_SET.includes(cell.trim().toLowerCase());

/** Share of a column's fields that decide what it holds. The others are reported. */
const MOSTLY = 0.95;
/** Above this number of labels, only their number is checked. */
const MOST_LABELS = 2000;

const NUMBER = /^[-+\u2212]?(\d+([.,]\d*)?|[.,]\d+)(e[-+]?\d+)?$/i;

const GROUPED = /^([-+\u2212]?\d{1,3}([.,'’ \u00a0\u202f])\d{3}(?:\2\d{3})*)([.,]\d+)?$/;

/** A number without the separators of thousands. One group after a point or comma alone is a decimal fraction: "1.234". */
function ungrouped(text: string): string {
  const [, whole = "", separator = "", decimals = ""] = GROUPED.exec(text) ?? [];
  const groups = whole.split(separator).length - 1;
  const isFraction = (separator === "." || separator === ",") && groups === 1 && decimals === "";
  return whole === "" || isFraction || decimals.startsWith(separator)
    ? text
    : whole.replaceAll(separator, "") + decimals;
}

/** The number in a field, with a decimal point or comma, also with separators of thousands; null for anything else. */
export function numberIn(field: string): number | null {
  const text = ungrouped(field.trim());
  const number = NUMBER.test(text) ? Number(text.replace(",", ".").replace("\u2212", "-")) : NaN;
  return Number.isFinite(Math.fround(number)) ? number : null;
}

/** The columns of 0 and 1, at least one of each. An empty field counts as 0. */
export function flagColumns({ columns, records }: Pick<Table, "columns" | "records">): number[] {
  const least = MOSTLY * records.length;
  return columns.flatMap((_, i) => {
    const filled = records.filter((record) => record[i]!.trim() !== "").length;
    if (filled < least || !records.every((record) => isFlag(record[i]!))) return [];
    const set = records.filter((record) => isSet(record[i]!)).length;
    return set > 0 && set < records.length ? [i] : [];
  });
}

/** The labels in a field: a list as in JSON or Python, or labels with a separator between them. */
function partsIn(field: string, separator: string): string[] {
  const list = /^\s*\[(.*)\]\s*$/s.exec(field)?.[1];
  const parts = list === undefined ? field.split(separator) : partsOfList(field, list);
  return [...new Set(parts.map((part) => part.trim()))].filter((part) => part !== "");
}

function partsOfList(field: string, inner: string): string[] {
  try {
    const list = JSON.parse(field) as unknown;
    if (Array.isArray(list)) return list.map(String);
  } catch {
    // Python's quotation marks.
  }
  return inner.split(",").map((part) => part.trim().replace(/^(['"])(.*)\1$/, "$2"));
}

const join = (labels: readonly string[], separator: string) =>
  labels.join(separator === "," || separator === ";" ? `${separator} ` : ` ${separator} `);

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

/** The labels of a row; none for a number. */
export function labelsOf(label: string, target: Target): string[] {
  if (target.task === "regress" || label.trim() === "") return [];
  return target.task === "multi-label" ? partsIn(label, target.separator) : [label];
}

/** Other labels of a row, as text. */
export const withLabels = (labels: readonly string[], target: Target): string =>
  target.task === "multi-label" ? join([...new Set(labels)].sort(), target.separator) : (labels[0] ?? "");

/** Whether a row can be used for training. A text without any of several labels can. */
export const isLabelled = (label: string, { task }: Target): boolean =>
  task === "multi-label" || (task === "regress" ? numberIn(label) !== null : label.trim() !== "");

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
