import { ConfigError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { type ExampleColumns, foldExamples, placeIn, splitExamples } from "../io/examples/index.js";
import { plainText } from "../io/examples/row.js";
import type { FindingCode } from "../io/examples/summary/data-summary.js";
import { smallTestText } from "../io/examples/summary/findings.js";
import type { JobListener } from "./job-events.js";
import type { OptionNames } from "./spec/option-names.js";
import { choosesStep, type RunSettings, type TaskPlan } from "./spec/run-settings.js";

/** Examples of a file. */
export interface TaskFile<E> {
  /** Name of the file. */
  readonly file: string;
  readonly sha256: string;
  readonly examples: readonly E[];
  /** Names of the classes, in order; empty for tasks without classes. */
  readonly labels: readonly string[];
  /** The columns of examples with one text and one label each. */
  readonly columns?: ExampleColumns;
}

/** A part that may have been split from the training file. */
export type HeldPart<E, F extends TaskFile<E> = TaskFile<E>> = F & { readonly split: boolean };

/** The examples of a run: training, validation, test. */
export interface TaskData<E, F extends TaskFile<E> = TaskFile<E>> {
  readonly train: F;
  /** Empty if nothing is chosen or measured with it. */
  readonly validation: HeldPart<E, F>;
  /** Measured once, at the end; null if the validation is measured instead. */
  readonly test: HeldPart<E, F> | null;
  readonly labels: readonly string[];
  /** Number of examples that the validation would have had if these were too few to choose a step; otherwise null. */
  readonly tooFewToChoose: number | null;
}

/** Examples in two parts. */
export interface TwoParts<E> {
  readonly rest: readonly E[];
  readonly held: readonly E[];
}

/** Held out to choose the step. */
export interface ToChoose<E> extends TwoParts<E> {
  /** Number of examples that would have been held out if these are too few; otherwise null. */
  readonly tooFew: number | null;
}

/** Training and test examples of one fold. */
export interface Fold<E> {
  readonly train: readonly E[];
  readonly validation: readonly E[];
}

/** A part drawn from the training examples. */
export type DrawnPart = "validation" | "test";

/** Reads the files of a task and splits them. Every function rejects with `ConfigError` or `FormatError` for invalid data. */
export interface DataReader<E, F extends TaskFile<E> = TaskFile<E>> {
  /** @param all the training file, when another file is read; @param drawn whether parts are drawn from it */
  read(path: string, all: F | null, drawn: boolean): Promise<F>;
  hold(all: F, part: DrawnPart, seed: number): Promise<TwoParts<E>>;
  /** A validation for a run with its own test: none if no step is chosen, or there are too few examples. */
  holdToChoose(all: F, seed: number): Promise<ToChoose<E>>;
  folds(all: F, count: number): Promise<readonly Fold<E>[]>;
  /** The examples that are not also in the measured part, if the settings say so. */
  without?(some: F, measured: F, purpose: "train on" | "choose the step with"): F;
}

/** The parts that are not trained on. */
interface HeldParts {
  readonly validation: { readonly split: boolean };
  readonly test: unknown;
}

/** The examples that the result is measured on. */
export const measuredPart = <P>({ test, validation }: { readonly test: P | null; readonly validation: P }): P =>
  test ?? validation;

/**
 * Whether the head-only baseline is also fitted to the validation: only if it was split from the training file to choose a step, and is not
 * what the result is measured on.
 */
export const isSpare = ({ test, validation }: HeldParts): boolean => test !== null && validation.split;

/** Whether a test is split from the training file. */
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

/** All examples as training examples. @param drawn whether parts are drawn from them later, such as folds */
export async function wholeData<E, F extends TaskFile<E>>(
  reader: DataReader<E, F>,
  settings: Pick<RunSettings, "data">,
  drawn: boolean,
): Promise<TaskData<E, F>> {
  const train = await reader.read(settings.data, null, drawn);
  const validation = withExamples<E, F>(train, [], true);
  return { train, validation, test: null, labels: train.labels, tooFewToChoose: null };
}

/**
 * The data of a run: separate files for validation and test, or shares of the training file. The test is drawn first, so that it does not
 * depend on the validation. With a test, a validation is held out only if it chooses the step, and if there are enough examples.
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
    all = reader.without?.(all, held, "train on") ?? all;
    return { ...held, split: false };
  };
  const drawn = (examples: readonly E[]) => withExamples<E, F>(all, examples, true);
  let test = testFile === null ? null : await read(testFile);
  let named = validation === null ? null : await read(validation);
  if (named !== null && test !== null && reader.without !== undefined)
    named = { ...reader.without(named, test, "choose the step with"), split: false };
  let train: F = all;
  if (draws) {
    const { rest, held } = await reader.hold(all, "test", seed);
    [train, test] = [drawn(rest), drawn(held)];
  }
  const data: TaskData<E, F> = { train, validation: drawn([]), test, labels: all.labels, tooFewToChoose: null };
  if (named !== null) return { ...data, validation: named };
  // A run without a final measurement may hold nothing out.
  if (plan.heldOut.test === null && test === null && validationSplit === 0) return data;
  // Another seed than the test's, or the two draws would be alike.
  const own = test?.split ? (seed + 1) % Number.MAX_SAFE_INTEGER : seed;
  const { rest, held, tooFew } =
    test === null
      ? { ...(await reader.hold(train, "validation", own)), tooFew: null }
      : await reader.holdToChoose(train, own);
  return { ...data, train: drawn(rest), validation: drawn(held), tooFewToChoose: tooFew };
}

/** The share held out for a part: the setting, or the default, which is capped for large data. */
export function shareOf(part: DrawnPart, settings: RunSettings, plan: TaskPlan, examples: number): number {
  const { share, most } = plan.heldOut[part] ?? plan.heldOut.validation;
  return settings[`${part}Split`] ?? Math.min(share, most / examples);
}

/** Whether a run with its own test holds out examples to choose its step. */
const holdsToChoose = (settings: RunSettings, plan: TaskPlan): boolean =>
  choosesStep(settings, plan) && settings.validationSplit !== 0;

/** Whether it does so even with few examples. */
const choosesByFew = ({ validationSplit, evaluateEvery }: RunSettings): boolean =>
  validationSplit !== null || evaluateEvery !== null;

/** The warning for a run that has too few examples to choose its step; otherwise null. */
export function fewExamplesText(
  { train, tooFewToChoose }: Pick<TaskData<unknown>, "train" | "tooFewToChoose">,
  { heldOut }: TaskPlan,
  { setting }: OptionNames,
): string | null {
  if (tooFewToChoose === null) return null;
  return (
    `${train.file}: ${heldOut.validation.share === 0.1 ? "a tenth" : "a fifth"} of the ${train.examples.length} training examples is too few to choose a step ` +
    `(${tooFewToChoose}), so none are held out and the last step is kept (to choose a step anyway: ` +
    `${setting("validationSplit")} ${heldOut.validation.share})`
  );
}

/** Warns of a test that is the training file, of texts that are both measured and trained on, and of few texts to measure on. */
export function warnMeasured<E extends { readonly text: string }>(
  data: TaskData<E>,
  { emit, optionNames: { setting } }: { readonly emit: JobListener; readonly optionNames: OptionNames },
): void {
  const { train } = data;
  const measured = measuredPart<HeldPart<E>>(data);
  const { file, examples, split, sha256 } = measured;
  const warn = (message: string, code: FindingCode) => emit({ type: "warning", message: `${message} (${code})` });
  if (!split && sha256 === train.sha256) {
    const option = setting(data.test === null ? "validation" : "test");
    const same = `${option} and ${setting("data")} are the same file, so the result says nothing about new texts`;
    return warn(`${same}; name another file, or hold out a part of the data`, "same-file");
  }
  const few = smallTestText(examples.length, "example");
  if (few !== null)
    warn(`${clip(file)}: ${few}; cross-validation (${setting("folds")}) tests every one once`, "small-test");
  const seen = countIn(examples, train.examples);
  if (seen === 0) return;
  const message = `${clip(file)}: ${seen} of ${examples.length} measured examples are also in ${clip(train.file)}, so the result is too good`;
  warn(message, "overlap");
}

/** Number of examples whose text others have too, apart from case and white space. */
export function countIn(examples: readonly { readonly text: string }[], others: typeof examples): number {
  const known = new Set(others.map(({ text }) => plainText(text)));
  return examples.filter(({ text }) => known.has(plainText(text))).length;
}

/** Returns the result of `work`. If `work` throws for an example by number, the message names its place in the file instead. */
export function inPlace<T>(file: string, line: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { message, details } = error;
    const said = message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message;
    const problem = /^(?:\w+: )?example \d+:? (.*)$/s.exec(said)?.[1];
    if (problem === undefined) throw error;
    const place = `${file}, ${placeIn(file, line)}`;
    throw new ConfigError(`${place}: ${problem}`, { ...details, file, line }, { cause: error });
  }
}

