import { m } from "../../messages/index.js";
import type { RunOf } from "../../state/runs.js";
import { Bars, type Way } from "./bars.js";
import { isGuessAsGood } from "./verdict.js";

/** Below this number of texts, the results are only rough. */
const FEW = 100;

/** How certain the verdict is. */
function Sureness({ run }: { run: RunOf<"classify"> }) {
  const t = m().judge;
  const { overHeadAlone, macroF1Loss } = run.report!.result;
  if (overHeadAlone === null) return null;
  const { accuracy, count } = overHeadAlone;
  const points = (share: number) => m().points(share, count);
  return (
    <p class="hint">
      {t.sureness(points(accuracy.interval[0]), points(accuracy.interval[1]))}
      {macroF1Loss !== null && ` ${t.rareLose(points(-macroF1Loss.difference))}`}
    </p>
  );
}

/** What limits a classifier's result. */
export function warningsOf(run: RunOf<"classify">): readonly string[] {
  const t = m().judge;
  const { data, result } = run.report!;
  const share = (value: number) => m().share(value, result.after.count);
  // The verdict says it of a result that is not above a guess.
  const isNearGuess = isGuessAsGood(result) && result.after.accuracy > result.largestClass;
  const { same = 0, near = 0 } = data.summary.test?.inTraining ?? {};
  // Older reports only exclude identical texts, not nearly identical ones.
  const without = result.unseen && "near" in result.unseen ? result.unseen.accuracy : null;
  return [
    ...(isNearGuess ? [t.guessAsGood(share(result.largestClass))] : []),
    ...(same + near > 0 ? [t.near(same + near)] : []),
    ...(same + near > 0 && without !== null ? [t.without(share(without))] : []),
    ...(result.after.count < FEW ? [t.few] : []),
  ];
}

/** Accuracy on the same texts: a guess, the head-only model, and the adapted model. */
export function Sides({ run }: { run: RunOf<"classify"> }) {
  const t = m().judge;
  const { before, headOnly, after, largestClass } = run.report!.result;
  const ways: readonly Way[] = [
    { kind: "base", title: t.largest, hint: t.largestHint, share: largestClass, interval: null },
    {
      kind: "base" as const,
      title: t.untrained,
      hint: t.untrainedHint,
      share: before.accuracy,
      interval: before.intervals?.accuracy ?? null,
    },
    ...(headOnly === null
      ? []
      : [
          {
            kind: "head" as const,
            title: t.head,
            hint: t.headHint,
            share: headOnly.accuracy,
            interval: headOnly.intervals?.accuracy ?? null,
          },
        ]),
    {
      kind: "adapter" as const,
      title: t.adapted,
      hint: t.adaptedHint,
      share: after.accuracy,
      interval: after.intervals?.accuracy ?? null,
    },
  ];
  return (
    <section class="sides">
      <Bars ways={ways} count={after.count} />
      <p class="hint">{t.interval}</p>
      <Sureness run={run} />
    </section>
  );
}
