import { ConfigError, FormatError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { exampleFormat, type LocatedExample, placeIn, sortLabels } from "../../io/examples/index.js";
import { readJsonRows } from "../../io/examples/json.js";
import { filledRows, isBlank, rowsOf } from "../../io/examples/read.js";
import { type DataReader, drawnParts, type TaskFile } from "../../training/data-parts.js";
import { sha256 } from "../../io/sha256.js";
import type { RunContext } from "../../training/task-definition.js";
import { classifierPlan } from "../classify/settings.js";
import { checkColumnsDiffer, withoutEmptyRows } from "../table-rows.js";
import type { MultiLabelSettings } from "./settings.js";

/** A text with its labels, and its place in the file. */
export interface ListedText extends LocatedExample {
  readonly labels: readonly string[];
}

/** Recognised between labels, if no separator is set. */
const SEPARATORS = [";", "|"];

/** A row of the file: its text, and what its columns of labels say. */
interface Found {
  readonly line: number;
  readonly text: unknown;
  readonly cells: readonly unknown[];
}

/** Reads texts with several labels each, and draws parts of them. Throws `ConfigError` and `FormatError` with the line. */
export function listReader(
  settings: MultiLabelSettings,
  { sources, emit, optionNames, isPart = false }: RunContext,
): DataReader<ListedText> {
  const { text, label, labelColumns, labelSeparator, allow } = settings;
  checkColumnsDiffer(labelColumns === null ? { text, label } : { text, labelColumns }, optionNames);
  if (labelColumns !== null && (labelColumns.length < 2 || new Set(labelColumns).size < labelColumns.length))
    throw new ConfigError(`${optionNames.setting("labelColumns")}: two different columns or more are expected`, {
      option: "labelColumns",
      value: labelColumns,
    });
  const wanted = [text, ...(labelColumns ?? [label])];
  return {
    async read(path, all) {
      const { name: file, bytes } = await sources.readData(path);
      const onWarning = (message: string) => emit({ type: "warning", message });
      const table = await rows(bytes, path, file, wanted, onWarning);
      const column = labelColumns === null ? label : labelColumns.join(", ");
      const { rows: found } = await withoutEmptyRows(file, allow, { onWarning, optionNames }, (empty) => {
        // Without the setting, an empty field is a text without labels.
        const emptyLabels = empty.emptyLabels === "refuse" ? "keep" : empty.emptyLabels;
        const how = { file, format: exampleFormat(path), text, label: column, ...empty, emptyLabels } as const;
        return filledRows(table, how, {
          text: (row) => row.text,
          label: ({ cells }) => (cells.some(isBlank) ? null : cells),
        });
      });
      const fail = (line: number, problem: string) =>
        new FormatError(`${file}, ${placeIn(path, line)}: ${problem}`, { file, line });
      const lists =
        labelColumns === null
          ? byCell(found, labelSeparator, label, fail)
          : found.map(({ line, cells }) => labelColumns.filter((name, i) => isSet(cells[i], name, line, fail)));
      const labels = all?.labels ?? labelColumns ?? sortLabels(lists.flat());
      const places = new Map(labels.map((name, place) => [name, place]));
      // In one order, however the file lists them: parts are drawn by it.
      for (const list of lists) list.sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
      const examples = found.map((row, i): ListedText => {
        const own = typeof row.text === "number" || typeof row.text === "boolean" ? String(row.text) : row.text;
        if (typeof own !== "string" || own.trim() === "")
          throw fail(row.line, `a text is expected in column ${JSON.stringify(text)}, got ${excerpt(row.text)}`);
        return { line: row.line, text: own, labels: lists[i]!, label: lists[i]!.join(";") };
      });
      checkLabels({ file, examples, labels }, settings, optionNames.setting, fail, isPart);
      return { file, sha256: await sha256(bytes), examples, labels };
    },
    ...drawnParts(settings, classifierPlan, optionNames, rarestLabels),
  };
}

async function rows(
  bytes: Uint8Array,
  path: string,
  file: string,
  wanted: readonly string[],
  onWarning: (message: string) => void,
): Promise<Found[]> {
  const format = exampleFormat(path);
  if (format !== "json" && format !== "jsonl") {
    const read = await rowsOf(bytes, wanted, { format, text: wanted[0]!, file, onWarning });
    return read.map(({ line, fields: [text, ...cells] }) => ({ line, text, cells }));
  }
  return readJsonRows(bytes, format, file).map(({ line, row }) => {
    const [text, ...cells] = wanted.map((column) => {
      if (Object.hasOwn(row, column)) return row[column];
      throw new FormatError(
        `${file}, ${placeIn(path, line)}: there is no field ${JSON.stringify(column)}; the object has ${clip(Object.keys(row).join(", "))}`,
        { file, line },
      );
    });
    return { line, text, cells };
  });
}

type Fail = (line: number, problem: string) => FormatError;

/** Lists from one column. */
function byCell(found: readonly Found[], given: string | null, column: string, fail: Fail): string[][] {
  const texts = found.flatMap(({ cells: [cell] }) => (typeof cell === "string" ? [cell] : []));
  const separator = given ?? SEPARATORS.find((one) => texts.some((cell) => cell.includes(one))) ?? SEPARATORS[0]!;
  return found.map(({ line, cells: [cell] }) => {
    const parts = Array.isArray(cell) ? (cell as unknown[]) : listIn(cell, separator);
    const names = parts.map((part) => {
      if (typeof part === "string" || typeof part === "number" || typeof part === "boolean") return String(part).trim();
      throw fail(line, `labels are expected in ${JSON.stringify(column)}, got ${excerpt(cell)}`);
    });
    return [...new Set(names.filter((name) => name !== ""))];
  });
}

/** The parts of a cell: a list in JSON, or labels with separators. */
function listIn(cell: unknown, separator: string): unknown[] {
  if (cell === null || cell === undefined) return [];
  if (typeof cell !== "string") return [cell];
  if (/^\s*\[.*\]\s*$/s.test(cell))
    try {
      const list = JSON.parse(cell) as unknown;
      if (Array.isArray(list)) return list as unknown[];
    } catch {
      // A label may be in brackets.
    }
  return cell.split(separator);
}

/** Whether a label's cell says that a text has it. */
function isSet(cell: unknown, column: string, line: number, fail: Fail): boolean {
  const word = String(cell).trim().toLowerCase();
  if (["1", "true", "1.0"].includes(word)) return true;
  if (["0", "false", "0.0"].includes(word)) return false;
  throw fail(line, `0 or 1 is expected in column ${JSON.stringify(column)}, got ${excerpt(cell)}`);
}

/** Throws for too few labels, for unknown ones, and for weights of labels that there are not. */
function checkLabels(
  { file, examples, labels }: Pick<TaskFile<ListedText>, "file" | "examples" | "labels">,
  { label, labelColumns, labelSeparator, classWeights }: MultiLabelSettings,
  setting: (name: string) => string,
  fail: Fail,
  isPart: boolean,
): void {
  const known = new Set(labels);
  for (const { line, labels: own } of examples) {
    const strange = own.find((name) => !known.has(name));
    if (strange !== undefined)
      throw fail(line, `label ${excerpt(strange)} is unknown; the labels are ${clip(labels.join(", "))}`);
  }
  if (labels.length < (isPart ? 1 : 2)) {
    const hint =
      labelColumns === null && labelSeparator === null
        ? `; ${setting("labelSeparator")} says what separates labels, ${setting("labelColumns")} names columns of 0 and 1`
        : "";
    throw new ConfigError(
      `${file}: two labels or more are expected in column ${JSON.stringify(label)}, got ${labels.length === 0 ? "none" : excerpt(labels[0])}${hint}`,
      { file, column: label, labels: labels.length },
    );
  }
  const weighed = classWeights !== null && typeof classWeights === "object" ? Object.keys(classWeights) : [];
  const strange = weighed.find((name) => !known.has(name));
  if (strange !== undefined && !isPart)
    throw new ConfigError(
      `${setting("classWeights")} names ${excerpt(strange)}; the labels are ${clip(labels.join(", "))}`,
      { option: "classWeights", label: strange },
    );
}

/** The rarest label of each example, so that every part gets its share of rare labels. */
function rarestLabels(examples: readonly ListedText[]): string[] {
  const counts = new Map<string, number>();
  for (const { labels } of examples) for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return examples.map(({ labels }) =>
    labels.reduce((rarest, label) => (rarest === "" || counts.get(label)! < counts.get(rarest)! ? label : rarest), ""),
  );
}