/**
 * Draws parts of examples without classes: a seeded share, equal texts on one side.
 * @param kindsOf the kind of each example, of which each part gets the same share; default: one kind
 */
export function drawnParts<E extends { readonly text: string }>(
  settings: RunSettings,
  plan: TaskPlan,
  { setting }: OptionNames,
  kindsOf: (examples: readonly E[]) => readonly string[] = (examples) => examples.map(() => ""),
): Pick<DataReader<E>, "hold" | "holdToChoose" | "folds"> {
  const labelled = (examples: readonly E[]) => {
    const kinds = kindsOf(examples);
    return examples.map((own, i) => ({ own, text: own.text, label: kinds[i]! }));
  };
  const bare = (some: ReturnType<typeof labelled>) => some.map(({ own }) => own);
  async function hold({ file, examples }: TaskFile<E>, part: DrawnPart, seed: number) {
    const share = shareOf(part, settings, plan, examples.length);
    try {
      const { train, validation } = splitExamples(withoutRare(labelled(examples), share), share, seed);
      return { rest: bare(train), held: bare(validation) };
    } catch (cause) {
      if (!(cause instanceof ConfigError)) throw cause;
      const option = setting(`${part}Split`);
      const few = examples.length === 1 ? "one example" : `${examples.length} examples`;
      const none = plan.heldOut.test === null ? `, or pass ${option} 0 to measure nothing` : "";
      throw new ConfigError(
        `${file}: a share of ${share} of ${few} cannot be held out for the ${part}, since equal texts stay together: add examples, change ` +
          `${option}, pass a file with ${setting(part)}${none}`,
        { file, share, examples: examples.length },
        { cause },
      );
    }
  }
  return {
    hold,
    async holdToChoose(all, seed) {
      const { length } = all.examples;
      const none = { rest: all.examples, held: [] };
      if (!holdsToChoose(settings, plan)) return { ...none, tooFew: null };
      const { share, least } = plan.heldOut.validation;
      if (choosesByFew(settings) || share * length >= least)
        return { ...(await hold(all, "validation", seed)), tooFew: null };
      return { ...none, tooFew: Math.round(share * length) };
    },
    async folds({ examples }, count) {
      const folds = foldExamples(labelled(examples), count, { seed: settings.seed });
      return folds.map(({ train, validation }) => ({ train: bare(train), validation: bare(validation) }));
    },
  };
}

/** The kinds, unless most examples are of kinds with too few for their share to be one: these are then one kind. */
function withoutRare<E extends { readonly label: string }>(all: readonly E[], share: number): readonly E[] {
  const counts = new Map<string, number>();
  for (const { label } of all) counts.set(label, (counts.get(label) ?? 0) + 1);
  const isRare = ({ label }: E) => Math.round(counts.get(label)! * share) === 0;
  if (2 * all.filter(isRare).length <= all.length) return all;
  return all.map((one) => (isRare(one) ? { ...one, label: "" } : one));
}
