import { efforts } from "../engine/settings.js";

/** Checks of a project file's contents, so that a file from elsewhere cannot break the page that stores it. */
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isNumber: Check = (value) => typeof value === "number" && Number.isFinite(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
/** Checks that a value is an object with at least these fields. */
const having =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(fields).every(([name, check]) => check((value as Record<string, unknown>)[name]));

const isCount: Check = (value) => isNumber(value) && Number.isInteger(value) && (value as number) >= 0;
const orMissing =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const measured = having({ accuracy: isNumber, count: isNumber });
const point = having({ step: isNumber, loss: isNumber });
const report = having({
  data: having({ labels: listOf(isText) }),
  estimate: having({ seconds: having({ total: isNumber }) }),
  training: having({ tokensPerSecond: isNumber }),
  result: having({
    ...{ before: measured, after: measured, headOnly: orNull(measured), largestClass: isNumber },
    overHeadAlone: orNull(having({ accuracy: having({ difference: isNumber }) })),
  }),
});

const table = having({
  name: isText,
  columns: listOf(isText),
  records: listOf(listOf(isText)),
  how: having({ format: isText, encoding: isText, delimiter: isText, uneven: isNumber }),
});
const project = having({
  ...{ table, text: isNumber, label: isNumber },
  rows: listOf(having({ id: isNumber, text: isText, label: isText })),
});

/** A table with its rows. Each record has one field per column; the text and label columns exist. */
export function isProject(value: unknown): boolean {
  if (!project(value)) return false;
  const { table, text, label } = value as {
    table: { columns: unknown[]; records: unknown[][] };
    text: number;
    label: number;
  };
  const wide = table.columns.length;
  return [text, label].every((at) => at in table.columns) && table.records.every(({ length }) => length === wide);
}

const run = having({
  // The id is used as a folder name.
  id: (value) => isText(value) && /^[\w-]{1,100}$/.test(value as string),
  name: isText,
  began: isNumber,
  status: (value) => ["paused", "finished", "failed", "loaded"].includes(value as string),
  spec: having({ data: isText }),
  labels: listOf(isText),
  examples: isNumber,
  report: orNull(report),
  predictions: listOf(having({ text: isText, label: isText, predicted: isText, probability: isNumber })),
  training: listOf(point),
  validation: listOf(point),
  error: orNull(isText),
  seconds: orMissing(isNumber),
  files: orNull(listOf(isText)),
});

/** A run in a project file, with the names of its files. A finished run must have results and an adapter. */
export function isRun(value: unknown): boolean {
  if (!run(value)) return false;
  const { status, report, files } = value as { status: string; report: unknown; files: unknown };
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
});
