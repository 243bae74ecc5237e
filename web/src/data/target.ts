import type { TaskName } from "lowrank/jobs";
import { markNames, marksIn, renamedMarks } from "./words/marks.js";

/** What a model can be trained to predict for a text, by the library's names. */
export const tasks = ["classify", "multi-label", "regress", "tokens"] as const satisfies readonly TaskName[];
export type Task = (typeof tasks)[number];

/** What a table's rows say about each text: one label, several labels, a number, or the labels of words in it. */
export type Target =
  | { readonly task: "classify" | "regress" | "tokens" }
  | {
      readonly task: "multi-label";
      /** Separator of the labels of a row. */
      readonly separator: string;
      /** Columns of 0 and 1, each a label; null if the label column has all labels of a row. */
      readonly columns: readonly number[] | null;
    };

export const oneLabel: Target = { task: "classify" };

const NUMBER = /^[-+\u2212]?(\d+([.,]\d*)?|[.,]\d+)(e[-+]?\d+)?$/i;

const GROUPED = /^([-+\u2212]?\d{1,3}([.,'’ \u00a0\u202f])\d{3}(?:\2\d{3})*)([.,]\d+)?$/;

/** A number without the separators of thousands. One group after a point or comma alone is a decimal fraction: "1.234". */
export function ungrouped(text: string): string {
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

/** The labels in a field: a list as in JSON or Python, or labels with a separator between them. */
export function partsIn(field: string, separator: string): string[] {
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

export const join = (labels: readonly string[], separator: string) =>
  labels.join(separator === "," || separator === ";" ? `${separator} ` : ` ${separator} `);

/** What the label of a row says as text, which the user reads and corrects. */
interface Form<T extends Target> {
  /** The labels of a row; none for a number. */
  labels(label: string, target: T): string[];
  /** Whether a row can be used for training. */
  isLabelled(label: string): boolean;
  /** The label with other names of labels. */
  renamed(label: string, name: (label: string) => string, target: T): string;
}

const isFilled = (label: string) => label.trim() !== "";

const forms: { readonly [T in Task]: Form<Extract<Target, { readonly task: T }>> } = {
  classify: {
    labels: (label) => (isFilled(label) ? [label] : []),
    isLabelled: isFilled,
    renamed: (label, name) => name(label),
  },
  "multi-label": {
    labels: (label, { separator }) => (isFilled(label) ? partsIn(label, separator) : []),
    // A text without any of several labels can be used.
    isLabelled: () => true,
    renamed: (label, name, target) => withLabels(labelsOf(label, target).map(name), target),
  },
  regress: {
    labels: () => [],
    isLabelled: (label) => numberIn(label) !== null,
    renamed: (label) => label,
  },
  tokens: {
    labels: markNames,
    isLabelled: (label) => marksIn(label) !== null,
    renamed: renamedMarks,
  },
};
const formOf = ({ task }: Target) => forms[task] as Form<Target>;

/** Labels of rows that were read: after a correction of one row all are asked again. */
const known = new WeakMap<Target, Map<string, readonly string[]>>();

/** The labels of a row; none for a number. */
export function labelsOf(label: string, target: Target): readonly string[] {
  if (target.task === "classify" || target.task === "regress") return formOf(target).labels(label, target);
  let read = known.get(target);
  if (read === undefined) known.set(target, (read = new Map()));
  let labels = read.get(label);
  if (labels === undefined) read.set(label, (labels = formOf(target).labels(label, target)));
  return labels;
}

/** Other labels of a row, as text. */
export const withLabels = (labels: readonly string[], target: Target): string =>
  target.task === "multi-label" ? join([...new Set(labels)].sort(), target.separator) : (labels[0] ?? "");

/** Whether a row can be used for training. */
export const isLabelled = (label: string, target: Target): boolean => formOf(target).isLabelled(label);

/** A row's label with some labels renamed. */
export function renamed(label: string, from: readonly string[], to: string, target: Target): string {
  if (!labelsOf(label, target).some((name) => from.includes(name))) return label;
  return formOf(target).renamed(label, (name) => (from.includes(name) ? to : name), target);
}
