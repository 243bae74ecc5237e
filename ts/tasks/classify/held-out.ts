import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { LocatedExample } from "../../io/examples/index.js";
import { Frames } from "../../io/examples/near/frames.js";
import { nearGroups } from "../../io/examples/near/near-texts.js";
import type { NearNumbers } from "../../io/examples/parts/assign.js";
import { inTwo } from "../../io/examples/parts/split.js";
import { plainText } from "../../io/examples/row.js";
import { type DrawnPart, shareOf, type ToChoose, type TwoParts } from "../../training/data-parts.js";
import type { GroupCount } from "../../training/job-events.js";
import { hear } from "../../training/loading.js";
import { choosesStep } from "../../training/spec/run-settings.js";
import { breather } from "../../waiting/next-task.js";
import { classifierPlan, type TrainingSettings } from "./settings.js";
import type { DataAccess, Labelled } from "./read-labelled.js";

/** A number for each example, equal for near duplicates; null if there are none. Rejects with `AbortError` when cancelled. */
export async function nearExamples(
  examples: readonly LocatedExample[],
  signal: AbortSignal | undefined,
): Promise<Labelled["near"]> {
  const texts = examples.map(({ text }) => text);
  const groups = await nearGroups(texts, new Frames(), breather(signal));
  return groups && new Map(examples.map((example, i) => [example, groups[i]!]));
}

/** Numbers of near duplicates, in the order of the given examples. */
export const nearNumbers = (examples: readonly LocatedExample[], near: Labelled["near"]): NearNumbers | null =>
  near && examples.map((example) => near.get(example));

type Examples = readonly LocatedExample[];

/** Names for messages, and the signal that cancels. */
type Caller = Pick<DataAccess, "optionNames" | "signal">;

/** Groups as splits accept them; null if there is no such column. An example without a group forms one: its line in the file. */
export const groupsOf = (examples: Examples, { group }: Pick<TrainingSettings, "group">) =>
  group === null ? null : examples.map(({ group: own, line }) => own ?? line);

/** Counts groups; null if there is no such column. */
export function countGroups(
  examples: readonly { readonly group?: string }[],
  { group }: Pick<TrainingSettings, "group">,
): GroupCount | null {
  if (group === null) return null;
  const named = examples.flatMap(({ group: own }) => own ?? []);
  return { groups: new Set(named).size, alone: examples.length - named.length };
}

/**
 * Holds out a share of the examples: each label in the same proportion, each group whole, near duplicates on one side if each label can
 * then still be on both. If a part would be empty, returns which.
 */
