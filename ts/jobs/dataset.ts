import { ConfigError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import { exampleFormat, parseExamples, splitExamples } from "../io/examples/index.js";
import type { Example } from "../io/examples/index.js";
import type { JobWords } from "./job-events.js";
import type { JobSources } from "./job-sources.js";
import { sha256 } from "./sha256.js";
import { decode } from "./text-file.js";
import type { TrainingSettings } from "./training-settings.js";

/** Examples of a file. */
export interface Labelled {
  /** What the file is called. */
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

/** Where files come from, and what takes what is odd in one but can be read. */
export interface DataAccess {
  readonly sources: Pick<JobSources, "readData">;
  readonly onWarning: (message: string) => void;
  readonly words: JobWords;
}

/** Reads labelled texts. Errors as `parseExamples`, and those of `sources`. */
export async function readLabelled(
  path: string,
  { text, label, labelNames }: ReadOptions,
  { sources, onWarning }: DataAccess,
  known?: readonly string[],
): Promise<Labelled> {
  const { name: file, bytes } = await sources.readData(path);
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
  return { file, sha256: await sha256(bytes), examples, labels };
}

/** The data of a run: two files, or one that is split, each label in the same proportion. */
export async function loadDataset(settings: TrainingSettings, access: DataAccess): Promise<Dataset> {
  const all = await readLabelled(settings.data, settings, access);
  const { labels } = all;
  checkLabels(all, settings.label, access.words);
  if (settings.validation !== null) {
    const validation = await readLabelled(settings.validation, settings, access, labels);
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

function checkLabels({ file, labels, examples }: Labelled, column: string, words: JobWords): void {
  if (labels.length < 2) {
    throw new ConfigError(
      `${file}: two labels or more are expected in column ${JSON.stringify(column)}, all texts have ${excerpt(labels[0])}`,
      { labels },
    );
  }
  if (labels.length <= FEW_LABELS || labels.length <= examples.length / 2) return;
  throw new ConfigError(
    `${file}: column ${JSON.stringify(column)} has ${labels.length} different labels in ${examples.length} examples, which ` +
      `looks like a column of texts (${excerpt(labels[0], 60)}, …): name the labels' column with ${words.setting("label")}`,
    { column, labels: labels.length, examples: examples.length },
  );
}
