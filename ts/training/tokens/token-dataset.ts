import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { placeIn, splitExamples } from "../../io/examples/index.js";
import { plainText } from "../../io/examples/summary/plain-text.js";
import type { LocatedTokens } from "../../io/examples/tokens/located-tokens.js";
import { LabelIndex } from "../../tasks/tokens/label-index.js";
import { type LabelledText, takeTokenExamples } from "../../tasks/tokens/token-examples.js";
import { checkClassWeights } from "../data/label-checks.js";
import { drawsTest, measuredPart } from "../data/dataset.js";
import type { JobContext } from "../job-task.js";
import { sha256 } from "../sources/sha256.js";
import { heldOut } from "../spec/recipes.js";
import type { TokenSettings } from "../spec/token-settings.js";
import { choosesStep } from "../spec/training-settings.js";
import { checkAreTags } from "./label-sense.js";

/** An example as it is worked on, and its line in the file. */
interface LocatedText extends LabelledText {
  readonly line: number;
}

/** Examples of a file. */
export interface TokenFile {
  readonly file: string;
  readonly sha256: string;
  readonly examples: readonly LocatedText[];
}

/** A part that may have been taken from the file to learn from. */
type HeldTokens = TokenFile & { readonly split: boolean };

/** What a run learns from and is tested on. */
export interface TokenDataset {
  readonly train: TokenFile;
  /** Without examples where nothing is chosen or measured by them. */
  readonly validation: HeldTokens;
  /** What is measured once, at the end; null where the validation is. */
  readonly test: HeldTokens | null;
  /** "O" first, where there is one, then by their characters. */
  readonly labels: readonly string[];
}

type Reading = Pick<TokenSettings, "fields">;
type Access = Pick<JobContext, "sources" | "emit" | "words">;

/** Reads a file, with its labels where none are known. Throws `FormatError` and `ConfigError`, with the place, for what makes no sense. */
export async function readTokenFile(
  path: string,
  { fields }: Reading,
  access: Access,
  known?: readonly string[],
): Promise<TokenFile & Pick<TokenDataset, "labels">> {
  const { sources, emit } = access;
  const { name: file, bytes } = await sources.readData(path);
  const onWarning = (message: string) => emit({ type: "warning", message });
  // Fetched with the tables' readers when a file is read.
  const { readTokens } = await import("../../io/examples/tokens/read-tokens.js");
  const located = await readTokens(bytes, { file, fields, onWarning });
  if (known === undefined) checkAreTags(file, located, access);
  const labels = known ?? labelsOf(located);
  if (labels.length < 2)
    throw new ConfigError(`${file}: two labels or more are expected, all words have ${excerpt(labels[0])}`, { labels });
  const index = new LabelIndex(labels);
  const examples = located.map(({ example, line }) =>
    inPlace(file, line, () => ({ ...takeTokenExamples(file, [example], index)[0]!, line })),
  );
  return { file, sha256: await sha256(bytes), examples, labels };
}

function labelsOf(located: readonly LocatedTokens[]): string[] {
  const names = new Set<string>();
  for (const { example } of located) {
    if ("words" in example) {
      for (const label of example.labels) if (label !== null) names.add(label);
    } else {
      names.add("O");
      for (const span of example.entities) {
        const { label } = Object(span) as { label?: unknown };
        if (typeof label === "string") for (const place of ["B", "I"]) names.add(`${place}-${label}`);
      }
    }
  }
  const others = [...names].filter((name) => name !== "O").sort();
  return names.has("O") ? ["O", ...others] : others;
}

/** With the place in the file in an error's message, where the library counts examples. */
export function inPlace<T>(file: string, line: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError) || !("place" in error.details)) throw error;
    const problem = error.message.replace(/^.*?\bexample \d+: /s, "");
    throw new ConfigError(
      `${file}, ${placeIn(file, line)}: ${problem}`,
      { ...error.details, file, line },
      { cause: error },
    );
  }
}

/**
 * The data of a run: files of their own for validation and test, or seeded shares of what is learnt from, equal texts on one side. A test
 * is drawn first; with one, a validation is held back only where a step is chosen by it and there are enough examples.
 */
export async function loadTokenDataset(settings: TokenSettings, context: JobContext): Promise<TokenDataset> {
  const { seed } = settings;
  const all = await readTokenFile(settings.data, settings, context);
  const { labels } = all;
  checkClassWeights(all, settings, context.words);
  const read = async (path: string) => ({ ...(await readTokenFile(path, settings, context, labels)), split: false });
  let test = settings.test === null ? null : await read(settings.test);
  const named = settings.validation === null ? null : await read(settings.validation);
  let learnt: readonly LocatedText[] = all.examples;
  const part = (examples: readonly LocatedText[]) => ({ ...all, examples, split: true });
  if (drawsTest(settings)) {
    const { rest, held } = holdOut(all.file, learnt, "test", settings, seed, context);
    [learnt, test] = [rest, part(held)];
  }
  const done = (validation: HeldTokens): TokenDataset => {
    const dataset = { train: part(learnt), validation, test, labels };
    warnOfSeen(dataset, context);
    return dataset;
  };
  if (named !== null) return done(named);
  const { validationSplit, evaluateEvery } = settings;
  if (test !== null && (!choosesStep(settings) || validationSplit === 0)) return done(part([]));
  const own = test?.split ? (seed + 1) % Number.MAX_SAFE_INTEGER : seed;
  const least = test !== null && validationSplit === null && evaluateEvery === null ? heldOut.validation.least : 1;
  if (least > learnt.length * heldOut.validation.share) {
    const { setting } = context.words;
    const message =
      `${all.file}: a fifth of the ${learnt.length} examples to learn from would be too few to choose a step by: none is held out for ` +
      `that, and the last step is kept (to choose all the same: ${setting("validationSplit")} ${heldOut.validation.share})`;
    context.emit({ type: "warning", message });
    return done(part([]));
  }
  const { rest, held } = holdOut(all.file, learnt, "validation", settings, own, context);
  learnt = rest;
  return done(part(held));
}

function holdOut(
  file: string,
  examples: readonly LocatedText[],
  part: "validation" | "test",
  settings: TokenSettings,
  seed: number,
  { words }: JobContext,
) {
  const { share, most } = heldOut[part];
  const wanted = settings[`${part}Split`] ?? Math.min(share, most / examples.length);
  try {
    const labelled = examples.map((own) => ({ own, text: own.text, label: "" }));
    const { train, validation } = splitExamples(labelled, wanted, seed);
    return { rest: train.map(({ own }) => own), held: validation.map(({ own }) => own) };
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const option = words.setting(`${part}Split`);
    throw new ConfigError(
      `${file}: of ${examples.length} examples a share of ${wanted} cannot be kept back for the ${part}, equal texts staying together: ` +
        `give more, another ${option}, or a file with ${words.setting(part)}`,
      { file, share: wanted, examples: examples.length },
      { cause },
    );
  }
}

/** Tells of texts that are measured and learnt from: what is measured of them says nothing. */
function warnOfSeen(dataset: TokenDataset, { emit }: JobContext): void {
  const { train } = dataset;
  const known = new Set(train.examples.map(({ text }) => plainText(text)));
  const measured = measuredPart(dataset);
  const seen = measured.examples.filter(({ text }) => known.has(plainText(text))).length;
  if (seen === 0) return;
  emit({
    type: "warning",
    message: `${clip(measured.file)}: ${seen} of ${measured.examples.length} examples that are measured stand in ${clip(train.file)} too, so the result is flattered`,
  });
}
