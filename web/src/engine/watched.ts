import type { JobEvent, ShownExample } from "lowrank/jobs";

/** Number of examples whose predictions are watched during a training. */
export const WATCHED = 100;

/** Predictions of the same examples, as they were first and as they are now. */
export interface Watched {
  readonly first: readonly ShownExample[];
  readonly now: readonly ShownExample[];
}

/** The predictions after an evaluation; without change if it shows none. */
export function watchedAfter(
  { examples = [] }: Extract<JobEvent, { readonly type: "evaluation" }>,
  before: Watched | null,
): Watched | null {
  if (examples.length === 0) return before;
  // Of a question with several rows, one is shown.
  const now = [...new Map(examples.map((one) => [one.text, one])).values()];
  return { first: before?.first ?? now, now };
}

/** An example with its first prediction. */
export interface Watching extends ShownExample {
  readonly before: ShownExample["predicted"];
}

const errorOf = ({ target, predicted }: ShownExample): number => Math.abs(Number(target) - Number(predicted));

/**
 * The examples to show: those that were wrong at first, of these the ones that are right now before the others. Of numbers, those whose
 * error fell the most.
 */
export function toShow({ first, now }: Watched, most: number): readonly Watching[] {
  const all = now.map((one, i) => ({ ...one, before: first[i]!.predicted, i }));
  const isNumber = now[0]?.right === null;
  const gain = ({ i }: { readonly i: number }) => errorOf(first[i]!) - errorOf(now[i]!);
  const chosen = isNumber
    ? [...all].sort((a, b) => gain(b) - gain(a))
    : all.filter(({ i }) => !first[i]!.right).sort((a, b) => Number(b.right) - Number(a.right));
  return chosen.slice(0, most).map(({ i: _, ...one }) => one);
}

/** How many are right, or the mean error of numbers, at first and now. */
export function standOf({ first, now }: Watched): {
  readonly kind: "right" | "error";
  readonly before: number;
  readonly now: number;
} {
  const kind = now[0]?.right === null ? "error" : "right";
  const measure = (some: readonly ShownExample[]) =>
    kind === "right"
      ? some.filter(({ right }) => right).length
      : some.reduce((sum, one) => sum + errorOf(one), 0) / some.length;
  return { kind, before: measure(first), now: measure(now) };
}
