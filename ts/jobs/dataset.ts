import { createHash } from "node:crypto";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import { ConfigError } from "../errors.js";
import { clip, excerpt } from "../excerpt.js";
import { exampleFormat, parseExamples, parseTexts, splitExamples } from "../io/examples/index.js";
import { isFolder } from "../io/node/read-files.js";
import type { Example } from "../models/text-classifier.js";
import type { TrainingSettings } from "./training-settings.js";

/** Examples of a file. */
export interface Labelled {
  /** The file's path, as it is shown. */
  readonly file: string;
  readonly sha256: string;
  readonly examples: readonly Example[];
  /** Class names, in the order of the classes. */
  readonly labels: readonly string[];
}

/** What a run learns from and is tested on. */
export interface Dataset {
  readonly train: Labelled;
  /** `split`: taken from the file to learn from. */
  readonly validation: Labelled & { readonly split: boolean };
  readonly labels: readonly string[];
}

/** How a file of examples is read. */
export type ReadOptions = Pick<TrainingSettings, "text" | "label" | "labelNames">;

/** Takes what is odd in a file but can be read. */
export type Warn = (message: string) => void;

/** Reads labelled texts. Errors as `parseExamples`, and `ConfigError` where the file cannot be read. */
export function readLabelled(
  path: string,
  { text, label, labelNames }: ReadOptions,
  onWarning: Warn,
  known?: readonly string[],
): Labelled {
  const bytes = readData(path);
  const file = shownPath(path);
  const read = parseExamples(decode(bytes, file), { format: exampleFormat(path), text, label, file, onWarning });
  const name = (raw: string) => (Object.hasOwn(labelNames, raw) ? labelNames[raw]! : raw);
  const examples = read.examples.map((example) => ({ text: example.text, label: name(example.label) }));
  const labels = known ?? [...new Set(read.labels.map(name))];
  const among = new Set(labels);
  const strange = examples.find(({ label: found }) => !among.has(found));
  if (strange !== undefined) {
    throw new ConfigError(
      `${file}: label ${excerpt(strange.label)} is not among the known ones: ${clip(labels.join(", "))}`,
      { file, label: strange.label },
    );
  }
  return { file, sha256: createHash("sha256").update(bytes).digest("hex"), examples, labels };
}

/** Texts of a column of a CSV, TSV or JSON Lines file. */
export function readColumn(path: string, text: string, onWarning: Warn): string[] {
  const file = shownPath(path);
  return parseTexts(decode(readData(path), file), { format: exampleFormat(path), text, file, onWarning });
}

/** Lines of a text file that are not blank. */
export function readLines(path: string): string[] {
  return textLines(decode(readData(path), shownPath(path)));
}

/** Lines that are not blank, whatever ends them. */
export function textLines(text: string): string[] {
  return text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== "");
}

/** The data of a run: two files, or one that is split, each label in the same proportion. */
export function loadDataset(settings: TrainingSettings, onWarning: Warn): Dataset {
  const all = readLabelled(settings.data, settings, onWarning);
  const { labels } = all;
  checkLabels(all, settings.label);
  if (settings.validation !== null) {
    const validation = readLabelled(settings.validation, settings, onWarning, labels);
    return { train: all, validation: { ...validation, split: false }, labels };
  }
  const parts = splitExamples(all.examples, settings.validationSplit, settings.seed);
  return {
    train: { ...all, examples: parts.train },
    validation: { ...all, examples: parts.validation, split: true },
    labels,
  };
}

/** So many labels may each have too few examples in a small file; a large one where that is so has texts in the column. */
const FEW_LABELS = 20;

function checkLabels({ file, labels, examples }: Labelled, column: string): void {
  if (labels.length < 2) {
    throw new ConfigError(
      `${file}: two labels or more are expected in column ${JSON.stringify(column)}, all texts have ${excerpt(labels[0])}`,
      { labels },
    );
  }
  if (labels.length <= FEW_LABELS || labels.length <= examples.length / 2) return;
  throw new ConfigError(
    `${file}: column ${JSON.stringify(column)} has ${labels.length} different labels in ${examples.length} examples, which ` +
      `looks like a column of texts (${excerpt(labels[0], 60)}, …): name the labels' column with --label`,
    { column, labels: labels.length, examples: examples.length },
  );
}

/** A path as it is shown: relative where it is below the working folder. */
export function shownPath(path: string): string {
  const shorter = relative(process.cwd(), path);
  return shorter === "" || shorter.startsWith("..") || isAbsolute(shorter) ? path : shorter;
}

/** More than a string can hold; and a device may have no end. Pipes are read to theirs. */
function checkSize(path: string): void {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined || status.isFIFO()) return;
  if (!status.isFile() && realpathSync(path) !== realpathSync("/dev/stdin")) {
    throw new ConfigError(`${path}: a file of examples is expected, this is a device`, { path });
  }
  if (status.size > LONGEST_TEXT) {
    throw new ConfigError(
      `${path} has ${status.size} bytes; at most ${LONGEST_TEXT} can be read at once: split it into several`,
      { path, size: status.size },
    );
  }
}

function readData(path: string): Uint8Array {
  if (isFolder(path)) throw new ConfigError(`${path}: a file of examples is expected, this is a folder`, { path });
  checkSize(path);
  try {
    return readFileSync(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new ConfigError(
      missing ? `${path}: there is no such file` : `${path} cannot be read: ${String(cause)}`,
      { path },
      { cause },
    );
  }
}

/** Characters that a string of JavaScript holds at most in every runtime. */
const LONGEST_TEXT = 2 ** 29 - 24;

export function decode(bytes: Uint8Array, file: string): string {
  if (bytes.length > LONGEST_TEXT) {
    throw new ConfigError(`${file}: at most ${LONGEST_TEXT} bytes can be read, it has ${bytes.length}: split it`, {
      file,
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError(`${file}: UTF-8 text is expected, these bytes are something else`, { file }, { cause });
  }
}
