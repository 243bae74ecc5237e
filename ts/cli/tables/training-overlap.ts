import { existsSync } from "node:fs";
import type { LocatedExample } from "../../io/examples/index.js";
import { plainText } from "../../io/examples/summary/plain-text.js";
import { type DataAccess, type Dataset, type Labelled, loadDataset } from "../../tasks/classify/data/dataset.js";
import type { TrainingSettings } from "../../tasks/classify/settings.js";
import { formatCount, formatPercent } from "../terminal/number-format.js";

/** What a run's report says of the data that it learnt from. */
export interface TrainedOn {
  readonly settings: TrainingSettings;
  /** Hash of the file; undefined where the report does not say. */
  readonly sha256: string | undefined;
}

/** The data of a run as they were; null where they are gone or others by now. */
export async function trainingData({ settings, sha256 }: TrainedOn, access: DataAccess): Promise<Dataset | null> {
  if (sha256 === undefined || !existsSync(settings.data)) return null;
  try {
    const dataset = await loadDataset(settings, { ...access, onWarning: () => {} });
    return dataset.train.sha256 === sha256 ? dataset : null;
  } catch {
    // What is measured does not depend on them.
    return null;
  }
}

/** What to say where texts that are measured were learnt from; null where none is known to be. */
export function overlapWarning(
  measured: Pick<Labelled, "file" | "sha256"> & {
    readonly examples: readonly LocatedExample[];
    readonly named: boolean;
  },
  sha256: string | undefined,
  train: readonly LocatedExample[] | null,
): string | null {
  const { file, examples, named } = measured;
  const vain = "results look better than they are on new texts: name texts that the run has not seen with --data";
  if (train === null)
    return named && measured.sha256 === sha256 ? `${file} is the file that the run learnt from; ${vain}` : null;
  const learnt = new Set(train.map(({ text }) => plainText(text)));
  const seen = examples.filter(({ text }) => learnt.has(plainText(text))).length;
  if (seen === 0) return null;
  const share = `${formatCount(seen)} of ${formatCount(examples.length)} texts (${formatPercent(seen / examples.length)})`;
  return `${file}: the run learnt from ${share}; ${vain}`;
}
