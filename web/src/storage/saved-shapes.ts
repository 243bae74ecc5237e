import { type Task, tasks } from "../data/target.js";
import { type Run, taskOf } from "../state/runs.js";
import { efforts } from "../state/settings.js";
import type { Check } from "./checks.js";
import {
  having,
  isCount,
  isEncoder,
  isEven,
  isNumber,
  isText,
  listOf,
  orMissing,
  orNull,
  tableFields,
  trainingFields,
} from "./checks.js";

const measured = having({ accuracy: isNumber, count: isNumber });
const several = having({ f1Micro: isNumber, f1Macro: isNumber, map: isNumber, exactMatch: isNumber });
const numbers = having({ spearman: isNumber, rmse: isNumber, mae: isNumber, r2: isNumber });
const shares = { f1: isNumber, precision: isNumber, recall: isNumber };
const words = having({
  ...shares,
  accuracy: isNumber,
  perEntity: listOf(having({ label: isText, support: isCount, ...shares })),
});
const metrics: Check = (value) =>
  typeof value === "object" &&
  Object.values(Object(value) as object).every(having({ value: isNumber, interval: orMissing(listOf(isNumber)) }));
const difference = having({ difference: isNumber, interval: listOf(isNumber) });
/** The result of each task. */
const results: Readonly<Record<Task, Check>> = {
  classify: having({
    before: measured,
    after: measured,
    headOnly: orNull(measured),
    largestClass: isNumber,
    overHeadAlone: orNull(having({ accuracy: having({ difference: isNumber }) })),
  }),
  "multi-label": having({
    yardsticks: having({ mostFrequent: several, headOnly: orNull(several) }),
    after: several,
    // Runs of earlier versions lack it, of numbers too.
    overHeadAlone: orMissing(orNull(difference)),
    labels: listOf(
      having({
        label: isText,
        texts: isNumber,
        threshold: isNumber,
        f1: isNumber,
        precision: isNumber,
        recall: isNumber,
      }),
    ),
  }),
  regress: having({
    yardsticks: having({ mean: numbers, headOnly: orNull(numbers) }),
    after: numbers,
    overHeadAlone: orMissing(orNull(difference)),
  }),
  tokens: having({
    largestClass: isNumber,
    headOnly: orNull(words),
    after: words,
    overHeadAlone: orNull(difference),
  }),
};
/** A test example of each task, with its prediction. */
const samples: Readonly<Record<Task, Check>> = {
  classify: having({ text: isText, label: isText, predicted: isText, probability: isNumber }),
  "multi-label": having({ text: isText, labels: listOf(isText), predicted: listOf(isText) }),
  regress: having({ text: isText, target: isNumber, predicted: isNumber }),
  tokens: () => false,
};
const report = having({
  data: having({ labels: listOf(isText) }),
  estimate: having({ seconds: having({ total: isNumber }) }),
  training: having({ tokensPerSecond: isNumber }),
});

const book: Check = (value) =>
  having({
    sheets: listOf(having({ name: isText })),
    sheet: isCount,
    filled: isCount,
    unsolved: isCount,
  })(value) && (value as { sheet: number }).sheet in (value as { sheets: unknown[] }).sheets;
const someRows = listOf(having({ at: isCount, text: isText }));
const table = having({
  ...tableFields,
  how: having({
    format: isText,
    encoding: isText,
    delimiter: isText,
    uneven: isNumber,
    // Projects of earlier versions lack these.
    headerRow: orMissing(isCount),
    skipped: orMissing(isCount),
    book: orMissing(book),
    firstRows: orMissing(someRows),
    below: orMissing(someRows),
  }),
});
const kinds: Readonly<Record<Task, Check>> = {
  classify: () => true,
  regress: () => true,
  tokens: () => true,
  "multi-label": having({
    separator: (value) => isText(value) && value !== "",
    columns: orNull(listOf(isCount)),
  }),
};
const isTarget: Check = (value) =>
  having({ task: (name) => tasks.some((task) => task === name) })(value) &&
  kinds[(value as { task: Task }).task](value);
const project = having({
  table,
  text: isNumber,
  label: isNumber,
  target: orMissing(isTarget),
  encoder: orMissing(isEncoder),
  more: orMissing(listOf(isCount)),
  rows: listOf(having({ id: isNumber, text: isText, label: isText, confirmed: orMissing(isText) })),
});

/** A table with its rows. Each record has one field per column; the text and label columns exist. */
export function isProject(value: unknown): boolean {
  if (!project(value)) return false;
  const {
    table,
    text,
    label,
    target,
    more = [],
  } = value as {
    table: { columns: unknown[]; records: unknown[][] };
    text: number;
    label: number;
    target?: { columns?: number[] | null };
    more?: number[];
  };
  return [text, label, ...more, ...(target?.columns ?? [])].every((at) => at in table.columns) && isEven(table);
}

const run = having({
  ...trainingFields,
  began: isNumber,
  status: (value) => ["paused", "finished", "failed", "loaded"].includes(value as string),
  labels: listOf(isText),
  examples: isNumber,
  report: orNull(report),
  predictions: listOf(having({ text: isText })),
  error: orNull(isText),
  seconds: orMissing(isNumber),
  files: orNull(listOf(isText)),
});

/** A run in a project file, with the names of its files. A finished run must have results and an adapter. */
export function isRun(value: unknown): boolean {
  if (!run(value)) return false;
  const { status, report, files, predictions } = value as Run;
  const task = taskOf(value as Run);
  if (!predictions.every(samples[task]) || (report !== null && !results[task](report.result))) return false;
  // Reports of earlier versions, of one label a text, lack them.
  if (report !== null && task !== "classify" && !metrics(report.metrics)) return false;
  return files !== null ? status !== "finished" || report !== null : status !== "finished" && status !== "loaded";
}

/** Settings for the next run. */
export const isSettings = having({
  effort: (value) => efforts.some((effort) => effort === value),
  rank: isCount,
  learningRate: isNumber,
  batchSize: isCount,
  maxTokens: isCount,
  seed: isCount,
  device: orMissing((value) => value === "wasm" || value === "webgpu"),
});
