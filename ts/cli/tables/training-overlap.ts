import { existsSync } from "node:fs";
import type { LocatedExample } from "../../io/examples/index.js";
import { plainText } from "../../io/examples/summary/plain-text.js";
import { type DataAccess, type Dataset, type Labelled, loadDataset } from "../../tasks/classify/data/dataset.js";
import type { TrainingSettings } from "../../tasks/classify/settings.js";
import { formatCount, formatPercent } from "../terminal/number-format.js";

/** A run's training data in its report. */
export interface TrainedOn {
  readonly settings: TrainingSettings;
  /** Hash of the file; undefined if the report lacks it. */
  readonly sha256: string | undefined;
  /** Whether the saved classifier was trained on the validation too. */
  readonly finalFit: boolean;
}

/** The examples that a run's saved classifier was trained on. */
export const trainedExamples = (
  { finalFit }: Pick<TrainedOn, "finalFit">,
  { train, validation }: Dataset,
): readonly LocatedExample[] => (finalFit ? [...train.examples, ...validation.examples] : train.examples);

/** The unchanged data of a run; null if they are missing or have changed. */
export async function trainingData(
  { settings, sha256 }: Omit<TrainedOn, "finalFit">,
  access: DataAccess,
): Promise<Dataset | null> {
  if (sha256 === undefined || !existsSync(settings.data)) return null;
  try {
    const dataset = await loadDataset(settings, { ...access, onWarning: () => {} });
    return dataset.train.sha256 === sha256 ? dataset : null;
  } catch {
    // The measurement does not need them.
    return null;
  }
}

/** The warning about measured texts that are training texts; null if none are known. */
export function overlapWarning(
  measured: Pick<Labelled, "file" | "sha256"> & {
    readonly examples: readonly { readonly text: string }[];
    readonly named: boolean;
  },
  sha256: string | undefined,
  train: readonly { readonly text: string }[] | null,
): string | null {
  const { file, examples, named } = measured;
  const vain = "so results look better than on new texts; use --data with texts that are not in the training data";
  if (train === null) return named && measured.sha256 === sha256 ? `${file} is the run's training data, ${vain}` : null;
  const learnt = new Set(train.map(({ text }) => plainText(text)));
  const seen = examples.filter(({ text }) => learnt.has(plainText(text))).length;
  if (seen === 0) return null;
  const share = `${formatCount(seen)} of ${formatCount(examples.length)} texts (${formatPercent(seen / examples.length)})`;
  return `${file}: the run was trained on ${share}, ${vain}`;
}