async function tryHoldOut(
  { examples, near }: Labelled,
  part: DrawnPart,
  settings: TrainingSettings,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<TwoParts<LocatedExample> | "validation" | "training"> {
  const groups = groupsOf(examples, settings);
  const share = shareOf(part, settings, classifierPlan, examples.length);
  const draw = async (near: NearNumbers | null): Promise<TwoParts<LocatedExample> | "validation" | "training"> => {
    await hear(signal);
    try {
      const { train, validation } = inTwo(examples, share, { seed, groups }, near);
      return { rest: train, held: validation };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.details["left"] === "training" ? "training" : "validation";
    }
  };
  const apart = await draw(null);
  let numbers = nearNumbers(examples, near);
  for (let round = 0; numbers !== null && typeof apart !== "string" && round < ROUNDS; round++) {
    const together = await draw(numbers);
    if (typeof together === "string") break;
    const lost = lostLabels(together, apart);
    const ratio = together.held.length / apart.held.length;
    if (lost.size === 0 && ratio <= FACTOR && ratio >= 1 / FACTOR) return together;
    // Labels whose texts are all near duplicates: these may be on both sides.
    numbers = lost.size === 0 ? null : numbers.map((number, i) => (lost.has(examples[i]!.label) ? undefined : number));
  }
  return apart;
}

/** How far the held-out share may deviate so that near duplicates stay together, and how many draws are tried. */
const [FACTOR, ROUNDS] = [2, 2];

/** Labels that a part lacks only because near duplicates stay together. */
function lostLabels(together: TwoParts<LocatedExample>, apart: TwoParts<LocatedExample>): Set<string> {
  const lost = (["rest", "held"] as const).flatMap((part) => {
    const there = new Set(together[part].map(({ label }) => label));
    return apart[part].map(({ label }) => label).filter((label) => !there.has(label));
  });
  return new Set(lost);
}

/**
 * Holds out a part of the examples. Rejects with `ConfigError`, which says what helps, if nothing can be held out, and with
 * `AbortError` when cancelled.
 */
export async function holdOut(
  all: Labelled,
  part: DrawnPart,
  settings: TrainingSettings,
  seed: number,
  { optionNames, signal }: Caller,
): Promise<TwoParts<LocatedExample>> {
  const parts = await tryHoldOut(all, part, settings, seed, signal);
  if (typeof parts !== "string") return parts;
  const { file, examples } = all;
  const { label: column, group } = settings;
  const option = optionNames.setting(`${part}Split`);
  const purpose =
    parts === "training"
      ? "train on"
      : part === "test" || !choosesStep(settings, classifierPlan)
        ? "test on"
        : "choose the step with";
  const counts = new Map<string, number>();
  for (const { label } of examples) counts.set(label, (counts.get(label) ?? 0) + 1);
  const nothing = `${file}: ${option} ${shareOf(part, settings, classifierPlan, examples.length)} leaves no examples to ${purpose}`;
  const details = { file, column, labels: counts.size, examples: examples.length };
  const groups = groupsOf(examples, settings);
  if (groups !== null) {
    const count = new Set(groups).size;
    throw new ConfigError(
      `${nothing}: column ${JSON.stringify(group)} has ${count} ${count === 1 ? "group" : "groups"} in ${examples.length} examples, ` +
        `of which ${parts === "training" ? "none would be left" : "none can be held out whole"}. Add groups, change the share with ${option}, pass a file with ${optionNames.setting(part)}, ` +
        `or choose another column with ${optionNames.setting("group")}`,
      { ...details, group, groups: count },
    );
  }
  const texts = new Set(examples.map(({ text }) => plainText(text))).size;
  if (texts < examples.length && [...counts.values()].some((count) => count > 1))
    throw new ConfigError(
      `${nothing}: ${examples.length} examples have ${texts} different ${texts === 1 ? "text" : "texts"}, and equal texts stay together. ` +
        `Add texts, change the share with ${option}, or pass a file with ${optionNames.setting(part)}`,
      { ...details, texts },
    );
  const listed = clip([...counts].map(([label, count]) => `${label}: ${count}`).join(", "));
  throw new ConfigError(
    `${nothing}: column ${JSON.stringify(column)} has ${counts.size} ` +
      `labels in ${examples.length} examples (${listed}), too few of each to hold one out. If these are not the labels, name their ` +
      `column with ${optionNames.setting("label")}; otherwise add examples of each, raise the share with ${option}, or pass a file with ${optionNames.setting(part)}`,
    details,
  );
}

/**
 * A validation for a run with its own test. None if no step is chosen, or if only the recipe asks for it and there are few examples. Throws
 * as `holdOut`.
 */
export async function holdToChoose(
  all: Labelled,
  settings: TrainingSettings,
  seed: number,
  caller: Caller,
): Promise<ToChoose<LocatedExample>> {
  const none = { rest: all.examples, held: [] };
  const { validationSplit, evaluateEvery } = settings;
  if (!choosesStep(settings, classifierPlan) || validationSplit === 0) return { ...none, tooFew: null };
  if (validationSplit !== null || evaluateEvery !== null)
    return { ...(await holdOut(all, "validation", settings, seed, caller)), tooFew: null };
  const drawn = await tryHoldOut(all, "validation", settings, seed, caller.signal);
  const parts = typeof drawn === "string" ? none : drawn;
  const few = parts.held.length < classifierPlan.heldOut.validation.least;
  return few ? { ...none, tooFew: parts.held.length } : { ...parts, tooFew: null };
}
