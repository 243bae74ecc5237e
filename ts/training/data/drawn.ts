import { ConfigError } from "../../errors/errors.js";
import { foldExamples, placeIn, splitExamples } from "../../io/examples/index.js";
import type { OptionNames } from "../spec/option-names.js";
import type { RunSettings, TaskPlan } from "../spec/run-settings.js";
import { choosesByFew, type DataReader, type DrawnPart, holdsToChoose, shareOf, type TaskFile } from "./parts.js";

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
