import { ConfigError, FormatError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { exampleFormat, type LocatedExample, readExamples, splitExamples } from "../../io/examples/index.js";
import type { JobWords } from "../job-events.js";
import type { JobSources } from "../sources/job-sources.js";
import { sha256 } from "../sources/sha256.js";
import { evaluateEveryOf, type TrainingSettings } from "../spec/training-settings.js";

/** Examples of a file. */
export interface Labelled {
  /** What the file is called. */
  readonly file: string;
  readonly sha256: string;
  readonly examples: readonly LocatedExample[];
  /** Class names, in the order of the classes. */
  readonly labels: readonly string[];
  /** Labels as they stand in the file. */
  readonly rawLabels: readonly string[];
}

/** What a run learns from and is tested on. */
export interface Dataset {
  readonly train: Labelled;
  /** `split`: taken from the file to learn from. */
  readonly validation: Labelled & { readonly split: boolean };
  /** What is measured once, at the end; null where the validation is. */
  readonly test: (Labelled & { readonly split: boolean }) | null;
  readonly labels: readonly string[];
}

/** What the result is measured on. */
export const measuredPart = ({ test, validation }: Pick<Dataset, "test" | "validation">) => test ?? validation;

/** How a file of examples is read. */
export type ReadOptions = Pick<TrainingSettings, "text" | "label" | "labelNames"> &
  Partial<Pick<TrainingSettings, "allow">>;

/** Where files come from, and what takes what is odd in one but can be read. */
export interface DataAccess {
  readonly sources: Pick<JobSources, "readData">;
  readonly onWarning: (message: string) => void;
  readonly words: JobWords;
}

/** Reads labelled texts, without the empty ones where that is allowed. Errors as `readExamples`, and those of `sources`. */
export async function readLabelled(
  path: string,
  { text, label, labelNames, allow = [] }: ReadOptions,
  { sources, onWarning, words }: DataAccess,
  known?: readonly string[],
): Promise<Labelled> {
  const { name: file, bytes } = await sources.readData(path);
  const format = exampleFormat(path);
  const emptyTexts = allow.includes("empty-texts") ? "leave out" : "refuse";
  const read = await readExamples(bytes, { format, text, label, file, onWarning, emptyTexts }).catch(
    (error: unknown) => {
      if (error instanceof FormatError && "empty" in error.details)
        throw new ConfigError(`${error.message} (${words.setting("allow")} empty-texts)`, error.details, {
          cause: error,
        });
      throw error;
    },
  );
  const left = read.emptyTexts.length;
  if (left > 0) onWarning(`${file}: ${left === 1 ? "an empty text is" : `${left} empty texts are`} left out`);
  const name = (raw: string) => (Object.hasOwn(labelNames, raw) ? labelNames[raw]! : raw);
  const examples = read.examples.map(({ text, label, line }) => ({ text, label: name(label), line }));
  const labels = known ?? [...new Set(read.labels.map(name))];
  checkKnown(file, examples, labels);
  return { file, sha256: await sha256(bytes), examples, labels, rawLabels: read.labels };
}

/** Throws `ConfigError`, naming the place in the file, where a label is not among the known ones. */
export function checkKnown(file: string, examples: readonly LocatedExample[], labels: readonly string[]): void {
  const among = new Set(labels);
  const strange = examples.filter(({ label }) => !among.has(label));
  const [first] = strange;
  if (first === undefined) return;
  const place = `${/\.(json|parquet|pq)$/i.test(file) ? "example" : "line"} ${first.line}`;
  const more = strange.length === 1 ? "" : ` (${strange.length} examples have such labels)`;
  throw new ConfigError(
    `${file}, ${place}: label ${excerpt(first.label)} is not among the known ones: ${clip(labels.join(", "))}${more}`,
    { file, line: first.line, label: first.label },
  );
}

/**
 * The data of a run: files of their own for validation and test, or shares of what is learnt from, each label in the same
 * proportion. The test is taken first, so that it is the same whatever the validation is; with one, a validation is held back only
 * where the step to keep is chosen by it.
 */
export async function loadDataset(settings: TrainingSettings, access: DataAccess): Promise<Dataset> {
  const all = await readLabelled(settings.data, settings, access);
  const { labels } = all;
  checkLabelNames(all, settings, access.words);
  checkLabels(all, settings, access.words);
  const { validation, testSplit, seed } = settings;
  const read = async (path: string) => ({ ...(await readLabelled(path, settings, access, labels)), split: false });
  const share = (examples: readonly LocatedExample[], part: "validation" | "test", own: number) => {
    checkSplit({ ...all, examples }, part, settings, access.words);
    const { train, validation: held } = splitExamples(examples, settings[`${part}Split`], own);
    return [train, { ...all, examples: held, split: true }] as const;
  };
  let rest = all.examples;
  let test: Dataset["test"] = null;
  if (settings.test !== null) test = await read(settings.test);
  else if (testSplit > 0) [rest, test] = share(rest, "test", seed);
  if (validation !== null)
    return { train: { ...all, examples: rest }, validation: await read(validation), test, labels };
  // Where nothing chooses by it, nothing is held back for it.
  if (test !== null && evaluateEveryOf(settings, 1) === null)
    return { train: { ...all, examples: rest }, validation: { ...all, examples: [], split: true }, test, labels };
  // With a seed of its own where the test has taken the first, or the two would be drawn alike.
  const [train, held] = share(rest, "validation", testSplit > 0 ? (seed + 1) % Number.MAX_SAFE_INTEGER : seed);
  return { train: { ...all, examples: train }, validation: held, test, labels };
}

/** So many labels may each have too few examples in a small file; a large one where that is so has texts in the column. */
const FEW_LABELS = 20;

function checkLabels({ file, labels, examples }: Labelled, settings: TrainingSettings, words: JobWords): void {
  const { label: column, allow } = settings;
  if (labels.length < 2) {
    throw new ConfigError(
      `${file}: two labels or more are expected in column ${JSON.stringify(column)}, all texts have ${excerpt(labels[0])}`,
      { labels },
    );
  }
  if (labels.length <= FEW_LABELS || labels.length <= examples.length / 2 || allow.includes("id-labels")) return;
  throw new ConfigError(
    `${file}: column ${JSON.stringify(column)} has ${labels.length} different labels in ${examples.length} examples, which ` +
      `looks like a column of texts (${excerpt(labels[0], 60)}, …): name the labels' column with ${words.setting("label")}`,
    { column, labels: labels.length, examples: examples.length },
  );
}

/** Throws `ConfigError` where a name is given to a label that the data do not have. */
function checkLabelNames({ file, rawLabels }: Labelled, { labelNames }: ReadOptions, words: JobWords): void {
  const strange = Object.keys(labelNames).filter((label) => !rawLabels.includes(label));
  if (strange.length === 0) return;
  throw new ConfigError(
    `${file}: ${words.setting("labelNames")} names ${excerpt(strange)}, which no example has for a label; the labels are ${clip(rawLabels.join(", "))}`,
    { file, option: "labelNames", value: strange, allowed: rawLabels },
  );
}

/** Throws `ConfigError` where a share of each label, rounded, is nothing for all of them. */
function checkSplit(all: Labelled, part: "validation" | "test", settings: TrainingSettings, words: JobWords): void {
  const { label: column, [`${part}Split` as const]: share } = settings;
  const option = words.setting(`${part}Split`);
  const counts = new Map<string, number>();
  for (const { label } of all.examples) counts.set(label, (counts.get(label) ?? 0) + 1);
  const kept = [...counts.values()].map((count) => Math.min(Math.round(count * share), count - 1));
  if (kept.some((count) => count > 0)) return;
  const { file, examples } = all;
  const listed = clip([...counts].map(([label, count]) => `${label}: ${count}`).join(", "));
  throw new ConfigError(
    `${file}: ${option} ${share} leaves nothing to test on: column ${JSON.stringify(column)} has ${counts.size} ` +
      `labels in ${examples.length} examples (${listed}), too few of each to keep one back. If these are not the labels, name their ` +
      `column with ${words.setting("label")}; else give more examples of each, a larger share with ${option}, or a file with ${words.setting(part)}`,
    { file, column, labels: counts.size, examples: examples.length },
  );
}
