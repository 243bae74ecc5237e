import { m } from "../../messages/index.js";
import type { Run } from "../../state/runs.js";
import { isGuessAsGood, verdictOf } from "./verdict.js";

/** Below this number of texts, the results are only rough. */
const FEW = 100;

const points = (share: number) => m().points(100 * share);

/** Whether the adapter helps, and how certain that is. */
function Verdict({ run }: { run: Run }) {
  const t = m().judge;
  const { result } = run.report!;
  const verdict = verdictOf(result);
  if (verdict === null) return null;
  const { kind, gain, interval, lost } = verdict;
  return (
    <div class="verdict">
      <p>
        {t.verdicts[kind](points(Math.abs(gain)))}
        {lost !== null && ` ${t.rareLose(points(lost))}`}
      </p>
      <p class="hint">
        {t.sureness(points(interval[0]), points(interval[1]))} {result.after.count < FEW && t.few}
      </p>
    </div>
  );
}

/** Accuracy on the same texts: a guess, the head-only model, and the adapted model. */
export function Sides({ run }: { run: Run }) {
  const t = m().judge;
  const { data, result } = run.report!;
  const { before, headOnly, after, largestClass } = result;
  const { same = 0, near = 0 } = data.summary.test?.inTraining ?? {};
  // Older reports only exclude identical texts, not nearly identical ones.
  const without = result.unseen && "near" in result.unseen ? result.unseen.accuracy : null;
  const ways = [
    { kind: "base", title: t.largest, hint: t.largestHint, accuracy: largestClass, interval: null },
    {
      ...{ kind: "base", title: t.untrained, hint: t.untrainedHint },
      ...{ accuracy: before.accuracy, interval: before.intervals?.accuracy ?? null },
    },
    ...(headOnly === null
      ? []
      : [
          {
            ...{ kind: "head", title: t.head, hint: t.headHint },
            ...{ accuracy: headOnly.accuracy, interval: headOnly.intervals?.accuracy ?? null },
          },
        ]),
    {
      ...{ kind: "adapter", title: t.adapted, hint: t.adaptedHint },
      ...{ accuracy: after.accuracy, interval: after.intervals?.accuracy ?? null },
    },
  ];
  return (
    <section class="sides">
      <dl>
        {ways.map(({ kind, title, hint, accuracy, interval }) => (
          <div key={title} class={kind}>
            <dt>
              <strong>{title}</strong> <span class="hint">{hint}</span>
            </dt>
            <dd>
              <span class="big">{m().percent(accuracy)}</span>
              <span class="track" aria-hidden="true">
                <span class="fill" style={{ inlineSize: `${100 * accuracy}%` }} />
                {interval !== null && (
                  <span
                    class="interval"
                    style={{
                      insetInlineStart: `${100 * interval[0]}%`,
                      inlineSize: `${100 * (interval[1] - interval[0])}%`,
                    }}
                  />
                )}
              </span>
              {interval !== null && (
                <span class="hint">{t.between(m().percent(interval[0]), m().percent(interval[1]))}</span>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <p class="hint">
        {isGuessAsGood(result) && <strong class="warn">{t.guessAsGood(m().percent(largestClass))} </strong>}
        {t.interval}{" "}
        {same + near > 0 && (
          <strong class="warn">
            {t.near(same + near)} {without !== null && t.without(m().percent(without))}
          </strong>
        )}
      </p>
      <Verdict run={run} />
    </section>
  );
}
