import type { RunReport } from "lowrank/jobs";
import type { Task } from "../../data/target.js";
import type { Run, RunOf } from "../../state/runs.js";

type Report<T extends Task> = NonNullable<RunOf<T>["report"]>;

/** How the adapted model compares with the simple one: "rare" is better with rare labels only. */
type Difference = "better" | "rare" | "equal" | "worse";

/** A task's main measure on the test, of each model and of a guess that does not read the text. */
interface Compared {
  readonly adapted: number;
  /** Null if no simple model was fitted, or compared. */
  readonly simple: number | null;
  readonly guess: number;
  /** Whether the measure is an error: less is better. Default false. */
  readonly isError?: boolean;
  readonly difference: Difference;
}

/** What the test says of a run's models. */
export interface Verdict extends Omit<Compared, "difference"> {
  /** "guess" and "worse" if even the better model does not beat a guess; "alone" if there is no simple model to compare with. */
  readonly kind: "better" | "rare" | "equal" | "simple" | "guess" | "worse" | "alone";
  /** The model to use. */
  readonly use: "adapter" | "head";
  /** Whether the adapted model is worse than a guess, and the simple one is not. */
  readonly isBelow: boolean;
}

/** Number of texts that a result is measured on. */
export const measuredTexts = ({ data }: Pick<NonNullable<Run["report"]>, "data">): number =>
  (data.test ?? data.validation).examples;

/** The report's comparison of its models; reports of earlier versions lack it. */
type Paired = Partial<Pick<Report<"tokens">["result"], "overHeadAlone" | "recommended">>;

/** The difference by the report's own recommendation, and the 95 % interval of the adapted model's gain. */
function differenceOf({ overHeadAlone, recommended }: Paired): Difference {
  if (recommended === "adapter") return "better";
  return (overHeadAlone?.interval[1] ?? 0) < 0 ? "worse" : "equal";
}

/** The simple model's measure; null if the report does not compare it. */
const comparedOf = <M>({ overHeadAlone }: Paired, simple: M | null): M | null => (overHeadAlone ? simple : null);

/** The task's measure is that of the sentence above the verdict. */
const comparing: { readonly [T in Task]: (report: Report<T>) => Compared } = {
  classify({ result: { after, headOnly, largestClass: guess, overHeadAlone, recommended } }) {
    const { accuracy = null } = overHeadAlone ?? {};
    const difference = differenceOf({ overHeadAlone: accuracy, recommended });
    const isRare = difference === "better" && accuracy!.interval[0] <= 0;
    const simple = headOnly && headOnly.accuracy;
    return { adapted: after.accuracy, simple, guess, difference: isRare ? "rare" : difference };
  },
  "multi-label"({ result }) {
    const { after, yardsticks } = result;
    const simple = comparedOf(result, yardsticks.headOnly)?.exactMatch ?? null;
    const [adapted, guess] = [after.exactMatch, yardsticks.mostFrequent.exactMatch];
    return { adapted, simple, guess, difference: differenceOf(result) };
  },
  regress({ result }) {
    const { after, yardsticks } = result;
    const simple = comparedOf(result, yardsticks.headOnly)?.mae ?? null;
    return { adapted: after.mae, simple, guess: yardsticks.mean.mae, isError: true, difference: differenceOf(result) };
  },
  tokens({ result }) {
    const { after, headOnly } = result;
    // A guess marks nothing.
    return { adapted: after.f1, simple: headOnly && headOnly.f1, guess: 0, difference: differenceOf(result) };
  },
};

/** Whether always guessing the most frequent label may be as good. This happens if nearly all texts have one label. */
export const isGuessAsGood = ({ after, largestClass }: Pick<RunReport["result"], "after" | "largestClass">): boolean =>
  (after.intervals?.accuracy[0] ?? after.accuracy) <= largestClass;

/** The verdict of a report: page, model card and downloads follow it. */
export function verdictOf(task: Task, report: NonNullable<Run["report"]>): Verdict {
  const { difference, ...found } = (comparing[task] as (report: Run["report"]) => Compared)(report);
  const { adapted, simple, guess, isError = false } = found;
  const isAdapted = simple === null || difference === "better" || difference === "rare";
  const over = (value: number) => (isError ? guess - value : value - guess);
  const best = over(isAdapted ? adapted : simple);
  const between = difference === "worse" ? "simple" : difference;
  return {
    ...found,
    kind: best < 0 ? "worse" : best === 0 ? "guess" : simple === null ? "alone" : between,
    use: isAdapted ? "adapter" : "head",
    isBelow: best > 0 && over(adapted) < 0,
  };
}
