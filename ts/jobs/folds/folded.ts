import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { foldExamples } from "../../io/examples/index.js";
import { plainText } from "../../io/examples/summary/plain-text.js";
import type { Dataset } from "../data/dataset.js";
import { groupsOf } from "../data/held-out.js";
import type { JobWords } from "../job-events.js";
import type { TrainingSettings } from "../spec/training-settings.js";

/** Labels that a message names. */
const NAMED = 3;

type Examples = Dataset["train"]["examples"];

/** What one fold learns from, and what it is tested on. */
export interface Fold {
  readonly train: Examples;
  readonly validation: Examples;
}

/**
 * The examples in `count` folds. Throws `ConfigError` as `foldExamples`, and where one of them would be tested on a label that it learns
 * nothing of: what it measures would say nothing of a classifier that learns from all.
 */
export function foldsOf(
  { train, labels }: Dataset,
  settings: TrainingSettings,
  count: number,
  words: JobWords,
): Fold[] {
  const { examples, file } = train;
  const groups = groupsOf(examples, settings);
  const folds = foldExamples(examples, count, { seed: settings.seed, ...(groups && { groups }) });
  for (const [i, fold] of folds.entries()) {
    const learnt = new Set(fold.train.map(({ label }) => label));
    const missing = labels.filter((label) => !learnt.has(label));
    if (missing.length === 0) continue;
    const shown = missing.slice(0, NAMED).map((label) => excerpt(label, 60));
    const more = missing.length > NAMED ? ` and ${missing.length - NAMED} labels more` : "";
    const own = examples.filter(({ label }) => label === missing[0]);
    const texts = new Set(own.map(({ text }) => plainText(text))).size;
    const [all, has] = own.length === 1 ? ["the only example", "is"] : [`all ${own.length} examples`, "are"];
    const why = groups !== null ? "groups stay whole" : "equal texts stay together";
    const because = own.length === 1 ? "" : `, of ${texts} different ${texts === 1 ? "text" : "texts"}: ${why}`;
    const needed = groups !== null ? "in two groups or more" : "with two different texts or more";
    throw new ConfigError(
      `${file}: fold ${i + 1} of ${count} would learn nothing of ${shown.join(", ")}${more}, and be tested on it: ${all} of ${shown[0]} ` +
        `${has} in that fold${because}. Give examples of each label ${needed}, leave out labels that have none, or test on a file of ` +
        `its own (${words.setting("test")}) in place of folds`,
      { file, fold: i + 1, folds: count, labels: missing },
    );
  }
  return folds;
}
