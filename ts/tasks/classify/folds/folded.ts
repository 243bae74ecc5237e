import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { foldExamples, type LocatedExample } from "../../../io/examples/index.js";
import { type TakenSplit, unitsOf } from "../../../io/examples/parts/assign.js";
import { inFolds } from "../../../io/examples/parts/folds.js";
import { plainText } from "../../../io/examples/row.js";
import type { Fold } from "../../../training/data/parts.js";
import { hear } from "../../../training/loading.js";
import type { DataAccess, Labelled } from "../data/read-labelled.js";
import { groupsOf, nearNumbers } from "../data/held-out.js";
import type { TrainingSettings } from "../settings.js";

/** The most labels that a message names. */
const NAMED = 3;

type LabelledFold = Fold<LocatedExample>;

/** How many draws of folds are tried with near duplicates together, and how much larger than another a fold may then be. */
const [ROUNDS, FACTOR] = [2, 2];

/** Labels that a fold would be tested on without a training example. */
function missingIn(fold: LabelledFold, labels: readonly string[]): string[] {
  const learnt = new Set(fold.train.map(({ label }) => label));
  return labels.filter((label) => !learnt.has(label));
}

/** Folds with near duplicates together; null if a fold would then have no training example of a label. */
async function foldsTogether(
  { examples, near, labels }: Labelled,
  count: number,
  taken: TakenSplit,
  signal: AbortSignal | undefined,
): Promise<LabelledFold[] | null> {
  let numbers = nearNumbers(examples, near);
  for (let round = 0; numbers !== null && round < ROUNDS; round++) {
    await hear(signal);
    if (new Set(unitsOf(examples, taken.groups, numbers)).size < count) return null;
    const folds = inFolds(examples, count, taken, numbers);
    const missing = new Set(folds.flatMap((fold) => missingIn(fold, labels)));
    const sizes = folds.map(({ validation }) => validation.length);
    if (missing.size === 0) return Math.max(...sizes) <= FACTOR * Math.min(...sizes) ? folds : null;
    numbers = numbers.map((number, i) => (missing.has(examples[i]!.label) ? undefined : number));
  }
  return null;
}

/**
 * The examples in `count` folds, near duplicates in one fold if possible. Rejects with `AbortError` when cancelled; with `ConfigError` as
 * `foldExamples`, and if a fold would be tested on a label without training examples: its result would not hold for a classifier that is
 * trained on all.
 */
export async function foldsOf(
  all: Labelled,
  settings: TrainingSettings,
  count: number,
  { optionNames, signal }: Pick<DataAccess, "optionNames" | "signal">,
): Promise<LabelledFold[]> {
  const { examples, file, labels } = all;
  const groups = groupsOf(examples, settings);
  const { seed } = settings;
  const together = await foldsTogether(all, count, { seed, groups }, signal);
  await hear(signal);
  const folds = together ?? foldExamples(examples, count, { seed, ...(groups && { groups }) });
  for (const [i, fold] of folds.entries()) {
    const missing = missingIn(fold, labels);
    if (missing.length === 0) continue;
    const shown = missing.slice(0, NAMED).map((label) => excerpt(label, 60));
    const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more labels` : "";
    const own = examples.filter(({ label }) => label === missing[0]);
    const texts = new Set(own.map(({ text }) => plainText(text))).size;
    const [howMany, has] = own.length === 1 ? ["the only example", "is"] : [`all ${own.length} examples`, "are"];
    const why = groups !== null ? "groups stay whole" : "equal texts stay together";
    const because = own.length === 1 ? "" : `, of ${texts} different ${texts === 1 ? "text" : "texts"}: ${why}`;
    const needed = groups !== null ? "in two groups or more" : "with two different texts or more";
    throw new ConfigError(
      `${file}: fold ${i + 1} of ${count} would be tested on ${shown.join(", ")}${more} without a training example: ${howMany} of ${shown[0]} ` +
        `${has} in that fold${because}. Add examples of each label ${needed}, remove labels that have too few, or use a test file ` +
        `(${optionNames.setting("test")}) instead of folds`,
      { file, fold: i + 1, folds: count, labels: missing },
    );
  }
  return folds;
}
