import type { LocatedExample } from "../../../io/examples/index.js";
import type { DataReader, TaskData } from "../../../training/data/parts.js";
import { foldsOf } from "../folds/folded.js";
import type { TrainingSettings } from "../settings.js";
import { holdOut, holdToChoose } from "./held-out.js";
import { nearExamples } from "./near-examples.js";
import { checkClassWeights, checkLabelNames, checkLabels } from "./label-checks.js";
import { type DataAccess, type Labelled, readLabelled, withoutMeasured } from "./read-labelled.js";

export type { DataAccess, Labelled } from "./read-labelled.js";

/** The examples of a run: training, validation, test. */
export type Dataset = TaskData<LocatedExample, Labelled>;

/**
 * Reads labelled texts and splits them, each label in the same proportion. With `dropDuplicates`, texts of the validation or test file are
 * removed from the training data, and texts of the test file from the validation.
 */
export function labelledReader(settings: TrainingSettings, access: DataAccess): DataReader<LocatedExample, Labelled> {
  return {
    async read(path, all, drawn) {
      if (all !== null) return readLabelled(path, settings, access, all.labels);
      const read = await readLabelled(path, settings, access);
      checkLabelNames(read, settings, access.optionNames);
      if (access.isPart !== true) {
        checkLabels(read, settings, access.optionNames);
        checkClassWeights(read, settings, access.optionNames);
      }
      if (!drawn || settings.nearDuplicates !== "together") return read;
      return { ...read, near: await nearExamples(read.examples, access.signal) };
    },
    hold: (all, part, seed) => holdOut(all, part, settings, seed, access),
    holdToChoose: (all, seed) => holdToChoose(all, settings, seed, access),
    folds: (all, count) => foldsOf(all, settings, count, access),
    ...(settings.dropDuplicates && {
      without: (some, measured, purpose) => withoutMeasured(some, measured, access, purpose),
    }),
  };
}
