import { clip } from "../../errors/excerpt.js";
import { plainText } from "../../io/examples/summary/plain-text.js";
import type { JobWords } from "../job-events.js";
import { choosesStep, type RunSettings, type TaskPlan } from "../spec/run-settings.js";

/** Examples of a file. */
export interface TaskFile<E> {
  /** What the file is called. */
  readonly file: string;
  readonly sha256: string;
  readonly examples: readonly E[];
  /** Names of the classes, in their order; none where there are no classes. */
  readonly labels: readonly string[];
}

/** A part that may have been taken from the file to train on. */
export type HeldPart<E, F extends TaskFile<E> = TaskFile<E>> = F & { readonly split: boolean };

/** What a run trains on and is measured on. */
export interface TaskData<E, F extends TaskFile<E> = TaskFile<E>> {
  readonly train: F;
  /** Without examples where nothing is chosen or measured by them. */
  readonly validation: HeldPart<E, F>;
  /** What is measured once, at the end; null where the validation is. */
  readonly test: HeldPart<E, F> | null;
  readonly labels: readonly string[];
  /** How many examples the validation would have had, where they were too few to choose a step by; else null. */
  readonly tooFewToChoose: number | null;
}

/** Examples in two. */
export interface TwoParts<E> {
  readonly rest: readonly E[];
  readonly held: readonly E[];
}

/** What is held out to choose the step by. */
export interface ToChoose<E> extends TwoParts<E> {
  /** How many examples would have been held out, where they are too few; else null. */
  readonly tooFew: number | null;
}

/** What one fold trains on, and what it is tested on. */
export interface Fold<E> {
  readonly train: readonly E[];
  readonly validation: readonly E[];
}

/** A part that is drawn from the examples to train on. */
export type DrawnPart = "validation" | "test";

/** Reads the files of a task, and parts them. Everything rejects with `ConfigError` or `FormatError` for what makes no sense. */
export interface DataReader<E, F extends TaskFile<E> = TaskFile<E>> {
  /** @param all the file to train on, for one that goes with it; @param drawn whether parts are drawn from it */
  read(path: string, all: F | null, drawn: boolean): Promise<F>;
  hold(all: F, part: DrawnPart, seed: number): Promise<TwoParts<E>>;
  /** A validation for a run that is tested apart: none where no step is chosen, or by too few examples. */
  holdToChoose(all: F, seed: number): Promise<ToChoose<E>>;
  folds(all: F, count: number): Promise<readonly Fold<E>[]>;
  /** Examples without those that stand in what is measured, where that is asked for. */
  without?(some: F, measured: F, purpose: "learn from" | "choose the step by"): F;
}

/** Parts that are not trained on, of whatever examples. */
export interface HeldParts {
  readonly validation: { readonly split: boolean };
  readonly test: unknown;
}

/** What the result is measured on. */
export const measuredPart = <P>({ test, validation }: { readonly test: P | null; readonly validation: P }): P =>
  test ?? validation;

/**
 * Whether the head alone is fitted to the validation too, which is held out to choose a step: not where the validation is what is
 * measured, or is a file of its own.
 */
export const isSpare = ({ test, validation }: HeldParts): boolean => test !== null && validation.split;

/** Whether a test is drawn from the file to train on. */
const drawsTest = (
  { test = null, testSplit = null, validation }: Pick<RunSettings, "test" | "testSplit" | "validation">,
  { heldOut }: TaskPlan,
): boolean => heldOut.test !== null && test === null && (testSplit === null ? validation === null : testSplit > 0);

/** A file with other examples. */
const withExamples = <E, F extends TaskFile<E>>(file: F, examples: readonly E[], split: boolean): HeldPart<E, F> => ({
  ...file,
  examples,
  split,
});

/** All examples as what is trained on: for folds, which part them by themselves. */
export async function wholeData<E, F extends TaskFile<E>>(
  reader: DataReader<E, F>,
  settings: Pick<RunSettings, "data">,
): Promise<TaskData<E, F>> {
  const train = await reader.read(settings.data, null, true);
  const validation = withExamples<E, F>(train, [], true);
  return { train, validation, test: null, labels: train.labels, tooFewToChoose: null };
}

