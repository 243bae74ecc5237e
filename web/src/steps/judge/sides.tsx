import { m } from "../../messages/index.js";
import type { RunOf } from "../../state/runs.js";
import { Bars, type Way } from "./bars.js";
import { isGuessAsGood, verdictOf } from "./verdict.js";

/** Below this number of texts, the results are only rough. */
const FEW = 100;

const points = (share: number) => m().points(100 * share);

/** Whether the adapter helps, and how certain that is. */
function Verdict({ run }: { run: RunOf<"classify"> }) {
  const t = m().judge;
  const verdict = verdictOf(run.report!.result);
  if (verdict === null) return null;
  const { kind, gain, interval, lost } = verdict;
  return (
    <div class="verdict">
      <p>
        {t.verdicts[kind](points(Math.abs(gain)))}
        {lost !== null && ` ${t.rareLose(points(lost))}`}
      </p>
      <p class="hint">{t.sureness(points(interval[0]), points(interval[1]))}</p>
    </div>
  );
}

/** What limits a classifier's result. */
export function warningsOf(run: RunOf<"classify">): readonly string[] {
  const t = m().judge;
  const { data, result } = run.report!;
  const { same = 0, near = 0 } = data.summary.test?.inTraining ?? {};
  // Older reports only exclude identical texts, not nearly identical ones.
  const without = result.unseen && "near" in result.unseen ? result.unseen.accuracy : null;
  return [
    ...(isGuessAsGood(result) ? [t.guessAsGood(m().percent(result.largestClass))] : []),
    ...(same + near > 0 ? [t.near(same + near)] : []),
    ...(same + near > 0 && without !== null ? [t.without(m().percent(without))] : []),
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
      ...{ kind: "base" as const, title: t.untrained, hint: t.untrainedHint },
      ...{ share: before.accuracy, interval: before.intervals?.accuracy ?? null },
    },
    ...(headOnly === null
      ? []
      : [
          {
            ...{ kind: "head" as const, title: t.head, hint: t.headHint },
            ...{ share: headOnly.accuracy, interval: headOnly.intervals?.accuracy ?? null },
          },
        ]),
    {
      ...{ kind: "adapter" as const, title: t.adapted, hint: t.adaptedHint },
      ...{ share: after.accuracy, interval: after.intervals?.accuracy ?? null },
    },
  ];
  return (
    <section class="sides">
      <Bars ways={ways} />
      <p class="hint">{t.interval}</p>
      <Verdict run={run} />
    </section>
  );
}
