import type { JobWords } from "../job-events.js";
import { heldOut } from "../spec/recipes.js";
import type { ClassifierSettings, TrainingSettings } from "../spec/training-settings.js";
import { holdOut, holdToChoose } from "./held-out.js";
import { nearExamples } from "./near-examples.js";
import { checkClassWeights, checkLabelNames, checkLabels } from "./label-checks.js";
import { type DataAccess, type Labelled, readLabelled, withoutMeasured } from "./read-labelled.js";

export { checkKnown, type DataAccess, type Labelled, readLabelled, withoutMeasured } from "./read-labelled.js";

/** A part that may have been taken from the file to learn from. */
type HeldPart = Labelled & { readonly split: boolean };

/** What a run learns from and is tested on. */
export interface Dataset {
  readonly train: Labelled;
  /** Without examples where nothing is chosen or measured by them. */
  readonly validation: HeldPart;
  /** What is measured once, at the end; null where the validation is. */
  readonly test: HeldPart | null;
  readonly labels: readonly string[];
  /** How many examples the validation would have had, where they were too few to choose a step by; else null. */
  readonly tooFewToChoose: number | null;
}

/** What the result is measured on. */
export const measuredPart = <P>({ test, validation }: { readonly test: P | null; readonly validation: P }): P =>
  test ?? validation;

/** Parts that are not learnt from, of whatever examples. */
export interface HeldParts<E> {
  readonly validation: { readonly examples: readonly E[]; readonly split: boolean };
  readonly test: unknown;
}

/**
 * What is held out to choose a step, which the head alone has no need to hold out: it learns from that too. Nothing where it is
 * measured, or is a file of its own.
 */
export const spareForHead = <E>({ test, validation }: HeldParts<E>): readonly E[] =>
  test !== null && validation.split ? validation.examples : [];

/** Whether a test is taken from the file to learn from. */
export const drawsTest = ({ test, testSplit, validation }: ClassifierSettings) =>
  test === null && (testSplit === null ? validation === null : testSplit > 0);

async function readAll(settings: TrainingSettings, access: DataAccess, draws: boolean): Promise<Labelled> {
  const all = await readLabelled(settings.data, settings, access);
  checkLabelNames(all, settings, access.words);
  checkLabels(all, settings, access.words);
  checkClassWeights(all, settings, access.words);
  if (!draws || settings.nearDuplicates !== "together") return all;
  return { ...all, near: await nearExamples(all.examples, access.signal) };
}

/** All examples as what is learnt from: for folds, which part them by themselves. Errors as `loadDataset`. */
export async function wholeDataset(settings: TrainingSettings, access: DataAccess): Promise<Dataset> {
  const train = await readAll(settings, access, true);
  const validation = { ...train, examples: [], split: true };
  return { train, validation, test: null, labels: train.labels, tooFewToChoose: null };
}

/**
 * The data of a run: files of their own for validation and test, or shares of what is learnt from, each label in the same
 * proportion. The test is taken first, so that it is the same whatever the validation is; with one, a validation is held back only
 * where the step to keep is chosen by it, and where there are enough examples for that. With `dropDuplicates`, what stands in a file of
 * its own is not learnt from either, nor is the step chosen by what is tested.
 */
export async function loadDataset(settings: TrainingSettings, access: DataAccess): Promise<Dataset> {
  let all = await readAll(settings, access, drawsTest(settings) || settings.validation === null);
  const { labels } = all;
  const { validation, seed } = settings;
  const read = async (path: string) => {
    const held = await readLabelled(path, settings, access, labels);
    if (settings.dropDuplicates) all = withoutMeasured(all, held, access);
    return { ...held, split: false };
  };
  const drawn = (examples: Labelled["examples"]) => ({ ...all, examples, split: true });
  let test: Dataset["test"] = null;
  if (settings.test !== null) test = await read(settings.test);
  let named = validation === null ? null : await read(validation);
  if (named !== null && test !== null && settings.dropDuplicates)
    named = { ...withoutMeasured(named, test, access, "choose the step by"), split: false };
  let learnt = all.examples;
  if (drawsTest(settings)) {
    const { rest, held } = await holdOut(all, "test", settings, seed, access);
    [learnt, test] = [rest, drawn(held)];
  }
  const train = { ...all, examples: learnt };
  const dataset = { train, validation: drawn([]), test, labels, tooFewToChoose: null };
  if (named !== null) return { ...dataset, validation: named };
  // With a seed of its own where the test has taken the first, or the two would be drawn alike.
  const own = test?.split ? (seed + 1) % Number.MAX_SAFE_INTEGER : seed;
  const parts =
    test === null
      ? { ...(await holdOut(train, "validation", settings, own, access)), tooFew: null }
      : await holdToChoose(train, settings, own, access);
  const { rest, held, tooFew } = parts;
  return { ...dataset, train: { ...all, examples: rest }, validation: drawn(held), tooFewToChoose: tooFew };
}

/** What to say of a run that holds nothing out to choose its step by, since there is little; null of any other. */
export function fewExamplesText({ train, tooFewToChoose }: Dataset, { setting }: JobWords): string | null {
  if (tooFewToChoose === null) return null;
  return (
    `${train.file}: a fifth of the ${train.examples.length} examples to learn from would be too few to choose a step by ` +
    `(${tooFewToChoose}): none is held out for that, and the last step is kept (to choose all the same: ` +
    `${setting("validationSplit")} ${heldOut.validation.share})`
  );
}