/**
 * The data of a run: files of their own for validation and test, or shares of what is trained on. The test is drawn first, so that it
 * is the same whatever the validation is; with one, a validation is held back only where the step to keep is chosen by it, and where
 * there are enough examples for that.
 */
export async function loadParts<E, F extends TaskFile<E>>(
  reader: DataReader<E, F>,
  settings: RunSettings,
  plan: TaskPlan,
): Promise<TaskData<E, F>> {
  const { validation, validationSplit, seed, test: testFile = null } = settings;
  const draws = drawsTest(settings, plan);
  let all = await reader.read(settings.data, null, draws || validation === null);
  const read = async (path: string): Promise<HeldPart<E, F>> => {
    const held = await reader.read(path, all, false);
    all = reader.without?.(all, held, "learn from") ?? all;
    return { ...held, split: false };
  };
  const drawn = (examples: readonly E[]) => withExamples<E, F>(all, examples, true);
  let test = testFile === null ? null : await read(testFile);
  let named = validation === null ? null : await read(validation);
  if (named !== null && test !== null && reader.without !== undefined)
    named = { ...reader.without(named, test, "choose the step by"), split: false };
  let train: F = all;
  if (draws) {
    const { rest, held } = await reader.hold(all, "test", seed);
    [train, test] = [drawn(rest), drawn(held)];
  }
  const data: TaskData<E, F> = { train, validation: drawn([]), test, labels: all.labels, tooFewToChoose: null };
  if (named !== null) return { ...data, validation: named };
  // A run that measures nothing at its end may hold nothing out.
  if (plan.heldOut.test === null && test === null && validationSplit === 0) return data;
  // With a seed of its own where the test has taken the first, or the two would be drawn alike.
  const own = test?.split ? (seed + 1) % Number.MAX_SAFE_INTEGER : seed;
  const { rest, held, tooFew } =
    test === null
      ? { ...(await reader.hold(train, "validation", own)), tooFew: null }
      : await reader.holdToChoose(train, own);
  return { ...data, train: drawn(rest), validation: drawn(held), tooFewToChoose: tooFew };
}

/** What is held out for a part: the share that is set, or the usual one, of large data no more than choosing and measuring need. */
export function shareOf(part: DrawnPart, settings: RunSettings, plan: TaskPlan, examples: number): number {
  const { share, most } = plan.heldOut[part] ?? plan.heldOut.validation;
  return settings[`${part}Split`] ?? Math.min(share, most / examples);
}

/** Whether a run that is tested apart holds anything out to choose its step by. */
export const holdsToChoose = (settings: RunSettings, plan: TaskPlan): boolean =>
  choosesStep(settings, plan) && settings.validationSplit !== 0;

/** Whether it does so however few examples there are. */
export const choosesByFew = ({ validationSplit, evaluateEvery }: RunSettings): boolean =>
  validationSplit !== null || evaluateEvery !== null;

/** What to say of a run that holds nothing out to choose its step by, since there is little; null of any other. */
export function fewExamplesText(
  { train, tooFewToChoose }: Pick<TaskData<unknown>, "train" | "tooFewToChoose">,
  { heldOut }: TaskPlan,
  { setting }: JobWords,
): string | null {
  if (tooFewToChoose === null) return null;
  return (
    `${train.file}: a fifth of the ${train.examples.length} examples to learn from would be too few to choose a step by ` +
    `(${tooFewToChoose}): none is held out for that, and the last step is kept (to choose all the same: ` +
    `${setting("validationSplit")} ${heldOut.validation.share})`
  );
}

/** What to say of texts that are measured and trained on: what is measured of them says nothing. Null where there are none. */
export function seenText<E extends { readonly text: string }>(data: TaskData<E>): string | null {
  const known = new Set(data.train.examples.map(({ text }) => plainText(text)));
  const measured = measuredPart<TaskFile<E>>(data);
  const seen = measured.examples.filter(({ text }) => known.has(plainText(text))).length;
  if (seen === 0) return null;
  return `${clip(measured.file)}: ${seen} of ${measured.examples.length} examples that are measured stand in ${clip(data.train.file)} too, so the result is flattered`;
}
